#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What becomes of steps that fail: undeclared files, retries, time-outs, memory and disks that are
# full.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >recipe.yml <<'EOR'
cabs:
  plain:
    command: sh -c
    inputs:
      text: {dtype: str, required: true, policies: {positional: true}}
      table: {dtype: Directory, writable: true, policies: {skip: true}}
      seen: {dtype: Directory, policies: {skip: true}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
stray:
  steps:
    it:
      cab: plain
      params:
        text: "mkdir -p sub; echo x >stray.log; echo z >sub/deep; echo y >out.txt"
        to: out.txt
wrong:
  steps:
    it: {cab: plain, params: {text: "echo x >stray.log; exit 3", to: out.txt}}
litter:
  steps:
    it:
      cab: plain
      params:
        text: "echo l >casa-2026.log; mkdir __pycache__; echo c >__pycache__/x.pyc; echo t >a.tmp; echo y >out.txt"
        to: out.txt
away:
  inputs: {to: str}
  steps:
    it:
      cab: plain
      params: {text: "echo x >{recipe.to}/stray.log; echo y >{recipe.to}/out.txt", to: "{recipe.to}/out.txt"}
again:
  steps:
    it:
      cab: plain
      backend: {retries: {tool: 2}}
      params:
        text: "cat data.ms/rows; echo more >>data.ms/rows; t=$HOME; echo a >>$t/tries; [ $(wc -l <$t/tries) = 3 ] && cp data.ms/rows out.txt"
        table: data.ms
        to: out.txt
meddled:
  steps:
    it:
      cab: plain
      backend: {retries: {tool: 2}}
      params: {text: "echo x >>seen.ms/rows; exit 3", seen: seen.ms, to: out.txt}
ruined:
  steps:
    it:
      cab: plain
      backend: {retries: {tool: 2}}
      params: {text: "rm -r seen.ms; exit 3", seen: seen.ms, to: out.txt}
left:
  steps:
    it: {cab: plain, params: {text: "echo y >out.txt; sleep 1000 >/dev/null 2>&1 &", to: out.txt}}
never:
  steps:
    it: {cab: plain, params: {text: "t=$HOME; echo up >>$t/tries; exit 7", to: out.txt}}
slow:
  steps:
    it:
      cab: plain
      backend: {timeout: 0.5}
      params: {text: "echo more >>data.ms/rows; echo up >up.txt; sleep 1000 & sleep 1001", table: data.ms, to: up.txt}
memory:
  steps:
    it: {cab: plain, params: {text: "echo MemoryError >&2; exit 1", to: out.txt}}
disk:
  steps:
    it: {cab: plain, params: {text: "echo 'write: No space left on device' >&2; exit 1", to: out.txt}}
killed:
  steps:
    it: {cab: plain, params: {text: "kill -9 $$", to: out.txt}}
hog:
  steps:
    it: {cab: plain, params: {text: "python3 -c 'print(len(bytearray(400000000)))'", to: out.txt}}
many:
  for_loop: {var: i, over: [1, 2, 3], scatter: -1}
  steps:
    it: {cab: plain, params: {text: "echo up >up-{recipe.i}.txt; sleep 1000 & sleep 1001", to: "up-{recipe.i}.txt"}}
EOR
mkdir data.ms
echo rows >data.ms/rows

# --- undeclared files ---------------------------------------------------------------------------

boxes=yes
"$SPOOR" doctor >"$out" 2>&1
grep -q 'ok  *declared writes  *read-only mounts' "$out" || boxes=no

undeclared_files() {
    try "$SPOOR" -b sandbox run recipe.yml stray
    status 1 "new files that are not declared"
    like "$err" "it has written '(sub|stray.log)', '(sub|stray.log)', which its cab does not declare" "are named"
    like "$err" 'they are in .spoor/undeclared/[^ ]*-0001-it \(declare an output' "with their place"
    like "$err" 'opts.backend.box.undeclared' "and what to do"
    [ "$(cat .spoor/undeclared/*/stray.log .spoor/undeclared/*/sub/deep)" = "x
z" ]
    ok $? "where they are"
    [ ! -e stray.log ] && [ ! -e sub ]
    ok $? "and not where they were made"
    said "left behind: 'out.txt'" "the declared one is named, too"

    try "$SPOOR" gc --dry-run
    like "$out" 'keeps .spoor/undeclared/.*-0001-it' "gc lets them be for a while"
    try "$SPOOR" gc --attic
    [ -z "$(ls .spoor/undeclared)" ]
    ok $? "--attic removes them"

    try "$SPOOR" -b sandbox run recipe.yml wrong
    status 1 "a tool that fails"
    like "$err" 'returns error code 3' "has failed of that"
    said "it has written 'stray.log', which its cab does not declare; it is in .spoor/undeclared" \
        "what it has left is told besides"

    try "$SPOOR" -b sandbox -c opts.backend.box.undeclared=drop run recipe.yml stray
    status 0 "undeclared: drop"
    said "it has written .*'stray.log'.*; removed" "names them"
    [ ! -e stray.log ] && [ ! -e sub ]
    ok $? "they are gone"

    try "$SPOOR" -b sandbox -c opts.backend.box.undeclared=keep run recipe.yml stray --fresh
    status 0 "undeclared: keep"
    said "it has written .*'stray.log'.*; kept" "names them"
    [ "$(cat stray.log sub/deep)" = "x
z" ]
    ok $? "they are where they were made"
    rm -rf stray.log sub

    try "$SPOOR" -b sandbox -c opts.backend.box.undeclared=drip run recipe.yml stray
    status 2 "undeclared: drip"
    like "$err" 'must be fail, drop or keep' "is refused"

    try "$SPOOR" -b sandbox -c 'opts.backend.box.litter=[default, "*.tmp"]' run recipe.yml litter
    status 0 "litter"
    unlike "$out" 'casa-2026.log.*declare|as litter' "is not talked about"
    [ ! -e casa-2026.log ] && [ ! -e __pycache__ ] && [ ! -e a.tmp ]
    ok $? "and is gone"
    grep -q "removed as litter: .*casa-2026.log" log-litter.it.txt
    ok $? "the log knows"
    try "$SPOOR" -b sandbox run recipe.yml litter --fresh
    status 1 "what is no litter by default"
    like "$err" "it has written 'a.tmp'" "is named"

    if [ -w /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ]; then
        elsewhere=$(mktemp -d /dev/shm/spoor-failures-XXXXXX)
        try "$SPOOR" -b sandbox run recipe.yml away to="$elsewhere"
        status 1 "an undeclared file on another file system"
        like "$err" "it is in $elsewhere/.spoor-undeclared-" "stays there"
        [ "$(cat "$elsewhere"/.spoor-undeclared-*/stray.log)" = x ]
        ok $? "and is whole"
        try "$SPOOR" gc --attic
        [ "$(ls -A "$elsewhere")" = out.txt ]
        ok $? "gc finds it"
        rm -rf "$elsewhere"
    fi

    for site in stray.move:1 stray.keep:1; do
        mode=fail
        [ $site = stray.keep:1 ] && mode=keep
        try env SPOOR_FAULT=$site "$SPOOR" -b sandbox -c opts.backend.box.undeclared=$mode \
            -c opts.backend.retries.infrastructure=0 run recipe.yml stray --fresh
        status 1 "$site fails"
        like "$err" "move '.*' (to|out of)" "and is told"
        [ -z "$(ls .spoor/boxes)" ]
        ok $? "no box stays"
    done
    rm -rf stray.log sub out.txt
}

if [ $boxes = yes ]; then
    undeclared_files
else
    skip "undeclared files in boxes" "no sandbox can be made here"
fi

# --- retries ------------------------------------------------------------------------------------

: >"$HOME/tries"
try "$SPOOR" run recipe.yml again
status 0 "a step that ends well at the third attempt"
said "step 'it': attempt 2 of 3 in 1 s, after: .*returns error code 1" "the second is told"
said "step 'it': attempt 3 of 3 in 2 s, after: .*returns error code 1" "and the third"
is "$(cat data.ms/rows)" "rows
more" "each begins with the same data"
like log-again.it.txt 'attempt 3 of 3' "the log has it"
[ "$(cat .spoor/runs/*/journal.jsonl | grep -c '"event": "step-retry"')" = 2 ]
ok $? "so has the journal"
try "$SPOOR" show
like "$out" 'attempt 2: .*returns error code 1' "and show"
try "$SPOOR" run recipe.yml again
like "$out" '1 step not run again' "the result is reused"

: >"$HOME/tries"
try "$SPOOR" run recipe.yml never
status 1 "a tool that fails is not tried again"
is "$(wc -l <"$HOME/tries")" 1 "by default"
: >"$HOME/tries"
try "$SPOOR" -c opts.backend.retries.tool=1 run recipe.yml never
status 1 "unless it is asked for"
is "$(wc -l <"$HOME/tries")" 2 "so often"
like "$err" 'returns error code 7.*\(tried 2 times\)' "and the message says so"
try "$SPOOR" -c opts.backend.retries.tool=many run recipe.yml never
status 2 "retries: many"

# What the tool does to its input lets the walk start over, and the attempts count on.
mkdir seen.ms
echo rows >seen.ms/rows
try "$SPOOR" run recipe.yml meddled
status 1 "a tool that changes its input, and fails"
said "step 'it': attempt 2 of 3 in 1 s, after: .*returns error code 3" "is tried again"
said "step 'it': attempt 3 of 3 in 2 s, after: .*returns error code 3" "and once more"
is "$(wc -l <seen.ms/rows)" 4 "but not more often"
like "$err" "step 'meddled.it' has failed: sh returns error code 3 .*\(tried 3 times\)" "it has failed of itself"
is "$(grep -c '^\[1/1\]' "$out")" 3 "it is the first step each time"
unlike "$out" '^\[[2-9]/' "and no other"
try "$SPOOR" show
like "$out" 'attempt 2: .*returns error code 3' "show knows the attempts of all walks"

rm -rf seen.ms
mkdir seen.ms
echo rows >seen.ms/rows
try "$SPOOR" run recipe.yml ruined
status 1 "a tool that removes its input, and fails"
like "$err" 'sh returns error code 3 .*\(not tried again: seen.ms.* is not in the store' \
    "the failure comes first, then why it is not tried again"

# The first file of the box cannot be made, which passes.
if [ $boxes = yes ]; then
    : >"$HOME/tries"
    try env SPOOR_FAULT=box.pipe:1 "$SPOOR" -b sandbox -c opts.backend.box.undeclared=drop \
        run recipe.yml memory
    said "attempt 2 of 3 in 1 s, after: .*create a pipe" "a box that cannot be made is tried again"
fi

# Without a store nobody can take back what an attempt has changed.
: >"$HOME/tries"
cp -r data.ms before.ms
try "$SPOOR" -c opts.store.enable=false -c opts.backend.retries.tool=1 run recipe.yml again
status 1 "nothing is remembered"
like "$err" "not tried again: 'data.ms' may have been changed" "so there is no second attempt"
rm -rf data.ms
mv before.ms data.ms

# Interrupted in a pause.
: >"$HOME/tries"
"$SPOOR" -c opts.backend.retries.tool=9 run recipe.yml never >"$out" 2>"$err" &
spoor=$!
wait_for "the second attempt" grep -q 'attempt 3 of 10 in 2 s' "$out" "$err"
kill -INT $spoor
wait $spoor
rc=$?
status 130 "interrupted in a pause"
is "$(wc -l <"$HOME/tries")" 2 "there is no other attempt"

# --- what is left running -----------------------------------------------------------------------

try "$SPOOR" -b native run recipe.yml left
said '^WARNING: process [0-9]+ \(sleep 1000\) was still running after the tool had ended' \
    "a process that is left is named"
if [ $boxes = yes ]; then
    try "$SPOOR" -b sandbox run recipe.yml left --fresh
    said '^WARNING: a process in its box was still running after the tool had ended' "in a box, too"
fi

# --- time-outs ----------------------------------------------------------------------------------

rows=$(cat data.ms/rows)
for backend in native sandbox; do
    [ $backend = native ] || [ $boxes = yes ] || continue
    try "$SPOOR" -b $backend run recipe.yml slow
    status 1 "a step that takes too long, $backend"
    like "$err" 'was ended: it ran longer than 0:00:0[01] \(opts.backend.timeout\)' "is ended"
    ! grep -als "SPOOR_RUN=.*$work" /proc/[0-9]*/environ >"$out" 2>/dev/null
    ok $? "with all that it has started"
    is "$(cat data.ms/rows)" "$rows" "and what it changed is as before"
    try "$SPOOR" show --json
    like "$out" '"failure": "resource"' "it is a matter of resources"
done
try "$SPOOR" -c opts.backend.timeout=soon run recipe.yml memory
status 2 "timeout: soon"
like "$err" 'a time \(2h, 30min\) or a number of seconds' "says what it takes"
try "$SPOOR" -c opts.backend.timeout=1min run recipe.yml litter --fresh
status 0 "a step that is fast enough"

# --- what ran out -------------------------------------------------------------------------------

try "$SPOOR" run recipe.yml memory
status 1 "a tool without memory"
like "$err" "returns error code 1.*it ran out of memory( \(peak .*\))?, it said 'MemoryError'" "says so"
try "$SPOOR" run recipe.yml disk
like "$err" "the disk is full, it said 'write: No space left on device'; .* free in /" "and one without disk"
try "$SPOOR" -c opts.backend.retries.resource=1 run recipe.yml disk
like "$err" 'tried 2 times' "it is tried again if that is wanted"
try "$SPOOR" run recipe.yml killed
like "$err" 'ended by signal 9' "a kill by hand is not taken for want of memory"

# A control group with too little memory, where we may make one.
group=/sys/fs/cgroup/memory/spoor-t45-$$
if mkdir "$group" 2>/dev/null && echo 100000000 >"$group/memory.limit_in_bytes" 2>/dev/null; then
    try sh -c "echo \$\$ >$group/cgroup.procs; exec \"$SPOOR\" run recipe.yml hog"
    status 1 "memory runs out"
    like "$err" 'was ended: by the kernel, for lack of memory \(peak .* of 100 MB\)' "and the message knows"
    rmdir "$group"
else
    skip "memory runs out" "no control group can be made here"
fi

# --- Spoor is killed ----------------------------------------------------------------------------

is_gone() {
    ! grep -als "SPOOR_RUN=.*$work" /proc/[0-9]*/environ >/dev/null 2>&1
}

# shellcheck disable=SC2317 # called by wait_for
all_up() {
    [ "$(find .spoor/boxes -name 'up-*.txt' | wc -l)" = 3 ]
}

if [ $boxes = yes ]; then
    "$SPOOR" -b sandbox run recipe.yml many >"$out" 2>"$err" &
    spoor=$!
    wait_for "three boxes are at work" all_up
    kill -9 $spoor
    wait $spoor 2>/dev/null
    wait_for "the boxes die with Spoor" is_gone
    is_gone
    ok $? "Spoor is killed while three boxes are at work: nothing of them runs on"
    ! grep -q "$work" /proc/self/mountinfo
    ok $? "no mount is left"
    [ -z "$(find . -path ./.spoor -prune -o -name 'up-*' -print)" ]
    ok $? "nothing has come out of them"
    try "$SPOOR" -b sandbox run recipe.yml litter
    said 'the previous run .* did not end' "the next run says so"
    [ -z "$(ls -A .spoor/boxes)" ]
    ok $? "and removes their directories"
fi

finish
