#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What runs were made of: `spoor runs`, `show`, `diff` (doc/manual/provenance.md).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

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
like "$err" "no more runs than 1" "says how many there are"
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
assert {f["path"] for f in run["files"]} == {"recipe.yml", "cabs.yml"}
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

finish
