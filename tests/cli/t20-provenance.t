#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What runs were made of: `spoor runs`, `show`, `diff` (doc/manual/provenance.md).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
remember_nothing

cat >cabs.yml <<'YAML'
cabs:
  writer: {command: sh, args: [-c, 'echo {current.n} >a.txt; echo hi'],
           inputs: {n: {dtype: int, policies: {skip: true}}},
           outputs: {out: {dtype: File, default: a.txt, policies: {skip: true}}}}
YAML
cat >recipe.yml <<'YAML'
_include: cabs.yml
demo:
  inputs: {n: int = 3, fail: int = 0}
  steps:
    a: {cab: writer, params: {n: =recipe.n}}
    b: {cab: {command: sh, args: [-c, 'exit {current.fail}'], inputs: {fail: {dtype: int, policies: {skip: true}}}},
        params: {fail: =recipe.fail}}
other: {steps: {only: {cab: {command: "true"}}}}
YAML

# --- where nothing was run ------------------------------------------------------------------------------
for command in show diff runs; do
    try "$SPOOR" "$command"
    status 1 "$command without any run"
    like "$err" 'nothing has been run' "$command says so"
done

# --- names of runs ----------------------------------------------------------------------------------------
try "$SPOOR" run recipe.yml demo
status 0 "first run"
first=$(find .spoor/runs -mindepth 1 -maxdepth 1 -printf "%f\n")
try "$SPOOR" show last
status 0 "show last"
like "$out" "^run $first of 'demo': done, 2 tool runs" "shows the run"
try "$SPOOR" show "$(echo "$first" | cut -c 1-10)"
like "$out" "^run $first " "by the beginning of its id"
try "$SPOOR" show last~1
status 1 "there is no last~1"
like "$err" "only one run here" "says how many there are"
for command in "versions|of what" "restore|what. PATH@VERSION"; do
    try "$SPOOR" "${command%%|*}"
    status 2 "${command%%|*} without a path"
    like "$err" "^spoor ${command%%|*}: ${command#*|}" "asks for it"
done
try "$SPOOR" runs --wrote nowhere
status 0 "runs --wrote of what nobody wrote"
is "$(cat "$out")" "no run here has made or changed 'nowhere'" "says so"
try "$SPOOR" log zzzzzz
status 1 "log of no step"
like "$err" "has no step 'zzzzzz'; 'spoor status .*' lists its steps" "says where to look"
mkdir -p empty && cd empty || exit 99
try "$SPOOR" status
status 1 "where nothing has been run"
like "$err" "nothing has been run in this directory yet" "says so"
cd .. && rmdir empty
try "$SPOOR" show last~x
status 1 "last~x"
try "$SPOOR" show "${first%?}x"
like "$err" "did you mean '$first'" "the nearest id"
try "$SPOOR" status last
status 0 "status takes such names too"

# --- show -------------------------------------------------------------------------------------------------
try "$SPOOR" show
like "$out" '^  command +.*run recipe.yml demo$' "show: the command line"
like "$out" '^  directory +/' "the directory"
like "$out" "^  recipe.yml  sha256 $(sha256sum recipe.yml | cut -c 1-12)" "files with digests"
like "$out" "^  cabs.yml  sha256 $(sha256sum cabs.yml | cut -c 1-12)" "included ones, too"
like "$out" '^  log.enable = True$' "settings"
like "$out" '^  demo.a: done' "steps"
like "$out" '^    \$ +sh -c .echo 3 >a.txt' "command lines"
try "$SPOOR" show --json
python3 - "$out" <<'PY' >"$scratch/py" 2>&1
import json, sys
run = json.load(open(sys.argv[1]))
assert run["recipe"] == "demo" and run["state"] == "done", run
assert [s["task"] for s in run["steps"]] == ["demo.a", "demo.b"]
assert run["steps"][0]["parameters"]["n"] == 3
assert run["steps"][0]["cost"]["exit"] == 0
assert run["named"] == ["recipe.yml"]
assert {f["path"] for f in run["files"] if "conf" not in f["path"]} == {"recipe.yml", "cabs.yml"}
PY
ok $? "show --json" || cat "$scratch/py"

# --- diff -------------------------------------------------------------------------------------------------
try "$SPOOR" run recipe.yml demo
try "$SPOOR" diff
status 0 "diff of the last two"
like "$out" "^runs $first and .*: the same$" "two equal runs are the same"
try "$SPOOR" run recipe.yml demo n=4 fail=1
status 1 "a run that fails"
try "$SPOOR" diff "$first" last
like "$out" ': different$' "a parameter makes a difference"
like "$out" '^  n: \(none\) -> 4$' "which one"
like "$out" '^    parameter n: 3 -> 4$' "in which step"
like "$out" '^    result: done -> failed$' "and what came of it"
sed -i 's/echo hi/echo ho/' cabs.yml
try "$SPOOR" run recipe.yml demo n=4 fail=0 --set opts.log.dir=logs
try "$SPOOR" diff --json
python3 - "$out" <<'PY' >"$scratch/py" 2>&1
import json, sys
diff = json.load(open(sys.argv[1]))
assert diff["same"] is False
assert diff["settings"]["log.dir"] == {"from": ".", "to": "logs"}, diff
assert [f["path"] for f in diff["files"]] == ["cabs.yml"], diff
assert diff["parameters"] == {"fail": {"from": 1, "to": 0}}, diff
PY
ok $? "diff --json" || cat "$scratch/py"
try "$SPOOR" run recipe.yml other
try "$SPOOR" diff
like "$out" '^recipe: demo -> other$' "another recipe"
like "$out" '^  demo.a: removed$' "steps that are gone"
like "$out" '^  other.only: added$' "steps that are new"

# --- rerun ------------------------------------------------------------------------------------------------
try "$SPOOR" rerun
status 2 "rerun wants to be told which run"
try "$SPOOR" run recipe.yml demo n=7 -s a --set opts.log.dir=logs
try "$SPOOR" rerun last --check
status 0 "rerun --check"
like "$out" '^everything is as it was' "all is as it was"
rm a.txt
try "$SPOOR" rerun last
status 0 "rerun"
is "$(cat a.txt)" 7 "with the parameters of then"
try "$SPOOR" diff
like "$out" ': the same$' "the same run"
try "$SPOOR" show
like "$out" '^  rerun of +[0-9]' "it says what it repeats"
try "$SPOOR" rerun last
is "$(find .spoor/rerun -mindepth 1 -type d)" "" "a repetition of a repetition leaves no files"

# --- keys and versions ---------------------------------------------------------------------------------------
# A run with them, made from the last one: a step that ran, and one whose result was taken.
try "$SPOOR" run recipe.yml demo
mkdir -p .spoor/runs/20990101-000000 .spoor/runs/20990101-000001
python3 - .spoor/runs "$("$SPOOR" show --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["run"])')" <<'PY'
import json, sys
events = [json.loads(line) for line in open(f"{sys.argv[1]}/{sys.argv[2]}/journal.jsonl")]

def write(run, hits, version, program):
    out = []
    for event in events:
        task, name = event.get("task"), event["event"]
        key = dict(step=task, task=task, key="ab" * 32, hit=task in hits, program=program,
                   inputs=[dict(role="ms", path="my.ms", version=version * 64, source=True)])
        left = dict(step=task, task=task, outputs=[dict(role="out", path="a.txt", kind="file", version=version * 64,
                                                        bytes=2, kept=True, mutated=True)])
        if task in hits:
            if name == "step-start":
                out += [dict(event="step-key", of="20200101-000000", **key), dict(event="step-versions", **left)]
            continue
        out.append(event)
        if name == "step-start":
            out.append(dict(event="step-key", why=["parameter n: 3 is now 4"], **key))
        if name == "step-end":
            out.append(dict(event="step-versions", **left))
        if name == "run-start":
            out += [dict(event="edit", path="my.ms", found="FLAG changed", action="adopted"),
                    dict(event="restore", path="b.ms", version="c" * 64, bytes=5)]
    with open(f"{sys.argv[1]}/{run}/journal.jsonl", "w") as file:
        for seq, event in enumerate(out, 1):
            event = dict(event, v=1, seq=seq, time="2099-01-01T00:00:00.000Z")
            if event["event"] == "run-start":
                event["run"] = run
            file.write(json.dumps(event) + "\n")

write("20990101-000000", [], "1", "program:sh=" + "0" * 64)
write("20990101-000001", ["demo.a"], "2", "program:sh=" + "1" * 64)
PY
try "$SPOOR" show last
like "$out" '^  demo.a: reused' "show: a step that was reused"
like "$out" '^    why +as in run 20200101-000000' "of which run"
like "$out" '^    in +ms = my.ms  version 222222222222  source' "what it read"
like "$out" '^    out +out = a.txt  version 222222222222  changed in place' "what it left"
like "$out" '^  program:sh  111111111111$' "programs"
like "$out" '^  my.ms: FLAG changed adopted$' "edits"
try "$SPOOR" show last~1
like "$out" '^    ran as +parameter n: 3 is now 4$' "why a step ran"
try "$SPOOR" runs -n 1
like "$out" '^20990101-000001 +demo +done +1 +1 +0 ' "runs counts what was reused"
try "$SPOOR" status
like "$out" '^demo.a +reused' "status shows it"
try "$SPOOR" diff
like "$out" '^    input ms: 1{12} -> 2{12}$' "diff: versions that were read"
like "$out" '^    output out: 1{12} -> 2{12}$' "versions that were left"
like "$out" '^  program:sh: 0{12} -> 1{12}$' "programs"
unlike "$out" '^    (command|result)' "no difference in what only one of them knows"
try "$SPOOR" rerun last
status 1 "rerun refuses"
like "$err" '^  program: sh: it is another program than then' "when a program is another one"
like "$err" '^  input: my.ms: it is not there any more' "when data are not there"
like "$err" 'nothing was run' "says that nothing was run"
try "$SPOOR" rerun last --check --json
status 1 "--check --json"
python3 -c 'import json, sys
check = json.load(open(sys.argv[1]))
assert not check["same"] and {d["kind"] for d in check["differences"]} == {"program", "input"}, check' "$out"
ok $? "lists the differences"
try "$SPOOR" export --ro-crate versions
python3 "$here/ro-crate-check.py" versions >"$scratch/faults" 2>&1
ok $? "export: valid with versions, too" || cat "$scratch/faults"
try "$SPOOR" rerun last --accept-differences
status 0 "--accept-differences runs it all the same"
rm -r .spoor/runs/20990101-00000?

# What lies in the way today was not there then; what has moved is found where the run had it.
mkdir inc
cat >inc/part.yml <<'YAML'
cabs: {teller: {command: echo from-inc}}
YAML
cat >inc/main.yml <<'YAML'
_include: part.yml
tell: {steps: {a: {cab: teller}}}
YAML
try "$SPOOR" run inc/main.yml
like "$out" '^# from-inc' "an include beside the including file"
echo 'cabs: {teller: {command: echo from-here}}' >part.yml
try "$SPOOR" run inc/main.yml
like "$out" '^# from-here' "a file here goes before it"
try "$SPOOR" rerun last~1
status 0 "rerun of the run before"
like "$out" '^# from-inc' "does not see it"

# Start-up configuration counts as well.
echo 'opts: {log: {dir: elsewhere}}' >spoor.conf
try "$SPOOR" rerun last
status 0 "with another spoor.conf than then"
[ ! -e elsewhere ]
ok $? "that one is not read"
rm spoor.conf part.yml

# A workspace that has been moved.
mkdir "$scratch/moved"
cp -r . "$scratch/moved/"
cd "$scratch/moved" || exit 99
try "$SPOOR" rerun last --check
status 0 "in a copy of the workspace"
cd "$work" || exit 99


# --- contents of then -------------------------------------------------------------------------------------
try "$SPOOR" run recipe.yml demo
sed -i 's/echo ho/echo hoho/' cabs.yml
try "$SPOOR" run recipe.yml demo
rm recipe.yml cabs.yml
try "$SPOOR" diff
like "$out" '^ *-  writer: .*echo ho.],$' "diff: lines of files that are gone today"
like "$out" '^ *[+]  writer: .*echo hoho' "and what became of them"
try "$SPOOR" rerun last~1
status 0 "rerun of a recipe that is gone"
like "$out" '^# ho$' "as it was"
try "$SPOOR" diff last~2 last
like "$out" ': the same$' "the same run, by its journal"
for kept in .spoor/recipes/*; do
    is "$(sha256sum <"$kept" | cut -d' ' -f1)" "${kept##*/}" "kept under its digest"
    echo damaged >>"$kept"
done
try "$SPOOR" rerun last --check
status 1 "damaged copies"
like "$out" '^  file: cabs.yml: it has gone since, and its content was not kept' "count as lost"
# --- a journal that cannot be read once more: show, diff and log look steps up in it one by one
cat >spots.yml <<'YAML'
spots: {steps: {a: {cab: {command: echo one}}, b: {cab: {command: echo two}}}}
YAML
"$SPOOR" run -q spots.yml spots >/dev/null 2>&1
"$SPOOR" run -q spots.yml spots >/dev/null 2>&1
for site in open-pick:1 pick:1 pick:4; do
    for words in "show" "show --json" "diff"; do
        # shellcheck disable=SC2086 # several words
        try env SPOOR_FAULT=journal.$site "$SPOOR" $words
        status 4 "$words, journal.$site fails"
        like "$err" '^spoor: journal' "and is told"
    done
done
try "$SPOOR" show --json
is "$(python3 -c 'import json, sys; print([s["task"] for s in json.load(open(sys.argv[1]))["steps"]])' "$out")" \
    "['spots.a', 'spots.b']" "all steps in one document"

finish
