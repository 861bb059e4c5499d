#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `rerun` works on the data that the run had: from the store, whatever lies there today. `export --data`: what the run has made.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >"$scratch/mutate" <<SH2
#!/bin/sh
echo "\$2 saw \$(cat "\$1/column" | cksum)" >>"$scratch/ran"
echo "\$(cksum <"\$1/column") \$2 \$3" >"\$1/column"
SH2
cat >"$scratch/look" <<SH2
#!/bin/sh
echo "look" >>"$scratch/ran"
cat "\$1/column" "\$2" >"\$3"
SH2
chmod +x "$scratch/mutate" "$scratch/look"
cat >r.yml <<YAML
cabs:
  mutate:
    command: $scratch/mutate
    policies: {positional: true}
    inputs:
      ms: {dtype: MS, writable: true, required: true}
      name: {dtype: str, required: true}
      value: {dtype: str, default: '\${oc.env:SPOOR_TEST_VALUE,none}'}
  look:
    command: $scratch/look
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}, list: {dtype: File, required: true}}
    outputs: {text: {dtype: File, required: true}}
chain:
  inputs: {v: str = one}
  steps:
    s1: {cab: mutate, params: {ms: x.ms, name: s1, value: =recipe.v}}
    s2: {cab: mutate, params: {ms: x.ms, name: s2}}
    look: {cab: look, params: {ms: x.ms, list: list.txt, text: out/look.txt}}
YAML
mkdir x.ms
echo raw >x.ms/column
echo "a list" >list.txt
ran() {
    [ -e "$scratch/ran" ] && cut -d ' ' -f 1 "$scratch/ran" | tr '\n' ' ' | sed 's/ $//'
    rm -f "$scratch/ran"
}

try "$SPOOR" run r.yml chain
status 0 "a run"
first=$(find .spoor/runs -mindepth 1 -maxdepth 1 -printf '%f\n')
cp -r x.ms "$scratch/first.ms"
cp out/look.txt "$scratch/first.txt"
ran >/dev/null

# --- nothing has changed
try "$SPOOR" rerun "$first" --check
status 0 "the same data"
like "$out" '^everything is as it was in run [0-9-]*$' "nothing to bring back"

# --- another run has made something else of them
try "$SPOOR" run r.yml chain v=two
cp x.ms/column "$scratch/second"
ran >/dev/null
try "$SPOOR" rerun "$first" --check
status 0 "other results since"
like "$out" '^everything is as it was in run [0-9-]*$' "start from the same data"
try "$SPOOR" rerun "$first"
status 0 "rerun"
is "$(ran)" "" "runs nothing: its results are known"
diff -r x.ms "$scratch/first.ms" >"$out"
ok $? "and are there again" || show

# --- the source is another one
rm -rf x.ms && mkdir x.ms && echo "another source" >x.ms/column
try "$SPOOR" run r.yml chain --edits adopt
status 0 "a new source"
cp x.ms/column "$scratch/third"
ran >/dev/null
try "$SPOOR" rerun "$first" --check
status 0 "can be brought back"
like "$out" '^  x.ms: would be brought back from the store \(version [0-9a-f]{12}\)$' "which, and what"
cmp -s x.ms/column "$scratch/third"
ok $? "--check does not do it"
try "$SPOOR" rerun "$first" --check --json
python3 -c 'import json, sys
check = json.load(open(sys.argv[1]))
assert check["same"] and [r["path"] for r in check["restores"]] == ["x.ms"], check' "$out"
ok $? "--check --json"
try "$SPOOR" rerun "$first"
status 0 "rerun"
like "$out" '^  x.ms: is again what it was then' "says that it is brought back"
is "$(ran)" "" "its results are known, too"
diff -r x.ms "$scratch/first.ms" >"$out"
ok $? "the workspace holds what that run made" || show
try "$SPOOR" versions x.ms
lines=$(grep -c ' kept' "$out")
[ "$lines" -ge 6 ]
ok $? "and all other states are kept"

# --- when the results are forgotten, it runs on the data of then
rm -rf .spoor/store/records
try "$SPOOR" rerun "$first"
status 0 "without the records"
is "$(sed -n 1p "$scratch/ran")" "s1 saw $(echo raw | cksum)" "the first step sees the source of then"
diff -r x.ms "$scratch/first.ms" >"$out"
ok $? "the same comes out" || show

# --- the source is gone
rm -rf x.ms
try "$SPOOR" rerun "$first"
status 0 "with the dataset gone"
diff -r x.ms "$scratch/first.ms" >"$out"
ok $? "it comes back" || show

# --- what was only read was not kept
echo "another list" >list.txt
try "$SPOOR" rerun "$first"
status 1 "a list that was only read"
like "$err" '^  input: list.txt: it is not what it was then, and was not kept$' "is lost, and that is said"
rm list.txt
try "$SPOOR" rerun "$first" --check
like "$out" '^  input: list.txt: it is not there any more, and was not kept$' "or gone"
echo "a list" >list.txt
try "$SPOOR" rerun "$first" --check
status 0 "the same content will do"

# --- variables of the environment
SPOOR_TEST_VALUE=x
export SPOOR_TEST_VALUE
try "$SPOOR" rerun "$first" --check
status 1 "a variable that is set"
like "$out" '^  environment: variable SPOOR_TEST_VALUE was not set then$' "is a difference"
try "$SPOOR" run r.yml chain
try "$SPOOR" rerun last --check
status 0 "the same value"
SPOOR_TEST_VALUE=y
try "$SPOOR" rerun last --check
like "$out" '^  environment: variable SPOOR_TEST_VALUE has another value$' "another value"
unset SPOOR_TEST_VALUE
try "$SPOOR" rerun last --check
like "$out" '^  environment: variable SPOOR_TEST_VALUE is not set any more$' "none"

# Those that formulas have looked up in config.run.env: at once, by a name that follows, and when a step is done.
cat >env.yml <<'YAML'
variables:
  inputs: {name: str = SPOOR_TEST_B}
  steps:
    a: {cab: {command: echo 7, inputs: {v: {dtype: str, policies: {skip: true}}}, outputs: {n: int},
              management: {wranglers: {'(?P<n>\d+)': PARSE_OUTPUT:n:int}}},
        params: {v: '=config.run.env.SPOOR_TEST_A + GETITEM(config.run.env, recipe.name)'}}
    b: {cab: {command: echo, inputs: {v: {dtype: str, policies: {positional: true}}}},
        params: {v: '=IF(steps.a.n > 5, config.run.env.SPOOR_TEST_C, "none")'}}
    c: {cab: {command: echo, inputs: {v: {dtype: str, policies: {positional: true}}}},
        params: {v: '=IFSET(config.run.env.SPOOR_TEST_D, SELF, "none")'}}
YAML
SPOOR_TEST_A=1 SPOOR_TEST_B=2 SPOOR_TEST_C=3
export SPOOR_TEST_A SPOOR_TEST_B SPOOR_TEST_C
try "$SPOOR" run env.yml variables
status 0 "formulas with variables"
try "$SPOOR" rerun last --check
status 0 "the same variables"
for name in A B C; do
    try env SPOOR_TEST_$name=new "$SPOOR" rerun last --check
    like "$out" "^  environment: variable SPOOR_TEST_$name has another value\$" "variable $name is known"
done
try env SPOOR_TEST_D=new "$SPOOR" rerun last --check
like "$out" '^  environment: variable SPOOR_TEST_D was not set then$' "one that was not set"
try env SPOOR_TEST_E=new "$SPOOR" rerun last --check
status 0 "one that nobody has asked for"
unset SPOOR_TEST_A SPOOR_TEST_B SPOOR_TEST_C

# --- export: what the run has made
try "$SPOOR" run r.yml chain v=last
echo "by hand" >out/look.txt
try "$SPOOR" export "$first" --ro-crate crate --data
status 0 "export --data of the first run"
diff -r crate/data/x.ms "$scratch/first.ms" >"$out"
ok $? "has the dataset as that run left it" || show
cmp -s crate/data/out/look.txt "$scratch/first.txt"
ok $? "and its list"
python3 "$here/ro-crate-check.py" crate >"$scratch/faults" 2>&1
ok $? "a valid RO-Crate" || cat "$scratch/faults"
try "$SPOOR" export "$first" --ro-crate crate.zip --data
python3 -c 'import sys, zipfile
crate = zipfile.ZipFile(sys.argv[1])
assert crate.read("data/x.ms/column") == open(sys.argv[2], "rb").read()' crate.zip "$scratch/first.ms/column"
ok $? "in an archive, too"
rm -rf .spoor/store/trees
try "$SPOOR" export "$first" --ro-crate lost --data
status 0 "what is neither kept nor there"
[ ! -e lost/data/x.ms ]
ok $? "is left out"

# --- a hidden input that was not there, and is not there
cat >hidden.yml <<'YAML'
cabs:
  make:
    command: sh -c 'cat hidden.cfg 2>/dev/null; echo made >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
    recompute: {reads: [hidden.cfg]}
h:
  steps:
    a: {cab: make, params: {o: o.txt}}
YAML
try "$SPOOR" run hidden.yml
status 0 "a tool looks for a file that is not there"
try "$SPOOR" rerun last --check
status 0 "that is how it was then"
echo new >hidden.cfg
try "$SPOOR" rerun last --check
status 1 "it is there now"
like "$out" '^  input: .*hidden.cfg: it was not there then$' "which is said"

finish
