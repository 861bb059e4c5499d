#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Signals, killed runs, and two runs at a time.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively
remember_nothing

cat >wait.yml <<'END'
cabs:
  sh:
    command: sh
    policies: {positional: true}
    inputs: {script: str}
    outputs: {product: {dtype: File, implicit: product.dat, must_exist: false}}
wait:
  inputs: {script: str = polite.sh}
  steps:
    quick: {cab: sh, params: {script: quick.sh}}
    slow: {cab: sh, params: {script: =recipe.script}}
    never: {cab: sh, params: {script: never.sh}}
END
echo 'echo quick' >quick.sh
echo 'echo never; touch never.happened' >never.sh
# The tools say that they run by making a file with their process id; they end by themselves after a
# minute, should everything else fail.
cat >polite.sh <<'END'
trap 'echo interrupted politely; touch got.signal; exit 7' INT TERM
echo half >product.dat
echo $$ >pid.new && mv pid.new pid
i=0
while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
END
cat >stubborn.sh <<'END'
trap 'echo not now; touch got.signal' INT
trap '' TERM
echo $$ >pid.new && mv pid.new pid
i=0
while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
END

gone() { # PROCESS: has ended (and is not merely unburied by us)
    [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}
start() { # WORD...: a run in the background, until its slow step runs
    rm -f pid got.signal product.dat
    "$SPOOR" run "$@" >"$out" 2>"$err" </dev/null &
    spoor=$!
    wait_for "the tool starts" test -e pid
    tool=$(cat pid)
}
finished() { # wait for that run
    wait "$spoor"
    rc=$?
}
newest() { "$SPOOR" runs | tail -n 1; }

# --- SIGINT, SIGTERM, SIGHUP -----------------------------------------------------------------------
for signal in INT TERM HUP; do
    # A shell starts background jobs with SIGINT ignored; it must work all the same.
    start wait.yml
    kill -s $signal "$spoor"
    finished
    status 130 "SIG$signal"
    [ -e got.signal ]
    ok $? "SIG$signal: the tool was asked to stop"
    gone "$tool"
    ok $? "SIG$signal: the tool has ended"
    like "$out" '^# interrupted politely$' "SIG$signal: its last words are shown"
    like "$out" "left behind: '(\./)?product.dat'.*do not trust it" "SIG$signal: what was left behind"
    like "$out" 'has been asked to stop' "SIG$signal: says what it waits for"
    like "$out" '^run interrupted after' "SIG$signal: verdict"
    [ ! -e never.happened ]
    ok $? "SIG$signal: no further step"
    like ".spoor/runs/$(newest | cut -d' ' -f1)/journal.jsonl" \
        '"event": "run-end".*"interrupted": true' "SIG$signal: journal"
    try "$SPOOR" status
    like "$out" ': interrupted, 1 of 3 tool runs done' "SIG$signal: status"
    like "$out" '^wait.slow +interrupted' "SIG$signal: status of the step"
    like log-wait.slow.txt '# interrupted politely' "SIG$signal: log"
done

# --- a stubborn tool is killed ------------------------------------------------------------------------
start wait.yml script=stubborn.sh
kill -s INT "$spoor"
wait_for "the stubborn tool hears the signal" test -e got.signal
kill -s INT "$spoor"
finished
status 130 "a stubborn tool"
gone "$tool"
ok $? "a stubborn tool: killed in the end"
like "$out" '^# not now' "a stubborn tool: it was asked first"
like "$out" "asked once more: the tool is killed" "a stubborn tool: the second signal ends it at once"

# --- two at a time ------------------------------------------------------------------------------------
start wait.yml
"$SPOOR" run wait.yml >"$scratch/second.out" 2>"$scratch/second.err"
rc=$?
status 4 "a second run in the same directory"
like "$scratch/second.err" "another spoor \(pid $spoor .*is running here" "second run: whose"
"$SPOOR" status >"$scratch/second.out"
like "$scratch/second.out" ': running, 1 of 3' "status while it runs"
like "$scratch/second.out" '^wait.slow +running' "status of the step that runs"
"$SPOOR" check wait.yml >/dev/null
ok $? "check while it runs"
mkdir other
cp wait.yml ./*.sh other
echo 'exit 0' >other/polite.sh
(cd other && "$SPOOR" run wait.yml) >"$scratch/second.out" 2>&1
ok $? "a run in another directory"
rm -r other
gone "$tool"
is $? 1 "the first run is unharmed"
kill -s INT "$spoor"
finished
status 130 "the first run ends as it should"
is "$(find .spoor/runs -name journal.jsonl | wc -l)" 5 "the refused run left no journal"

# --- kill -9 --------------------------------------------------------------------------------------------
start wait.yml
kill -s KILL "$spoor"
finished
lost=$(newest | cut -d' ' -f1)
gone "$tool"
is $? 1 "kill -9: the tool lives on"
try "$SPOOR" status
status 0 "status of a killed run"
like "$out" ': killed, 1 of 3' "killed: status"
like "$out" '^wait.slow +unfinished' "killed: status of the step"
echo 'echo fast now; echo whole >product.dat' >fast.sh
try "$SPOOR" run wait.yml script=fast.sh
status 0 "the next run"
like "$out" "the previous run $lost did not end: its spoor was killed while running step wait.slow" \
    "the next run says so"
like "$out" "was still running \($tool\); it has been ended" "the next run ends the orphan, and says so"
wait_for "the orphan is gone" gone "$tool"
is "$(cat product.dat)" whole "the orphan harms nothing"
rm -f never.happened
try "$SPOOR" run wait.yml script=fast.sh
status 0 "the run after that"
unlike "$out" 'did not end' "it is told once"
try "$SPOOR" status "$lost"
like "$out" ': killed, ' "the lost run stays killed"

# --- an interrupted run leaves a directory that works --------------------------------------------------
try "$SPOOR" run wait.yml script=fast.sh
status 0 "and again"
find . -name '*.tmp' -o -name '*.new' -o -name 'core*' | grep .
is $? 1 "no debris"
finish
