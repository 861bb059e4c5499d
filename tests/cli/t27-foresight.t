#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What would run, told beforehand: `spoor plan` and `spoor run --dry-run` on chains of tools that change one dataset in
# place. Nothing is touched by asking.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >"$scratch/mutate" <<SH2
#!/bin/sh
echo "\$2" >>"$scratch/ran"
echo "\$(cksum <"\$1/column") \$2 \$3" >"\$1/column"
[ "\$2" != slow ] || while [ ! -e "$scratch/go" ]; do sleep 0.05; done
SH2
cat >"$scratch/look" <<SH2
#!/bin/sh
echo "look" >>"$scratch/ran"
cat "\$1/column" >"\$2"
echo "seen=\$(cut -c 1-4 "\$2")"
SH2
cat >"$scratch/model" <<SH2
#!/bin/sh
echo model >>"$scratch/ran"
echo "\$2" >"\$1/MODEL_DATA"
SH2
cat >"$scratch/flags" <<SH2
#!/bin/sh
echo flags >>"$scratch/ran"
cat "\$1/FLAG" >"\$2"
SH2
cat >"$scratch/tell" <<SH2
#!/bin/sh
echo tell >>"$scratch/ran"
echo "\$1" >"\$2"
SH2
cat >"$scratch/spoil" <<SH2
#!/bin/sh
echo spoilt >"\$1/column"
exit \$2
SH2
chmod +x "$scratch/mutate" "$scratch/look" "$scratch/model" "$scratch/flags" "$scratch/tell" "$scratch/spoil"

cat >r.yml <<YAML
cabs:
  mutate:
    command: $scratch/mutate
    policies: {positional: true}
    inputs:
      ms: {dtype: MS, writable: true, required: true}
      name: {dtype: str, required: true}
      value: {dtype: int, default: 0}
  look:
    command: $scratch/look
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}, seen: {dtype: str}}
    management:
      wranglers: {'seen=(?P<seen>.*)': PARSE_OUTPUT:seen:str}
  model:
    command: $scratch/model
    policies: {positional: true}
    inputs: {ms: {dtype: MS, writable: true, required: true}, value: {dtype: int, default: 0}}
    recompute: {columns: {ms: {reads: [DATA], writes: [MODEL_DATA]}}}
  flags:
    command: $scratch/flags
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}}
    recompute: {columns: {ms: {reads: [DATA, FLAG]}}}
  tell:
    command: $scratch/tell
    policies: {positional: true}
    inputs: {word: {dtype: str, required: true}}
    outputs: {out: {dtype: File, default: told.txt}}
  spoil:
    command: $scratch/spoil
    policies: {positional: true}
    inputs: {ms: {dtype: MS, writable: true, required: true}, status: {dtype: int, default: 1}}
chain:
  inputs: {v1: int = 1, v2: int = 2, v3: int = 3, last: {dtype: str, default: s3}}
  steps:
    s1: {cab: mutate, params: {ms: x.ms, name: s1, value: =recipe.v1}}
    s2: {cab: mutate, params: {ms: x.ms, name: s2, value: =recipe.v2}}
    s3: {cab: mutate, params: {ms: x.ms, name: =recipe.last, value: =recipe.v3}}
    look: {cab: look, params: {ms: x.ms, text: look.txt}}
    tell: {cab: tell, params: {word: =steps.look.seen}}
table:
  inputs: {v: int = 1}
  steps:
    model: {cab: model, params: {ms: t.ms, value: =recipe.v}}
    flags: {cab: flags, params: {ms: t.ms, text: flags.txt}}
failing: {steps: {spoil: {cab: spoil, params: {ms: f.ms}}}}
YAML
mkdir x.ms t.ms f.ms
echo raw | tee x.ms/column >f.ms/column
for column in DATA FLAG MODEL_DATA; do echo $column >t.ms/$column; done

# The steps of the last plan with what is said of each, as one line.
states() {
    python3 -c 'import json, sys
for s in json.load(open(sys.argv[1]))["steps"]: print(s["task"].split(".")[-1], s.get("state", "skipped"), end="; ")' "$out"
}
everything() { # with what lstat says of it, but for access times
    find . -printf '%p %y %s %T@ %C@ %i\n' | LC_ALL=C sort
}

# --- where nothing has run
everything >"$scratch/before"
try "$SPOOR" plan r.yml chain
status 0 "plan where nothing has run"
everything | cmp -s - "$scratch/before"
ok $? "makes no directory, either"
like "$out" '^5 tool runs; nothing was run$' "and counts the steps"

# --- all is known
try "$SPOOR" run r.yml chain
status 0 "a run"
rm -f "$scratch/ran"
everything >"$scratch/before"
try "$SPOOR" plan r.yml chain
status 0 "plan after it"
is "$(grep -c '^ *known: made in run 20' "$out")" 5 "all five steps are known"
like "$out" '^5 tool runs \(0 would run, 5 known\); nothing was run$' "counted"
try "$SPOOR" run --dry-run r.yml chain --json
is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "run --dry-run says the same"
everything | cmp -s - "$scratch/before"
ok $? "not a file was touched, not even of the store"

# --- one parameter in the middle
try "$SPOOR" plan r.yml chain v2=22
like "$out" '^ *would run: value: 2 -> 22$' "a parameter has changed: the step would run, and why"
like "$out" "^ *would run: depends on 'chain.s2'$" "the next one depends on it"
like "$out" '^5 tool runs \(4 would run, 1 known\)' "counted"
try "$SPOOR" plan r.yml chain v2=22 --json
is "$(states)" "s1 known; s2 runs; s3 depends; look depends; tell depends; " "as JSON"
python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))["steps"]
assert s[0]["of"].startswith("20") and s[1]["why"] == ["value: 2 -> 22"], s
assert s[3]["why"] == ["depends on \u0027chain.s3\u0027"], s[3]
assert "value" in s[4]["why"][0] and s[4]["why"][0].endswith("word"), s[4]' "$out"
ok $? "with the reasons" || show
try "$SPOOR" plan r.yml chain --fresh
status 2 "plan has no --fresh"
try "$SPOOR" run --dry-run r.yml chain --fresh
is "$(grep -c 'would run: it was asked for (--fresh)' "$out")" 5 "run --dry-run --fresh"
try "$SPOOR" plan r.yml chain v2=22 -s s3
like "$out" '^1 tool run \(0 would run, 1 known\), 4 not selected' "steps that are left out count as done"
everything | cmp -s - "$scratch/before"
ok $? "still nothing was touched"
try "$SPOOR" run r.yml chain v2=22
is "$(tr '\n' ' ' <"$scratch/ran")" "s2 s3 look tell " "the run does as was said"
rm -f "$scratch/ran"
try "$SPOOR" plan r.yml chain --json
is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "the state before is still known"

# --- columns
try "$SPOOR" run r.yml table
status 0 "a table"
try "$SPOOR" plan r.yml table v=2 --json
is "$(states)" "model runs; flags known; " "a step that reads other columns does not depend"

# --- what was removed, and what was lost
rm -rf look.txt told.txt
try "$SPOOR" plan r.yml chain --json
is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "what was removed would be brought back"
[ ! -e told.txt ]
ok $? "not now"
try "$SPOOR" run r.yml chain
[ -e told.txt ]
ok $? "but by the run"
is "$(cat "$scratch/ran" 2>/dev/null)" "model
flags" "which runs nothing"
rm -f "$scratch/ran"

# --- a step that fails
try "$SPOOR" run r.yml failing
status 1 "a step that fails"
unlike "$err" 'changed meanwhile' "says no more than that"
is "$(cat f.ms/column)" raw "what it has spoilt is as before"

# --- edits
cp -r x.ms "$scratch/result.ms"
echo "by hand" >x.ms/column
try "$SPOOR" plan r.yml chain --json
is "$(states)" "s1 stops; s2 stops; s3 stops; look stops; tell depends; " "a result that was changed by hand: the run would stop"
try "$SPOOR" run --dry-run r.yml chain
like "$out" "would stop: x.ms was made by step 'chain.s3'" "and why"
try "$SPOOR" run --dry-run --json r.yml chain --edits restore
is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "with --edits restore it would not"
try "$SPOOR" run --dry-run --json r.yml chain --edits adopt
is "$(states)" "s1 runs; s2 depends; s3 depends; look depends; tell depends; " "with --edits adopt all would run"
try "$SPOOR" run r.yml chain --edits restore
status 0 "restored"
rm -f "$scratch/ran"

# --- a workspace that cannot be written
if [ "$(id -u)" -ne 0 ]; then
    chmod -R a-w .
    try "$SPOOR" plan r.yml chain --json
    is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "a workspace that is read-only"
    chmod -R u+w .
else
    skip "a workspace that is read-only" "root writes anywhere"
fi

# --- while a run is going
"$SPOOR" run r.yml chain last=slow >"$scratch/slow" 2>&1 &
slow=$!
wait_for "the slow step begins" grep -q slow "$scratch/ran"
try "$SPOOR" plan r.yml chain --json
is "$(states)" "s1 known; s2 known; s3 known; look known; tell known; " "while a run is at the data"
: >"$scratch/go"
wait $slow
ok $? "the run has not noticed"

# --- off
try "$SPOOR" plan -c opts.store.enable=false r.yml chain
like "$out" '^5 tool runs; nothing was run$' "without a store nothing is said"

finish
