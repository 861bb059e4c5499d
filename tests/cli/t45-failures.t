#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What becomes of steps that fail: undeclared files, retries, time-outs, memory and disks that are
# full.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >recipe.yml <<'EOR'
cabs:
  plain:
    command: sh -c
    inputs:
      text: {dtype: str, required: true, policies: {positional: true}}
      table: {dtype: Directory, writable: true, policies: {skip: true}}
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
EOR

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
            run recipe.yml stray --fresh
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

finish
