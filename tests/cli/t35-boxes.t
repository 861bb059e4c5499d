#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Tools in boxes: --backend sandbox, opts.backend.sandbox, what a step may touch.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

"$SPOOR" doctor >"$out" 2>&1
if ! grep -q 'ok  *declared writes  *read-only mounts' "$out"; then
    ok 0 "# SKIP no sandbox can be made here"
    finish
fi

cat >recipe.yml <<'EOF'
cabs:
  copy:
    command: cp -r
    inputs: {from: {dtype: File, required: true, policies: {positional: true}}}
    outputs: {to: {dtype: File, required: true, policies: {positional: true}}}
  script:
    command: sh -c
    inputs:
      text: {dtype: str, required: true, policies: {positional: true}}
      table: {dtype: Directory, writable: true, policies: {skip: true}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
      found: {dtype: "List[File]", implicit: "=GLOB('found-*')", must_exist: false}
  plain:
    command: sh -c
    inputs:
      text: {dtype: str, required: true, policies: {positional: true}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
  rc:
    command: sh -c
    recompute: {reads: ["~/.toolrc"]}
    inputs:
      text: {dtype: str, required: true, policies: {positional: true}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
rc:
  steps:
    it: {cab: rc, params: {text: "cat $HOME/.tool* >rc.txt", to: rc.txt}}
chain:
  steps:
    one: {cab: copy, params: {from: in.txt, to: a.txt}}
    two: {cab: copy, params: {from: =previous.to, to: deep/er/b.txt}}
    three: {cab: copy, params: {from: =previous.to, to: c.txt}}
stray:
  steps:
    it: {cab: plain, params: {text: "echo x >stray.log; echo y >out.txt", to: out.txt}}
touch:
  steps:
    it: {cab: plain, params: {text: "echo x >in.txt; echo y >out.txt", to: out.txt}}
table:
  steps:
    it: {cab: script, params: {text: "echo more >>data.ms/rows; echo f >found-1", table: data.ms}}
env:
  steps:
    it: {cab: plain, params: {text: "env | cut -d= -f1 | sort >vars.txt; echo $HOME >>vars.txt", to: vars.txt}}
net:
  steps:
    it:
      cab: plain
      backend: {box: {network: true}}
      params: {text: "cat /proc/net/dev >net.txt", to: net.txt}
nonet:
  steps:
    it: {cab: plain, params: {text: "cat /proc/net/dev >nonet.txt", to: nonet.txt}}
big:
  steps:
    it:
      cab: plain
      backend: {box: {file_size: 100k}}
      params: {text: "head -c 200000 /dev/zero >big.bin", to: big.bin}
away:
  inputs: {to: str}
  steps:
    it: {cab: copy, params: {from: in.txt, to: =recipe.to}}
away-slow:
  inputs: {to: str}
  steps:
    it: {cab: plain, params: {text: "echo up >{recipe.to}; sleep 1000", to: =recipe.to}}
slow:
  steps:
    it: {cab: plain, params: {text: "echo up >up.txt; sleep 1000", to: up.txt}}
EOF
echo input >in.txt
mkdir data.ms
echo rows >data.ms/rows

try "$SPOOR" --backend sandbox run recipe.yml chain
status 0 "a chain of steps, one box each"
[ "$(cat c.txt deep/er/b.txt)" = "input
input" ]
ok $? "files go from box to box, and into directories that a step makes"
[ -z "$(ls .spoor/boxes)" ]
ok $? "no box stays"

try "$SPOOR" --backend sandbox run recipe.yml chain
status 0 "again"
like "$out" '3 steps not run again' "and nothing runs"
try "$SPOOR" run -b native recipe.yml chain
status 0 "without boxes"
unlike "$out" '3 steps not run again' "what a box has hidden might have mattered: the steps run"

try "$SPOOR" --backend sandbox run recipe.yml stray
status 1 "a file that is not declared"
like "$err" "it has written 'stray.log', which its cab does not declare" "is named"
[ ! -e stray.log ]
ok $? "and is not there"
try "$SPOOR" run -b native recipe.yml stray
status 0 "without a box nobody minds"
rm -f stray.log out.txt

try "$SPOOR" -c opts.backend.select=sandbox run recipe.yml touch
status 1 "a write to what is not declared, although the tool went on"
like "$err" 'in.txt: Read-only file system' "names the file"
[ "$(cat in.txt)" = input ]
ok $? "which is unharmed"

try "$SPOOR" --backend sandbox run recipe.yml table
status 0 "a table is changed in place"
[ "$(cat data.ms/rows)" = "rows
more" ] && [ "$(cat found-1)" = f ]
ok $? "and outputs are found by a pattern"

try env SECRET_TOKEN=1 OMP_NUM_THREADS=3 "$SPOOR" --backend sandbox run recipe.yml env
status 0 "the environment"
unlike vars.txt 'SECRET_TOKEN' "has no variable that nobody declares"
like vars.txt 'OMP_NUM_THREADS' "but those that are for tools"
like vars.txt '^/tmp/home$' "and a home of its own"

echo settings >"$HOME/.toolrc"
echo undeclared >"$HOME/.tool-other"
try "$SPOOR" --backend sandbox run recipe.yml rc
status 0 "a declared file of the home directory"
[ "$(cat rc.txt)" = settings ]
ok $? "is in the box's own, others are not"

try "$SPOOR" --backend sandbox run recipe.yml nonet
status 0 "no network"
[ "$(grep -c : nonet.txt)" = 1 ] && grep -q 'lo:' nonet.txt
ok $? "but loopback"
try "$SPOOR" --backend sandbox run recipe.yml net
status 0 "the network, asked for by the step"
[ "$(grep -c : net.txt)" = "$(grep -c : /proc/net/dev)" ]
ok $? "is that of the machine"

try "$SPOOR" --backend sandbox run recipe.yml big
status 1 "a limit"
[ ! -e big.bin ] || [ "$(wc -c <big.bin)" -le 100000 ]
ok $? "is kept"
try "$SPOOR" --backend sandbox -c opts.backend.box.memory=lots run recipe.yml chain --fresh
status 1 "a limit that is none"
like "$err" "opts.backend.box.memory: .*lots" "is refused"

"$SPOOR" --backend sandbox run recipe.yml slow >"$out" 2>"$err" &
spoor=$!
until [ -n "$(ls .spoor/boxes/*/*/up.txt 2>/dev/null)" ] || ! kill -0 $spoor 2>/dev/null; do
    sleep 0.05
done
kill -9 $spoor
wait $spoor 2>/dev/null
[ ! -e up.txt ] && [ -n "$(ls .spoor/boxes)" ]
ok $? "Spoor is killed while a box is at work: nothing has come out of it"
try "$SPOOR" --backend sandbox run recipe.yml chain
status 0 "the next run"
[ -z "$(ls .spoor/boxes)" ]
ok $? "removes what was left"
! grep -als "SPOOR_RUN=.*$work" /proc/[0-9]*/environ >"$out" 2>/dev/null
ok $? "and nothing of the box runs"

# An output on another file system, if there is one that we may write to.
if [ -w /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ]; then
    elsewhere=$(mktemp -d /dev/shm/spoor-boxes-XXXXXX)
    try "$SPOOR" --backend sandbox run recipe.yml away to="$elsewhere/out.txt"
    status 0 "an output on another file system"
    [ "$(ls -A "$elsewhere")" = out.txt ] && [ "$(cat "$elsewhere/out.txt")" = input ]
    ok $? "is there, alone"
    "$SPOOR" --backend sandbox run recipe.yml away-slow to="$elsewhere/up.txt" >"$out" 2>"$err" &
    spoor=$!
    until [ -n "$(find "$elsewhere" -path '*/up.txt')" ] || ! kill -0 $spoor 2>/dev/null; do
        sleep 0.05
    done
    kill -9 $spoor
    wait $spoor 2>/dev/null
    try "$SPOOR" --backend sandbox run recipe.yml chain
    [ "$(ls -A "$elsewhere")" = out.txt ]
    ok $? "what a killed Spoor leaves there is removed, too"
    rm -rf "$elsewhere"
fi

# A directory with more files than can be shown one by one.
mkdir -p wide/sub && cd wide || exit 99
seq -f f%g 2100 | xargs touch
cat >recipe.yml <<'EOF'
cabs:
  plain:
    command: sh -c
    inputs: {text: {dtype: str, required: true, policies: {positional: true}}}
    outputs: {to: {dtype: File, policies: {skip: true}}}
wide: {steps: {it: {cab: plain, params: {text: 'echo x >tmp; mkdir sub/y; mv tmp new/out', to: new/out}}}}
below: {steps: {it: {cab: plain, params: {text: 'cd sub; touch y; echo x >tmp; mv tmp out', to: sub/out}}}}
EOF
try "$SPOOR" --backend sandbox run recipe.yml wide
status 1 "a directory with very many files: what is in its directories is protected"
like "$err" 'Read-only file system' "and the message tells"
like "$out" 'WARNING: .*has 210[0-9] files, too many' "that the files are not is said"
[ "$(find . -maxdepth 1 -name 'f*' | wc -l)" -eq 2100 ] && [ ! -d sub/y ]
ok $? "all of them are there afterwards"
try "$SPOOR" --backend sandbox run recipe.yml below
status 1 "a directory in it is looked after as ever"
like "$err" "has written 'sub/y'" "its stray is named"
[ ! -e sub/y ]
ok $? "and moved away"
cd .. || exit 99

try "$SPOOR" --backend sandboxes run recipe.yml chain
status 2 "a backend that there is not"
like "$err" 'sandbox' "with the nearest name"

finish
