#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What is left of runs: `spoor clean`, the profile, the facts in the journal (spec stimela2.md 8.5,
# 8.6, 11.1).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
remember_nothing

cat >recipe.yml <<'YAML'
make:
  inputs: {status: int = 0}
  steps:
    one: {cab: {command: sh, args: [-c, 'echo data >>new.txt; echo more >>old.txt; exit {current.status}', sh],
                inputs: {status: {dtype: int, policies: {skip: true}},
                         old: {dtype: File, writable: true, default: old.txt, policies: {skip: true}}},
                outputs: {new: {dtype: File, default: new.txt, policies: {skip: true}}}},
          params: {status: =recipe.status}}
loop:
  for_loop: {var: i, over: [1, 2, 3]}
  inputs: {}
  steps:
    a: {cab: {command: sh -c 'sleep 0.02'}}
    b: {recipe: inner}
inner: {steps: {c: {cab: {command: "true"}}}}
YAML
echo precious >old.txt

try "$SPOOR" clean
status 0 "clean where nothing was run"
like "$out" 'nothing was ever run here' "says so"
[ ! -e .spoor ]
ok $? "and makes no workspace"

try "$SPOOR" run recipe.yml make status=1
status 1 "a step that fails"
cp old.txt old.copy
try "$SPOOR" clean
status 0 "clean"
like "$out" '^new.txt \(5 B, step make.one of run [0-9-]+ did not finish it\)' "lists what was being made"
unlike "$out" 'old.txt' "but nothing that was there before"
like "$out" "'spoor clean --remove' removes it" "and how to remove it"
[ -e new.txt ]
ok $? "nothing is removed without being asked"
try "$SPOOR" clean --remove --dry-run
[ -e new.txt ]
ok $? "--dry-run wins"
echo edited >>new.txt
touch -d '+1 hour' new.txt
try "$SPOOR" clean
like "$out" 'nothing is left over' "what somebody has changed since is not named"
touch -d '-1 hour' new.txt
try "$SPOOR" clean --remove
status 0 "--remove"
[ ! -e new.txt ] && cmp -s old.txt old.copy
ok $? "removes that file and no other"
try "$SPOOR" clean
like "$out" 'nothing is left over' "once"

try "$SPOOR" run recipe.yml make status=1
try "$SPOOR" run recipe.yml make status=0
try "$SPOOR" clean
like "$out" 'nothing is left over' "what a later step has made good stays"
try "$SPOOR" run recipe.yml make status=1
try "$SPOOR" clean --remove
[ -e new.txt ]
ok $? "also when it fails another time"

# --- old runs -----------------------------------------------------------------------------------------
is "$(find .spoor/runs -mindepth 1 -maxdepth 1 | wc -l)" 4 "four runs"
try "$SPOOR" clean --runs 1
is "$(grep -c '^./.spoor/runs/\|^.*/runs/' "$out")" 3 "--runs lists all but the newest"
try "$SPOOR" clean --runs 1 --remove
is "$(find .spoor/runs -mindepth 1 -maxdepth 1 | wc -l)" 1 "--runs --remove removes them"
try "$SPOOR" status
status 0 "the newest run is still there"

# --- as Stimela calls it ------------------------------------------------------------------------------
try "$SPOOR" cleanup recipe.yml
status 0 "cleanup FILE"
like "$out" 'nothing to clean up' "says that nothing is left"
try "$SPOOR" cleanup nowhere.yml
status 2 "cleanup of a file that is not there"

# --- the profile --------------------------------------------------------------------------------------
try "$SPOOR" run recipe.yml loop
status 0 "a loop"
unlike "$out" 'averages' "no profile unless asked for"
try "$SPOOR" status --profile
status 0 "status --profile"
like "$out" '^averages & total I/O' "has a title"
is "$(awk '/^task/ {on = 1; next} on && NF {print $1, $2}' "$out" | tr '\n' ',')" \
    "loop 6,a 3,b 3,c 3," "a row for each recipe and step, with its tool runs"
try "$SPOOR" status --profile --unroll-loops
is "$(grep -c '^ *([0-2])' "$out")" 3 "--unroll-loops: a row for each iteration"
try "$SPOOR" status --profile --json
like "$out" '"task": "loop.b.c"' "as JSON"
try "$SPOOR" run -p 1 recipe.yml loop
like "$out" '^averages' "run -p"
is "$(awk '/^task/ {on = 1; next} on && NF {print $1}' "$out" | head -n 1)" loop "run -p 1: the recipe"
try "$SPOOR" run -p 0 recipe.yml loop
unlike "$out" '^averages' "run -p 0: none"

# --- what a run was made of -----------------------------------------------------------------------------
journal=$(find .spoor/runs -name journal.jsonl | sort | tail -n 1)
head -n 1 "$journal" >"$scratch/start"
sum=$(sha256sum recipe.yml | cut -d' ' -f1)
like "$scratch/start" "\"sha256\": ?\"$sum\"" "the journal has the hash of the recipe"
like "$scratch/start" '"settings": ?\{' "and the settings in force"
finish
