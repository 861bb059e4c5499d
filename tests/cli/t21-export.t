#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `spoor export`: a run as an RO-Crate. What is valid says ro-crate-check.py, from the specification.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

valid() { # DIR NAME
    python3 "$here/ro-crate-check.py" "$1" >"$scratch/faults" 2>&1
    ok $? "$2: a valid RO-Crate" || sed 's/^/#   /' "$scratch/faults"
}

cat >'my recipe.yml' <<'YAML'
demo:
  inputs: {n: int = 3, text: str = "ä < b", fail: int = 0}
  steps:
    a: {cab: {command: sh, args: [-c, 'echo {current.n} >"a file.txt"; mkdir -p tree/sub; echo x >tree/sub/y; echo said'],
              inputs: {n: {dtype: int, policies: {skip: true}}},
              outputs: {out: {dtype: File, default: "a file.txt", policies: {skip: true}},
                        tree: {dtype: Directory, default: tree, policies: {skip: true}}}},
        params: {n: =recipe.n}}
    b: {cab: {command: sh, args: [-c, 'exit {current.fail}'], inputs: {fail: {dtype: int, policies: {skip: true}}}},
        params: {fail: =recipe.fail}}
cabs: {plain: {command: "true"}}
YAML

try "$SPOOR" export --ro-crate c
status 1 "export where nothing was run"
try "$SPOOR" run './my recipe.yml' demo n=4 text='ä <b>'
status 0 "a run"
try "$SPOOR" export
status 2 "export wants to be told where to"
try "$SPOOR" export last --ro-crate crate
status 0 "into a directory"
valid crate "a run"
cmp -s crate/run/journal.jsonl .spoor/runs/*/journal.jsonl
ok $? "with the journal"
cmp -s "crate/recipe/my recipe.yml" "my recipe.yml"
ok $? "and the recipe"
sed 's/"license"/"licence"/; s/"logs\/0001-a.log"/"logs\/gone.log"/' crate/ro-crate-metadata.json >"$scratch/broken"
mkdir broken && cp "$scratch/broken" broken/ro-crate-metadata.json
is "$(python3 "$here/ro-crate-check.py" broken | grep -c 'license\|gone.log')" 2 "the check finds what is wrong"
like crate/logs/0001-a.log '^said$' "and the output of tools"
like crate/ro-crate-metadata.json '"recipe/my%20recipe.yml"' "names are escaped"
[ ! -e crate/data ]
ok $? "no data unless asked for"

try "$SPOOR" export last --ro-crate crate
status 1 "not over a directory that is there"
like "$err" 'there already' "says so"
mkdir empty
try "$SPOOR" export last --ro-crate empty/ --data --author 'A. Name' --license https://spdx.org/licenses/MIT --name 'My run'
status 0 "an empty one will do"
valid empty "with data"
cmp -s "empty/data/a file.txt" "a file.txt" && cmp -s empty/data/tree/sub/y tree/sub/y
ok $? "files and directories"
like empty/ro-crate-metadata.json '"name": "My run"' "the name"

try "$SPOOR" export last --ro-crate crate.zip --data
status 0 "into a file"
mkdir unpacked
python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])' \
    crate.zip unpacked
ok $? "others can open it"
valid unpacked "the archive"
diff -r unpacked/data empty/data >/dev/null
ok $? "with the same data"
cp crate.zip first.zip
rm crate.zip
try "$SPOOR" export last --ro-crate crate.zip --data
cmp -s crate.zip first.zip
ok $? "the same run makes the same archive"
try "$SPOOR" export last --ro-crate no/such/dir.zip
status 1 "into a directory that is not there"

try "$SPOOR" run './my recipe.yml' demo fail=1
try "$SPOOR" export --ro-crate failed
valid failed "a run that has failed"
like failed/ro-crate-metadata.json 'FailedActionStatus' "says that it has"
try "$SPOOR" run './my recipe.yml' plain
try "$SPOOR" export --ro-crate cab
valid cab "a cab by itself"
echo '# changed' >>'my recipe.yml'
rm -r .spoor/recipes
try "$SPOOR" export --ro-crate lost
valid lost "a run whose recipe is lost"
[ ! -e lost/recipe ]
ok $? "what the recipe says today is not in it"
finish
