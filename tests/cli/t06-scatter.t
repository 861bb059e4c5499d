#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Scattered loops: iterations side by side (spec stimela2.md 4.11, 8.1-8.3).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively
remember_nothing

cat >scatter.yml <<'END'
cabs:
  sh:
    command: sh
    policies: {positional: true}
    inputs: {script: str, n: str}
    outputs: {got: str}
    management: {wranglers: {'got=(?P<got>\S+)': ['PARSE_OUTPUT:got:str']}}
order:
  inputs: {for_loop: {scatter: {dtype: int, default: -1}}}
  outputs: {all: "List[str]", last: {dtype: str, aliases: [one.got]}}
  for_loop: {var: i, over: [a, b, c, d], output_elements: {all: =steps.one.got}}
  steps:
    one: {cab: sh, params: {script: late-first.sh, n: =recipe.i}}
meet:
  for_loop: {var: i, over: [a, b, c], scatter: -1}
  steps:
    one: {cab: sh, params: {script: meet.sh, n: =recipe.i}}
limit:
  inputs: {for_loop: {scatter: {dtype: int, default: 2}}}
  for_loop: {var: i, over: [1, 2, 3, 4, 5, 6, 7, 8, 9]}
  steps:
    one: {cab: sh, params: {script: count.sh, n: =recipe.i}}
    two: {cab: sh, params: {script: count.sh, n: =recipe.i}}
fails:
  for_loop: {var: i, over: [0, 1, 2, 3, 4], scatter: 2}
  steps:
    one: {cab: sh, params: {script: odd-fails.sh, n: =recipe.i}}
    two: {cab: sh, params: {script: note.sh, n: =recipe.i}}
shared:
  for_loop: {var: i, over: [1, 2, 3, 4, 5, 6, 7, 8], scatter: 4}
  steps:
    one: {cab: sh, params: {script: talk.sh, n: =recipe.i}}
own:
  for_loop: {var: i, over: [1, 2, 3, 4], scatter: -1}
  assign: {log.name: "log-{info.taskname}"}
  steps:
    one: {cab: sh, params: {script: talk.sh, n: =recipe.i}}
nested:
  for_loop: {var: i, over: [a, b], scatter: -1}
  steps:
    inner:
      recipe:
        for_loop: {var: j, over: [1, 2, 3], scatter: -1}
        steps:
          one: {cab: sh, params: {script: crowd.sh, n: "{parent.i}{recipe.j}"}}
    then: {cab: sh, params: {script: note.sh, n: =recipe.i}}
wait:
  for_loop: {var: i, over: [1, 2, 3], scatter: -1}
  steps:
    slow: {cab: sh, params: {script: wait.sh, n: =recipe.i}}
    never: {cab: sh, params: {script: note.sh, n: =recipe.i}}
END
# The earlier in the list, the later it ends: each waits for the one behind it.
cat >late-first.sh <<'END'
case $1 in a) next=b ;; b) next=c ;; c) next=d ;; *) next= ;; esac
i=0
while [ -n "$next" ] && [ ! -e "done.$next" ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i + 1)); done
[ -z "$next" ] || [ -e "done.$next" ] || exit 9
echo "got=$1"
: >"done.$1"
END
# No one ends before all have begun.
cat >meet.sh <<'END'
: >"here.$1"
i=0
while [ $i -lt 400 ]; do
    [ -e here.a ] && [ -e here.b ] && [ -e here.c ] && exit 0
    sleep 0.05
    i=$((i + 1))
done
exit 9
END
sed 's/here\.a .*$/crowd.a1 ] \&\& [ -e crowd.a2 ] \&\& [ -e crowd.a3 ] \&\& [ -e crowd.b1 ] \&\& [ -e crowd.b2 ] \&\& [ -e crowd.b3 ] \&\& exit 0/; s/here\./crowd./' meet.sh >crowd.sh
# How many run at this moment: directories, since making one is atomic.
cat >count.sh <<'END'
mkdir "running.$$"
find . -maxdepth 1 -name 'running.*' | wc -l >>counts
sleep 0.05
rmdir "running.$$"
END
cat >odd-fails.sh <<'END'
case $1 in 1 | 3) echo "bad luck $1"; exit 3 ;; *) ;; esac
END
cat >note.sh <<'END'
echo "$1" >>notes
END
cat >talk.sh <<'END'
i=0; while [ $i -lt 200 ]; do echo "line $i of $1 end"; i=$((i + 1)); done
END
cat >wait.sh <<'END'
trap 'echo "$1 stops"; exit 7' INT TERM
[ -e stubborn ] && trap '' INT TERM
echo $$ >"pid.$1.new" && mv "pid.$1.new" "pid.$1"
i=0
while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
END

gone() { # PROCESS...: have ended (and are not merely unburied by us)
    for pid in "$@"; do
        [ ! -d "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" || return 1
    done
}
journal() { cat ".spoor/runs/$("$SPOOR" runs | tail -n 1 | cut -d' ' -f1)/journal.jsonl"; }

# --- order and parallelism ------------------------------------------------------------------------
try timeout 60 "$SPOOR" run scatter.yml order
status 0 "iterations that end in the opposite order"
like "$out" "^all: \\['a', 'b', 'c', 'd'\\]\$" "output_elements are in the order of the list"
like "$out" '^last: d$' "outputs aliased from steps are those of the last iteration"
like "$out" '^\.2# got=c$' "output lines tell the iteration"
like "$out" '^\[[1-4]/4\] order.3.one \(4/4\)  sh$' "steps are named with their counters"
try timeout 60 "$SPOOR" run scatter.yml meet
status 0 "iterations that wait for each other"
rm -f here.*
journal >"$scratch/journal"
like "$scratch/journal" '"event": "step-start".*"task": "meet.1.one".*"iteration": 1, "worker": ".1"' \
    "the journal tells the iteration"
try timeout 60 "$SPOOR" run scatter.yml nested
status 0 "nested: six tools at a time"
is "$(sort notes | tr '\n' ' ')" "a b " "nested: what follows the inner loop"
rm -f notes done.*

# --- the limit ------------------------------------------------------------------------------------
for width in 1 2 3; do
    rm -f counts
    try "$SPOOR" run scatter.yml limit for_loop.scatter=$width
    status 0 "scatter $width"
    is "$(wc -l <counts)" 18 "scatter $width: all iterations run"
    [ "$(sort -n counts | tail -n 1)" -le $width ]
    ok $? "scatter $width: no more than that at a time"
done

# --- failures -------------------------------------------------------------------------------------
try "$SPOOR" run scatter.yml fails
status 1 "some iterations fail"
said "2/5 jobs have failed: fails.1: step 'one': sh returns error code 3.*; fails.3: step 'one'" \
    "failures are gathered and named"
is "$(sort notes | tr '\n' ' ')" "0 2 4 " "the other iterations go on to their end"
like "$out" '^fails.3.one: sh returns error code 3' "each failure is told when it happens"
try "$SPOOR" status
like "$out" ': failed, 6 of 10 tool runs done' "status"
like "$out" '^fails.1.one +failed' "status of one that failed"
like "$out" '^fails.4.two +done' "status of one that did not"
"$SPOOR" status --json >"$scratch/json"
python3 -c '
import json, sys
steps = {s["task"]: s["result"] for s in json.load(open(sys.argv[1]))["steps"]}
sys.exit(steps["fails.1.one"] != "failed" or steps["fails.2.two"] != "done" or len(steps) != 8)
' "$scratch/json"
ok $? "status --json"
try "$SPOOR" log fails.3.one
is "$(tail -n 1 "$out")" "bad luck 3" "log of one task"
like log-fails.txt 'ERROR: 2/5 jobs have failed' "the log of the recipe"

# --- logs -----------------------------------------------------------------------------------------
try "$SPOOR" run scatter.yml shared
status 0 "iterations that share a log file"
is "$(grep -c '# line .* end$' log-shared.one.txt)" 1600 "no line is lost"
is "$(grep '# line' log-shared.one.txt | grep -vc 'SPOOR.shared.[0-7].one INFO: # line [0-9]* of [1-8] end$')" \
    0 "lines are whole, and tell the task"
# A block for each iteration; the first ones may be cut once, before the file was shared.
blocks=$(sed -n 's/.*# line [0-9]* of \([1-8]\) end$/\1/p' log-shared.one.txt | uniq | wc -l)
[ "$blocks" -le 12 ]
ok $? "lines of an iteration stand together ($blocks blocks)"
is "$(grep -c 'line .* of . end$' "$out")" 1600 "and on the screen"
is "$(grep 'line .* of' "$out" | grep -vc '^\.[0-7]# line [0-9]* of [1-8] end$')" 0 "in whole lines"
try "$SPOOR" run scatter.yml own
for i in 0 1 2 3; do
    is "$(grep -c "# line .* of $((i + 1)) end" "log-own.$i.one.txt")" 200 "a log file of its own: $i"
done
try "$SPOOR" run scatter.yml own
is "$(grep -c '# line' log-own.0.one.txt)" 200 "the next run begins them anew"

# --- before a run -----------------------------------------------------------------------------------
try "$SPOOR" run --dry-run scatter.yml order
is "$(grep -c '^  order\..*sh$' "$out")" 4 "a dry run shows the iterations"
is "$(grep -o 'order\.[0-9]' "$out" | uniq | tr '\n' ' ')" "order.0 order.1 order.2 order.3 " "in order"

# --- interrupts -------------------------------------------------------------------------------------
start() { # until all three tools run
    rm -f pid.*
    "$SPOOR" run scatter.yml wait >"$out" 2>"$err" </dev/null &
    spoor=$!
    for i in 1 2 3; do wait_for "tool $i starts" test -e pid.$i; done
    tools=$(cat pid.1 pid.2 pid.3)
}
finished() {
    wait "$spoor"
    rc=$?
}
rm -f notes
start
kill -s INT "$spoor"
finished
status 130 "SIGINT"
# shellcheck disable=SC2086 # a list
gone $tools
ok $? "SIGINT: all tools have ended"
is "$(grep -c '^\.[012]# [123] stops$' "$out")" 3 "SIGINT: all were asked"
like "$out" 'the 3 tools have been asked to stop' "SIGINT: says what it waits for"
like "$out" '^run interrupted after' "SIGINT: verdict"
[ ! -e notes ]
ok $? "SIGINT: no further step"
try "$SPOOR" status
is "$(grep -cE "^wait.[012].slow +interrupted" "$out")" 3 "SIGINT: status"
: >stubborn
start
kill -s INT "$spoor"
wait_for "the first signal is noted" grep -q 'asked to stop' "$out"
kill -s INT "$spoor"
finished
status 130 "a second SIGINT"
like "$out" 'asked once more: the 3 tools are killed' "a second SIGINT kills"
# shellcheck disable=SC2086
gone $tools
ok $? "a second SIGINT: all tools have ended"
rm stubborn

# --- kill -9 ------------------------------------------------------------------------------------------
start
kill -s KILL "$spoor"
finished
# shellcheck disable=SC2086
gone $tools
is $? 1 "kill -9: the tools live on"
try "$SPOOR" status
is "$(grep -cE "^wait.[012].slow +unfinished" "$out")" 3 "kill -9: status"
try "$SPOOR" run scatter.yml meet
status 0 "the next run"
like "$out" 'was killed while running steps wait.0.slow, wait.1.slow, wait.2.slow; what those' \
    "the next run says so"
is "$(grep -c 'the tool of step wait.[012].slow was still running' "$out")" 3 "it ends all of them"
# shellcheck disable=SC2086
wait_for "the orphans are gone" gone $tools
finish
