#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# spoor audit: what a step touches that its cab does not declare.
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
      spare: {dtype: File, policies: {skip: true}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
  rc:
    command: sh -c
    recompute: {reads: ["~/.toolrc"]}
    inputs: {text: {dtype: str, required: true, policies: {positional: true}}}
    outputs: {to: {dtype: File, policies: {skip: true}}}
clean:
  steps:
    it: {cab: plain, params: {text: "cp data.ms/rows out.txt; echo x >/tmp/spoor-$$; rm /tmp/spoor-$$", table: data.ms, to: out.txt}}
    declared: {cab: rc, params: {text: "cat ~/.toolrc >rc.txt", to: rc.txt}}
messy:
  steps:
    home: {cab: plain, params: {text: "cat ~/.toolrc ~/strategies/a/* ~/strategies/b >one.txt", to: one.txt}}
    local: {cab: plain, params: {text: "n=params; cat $n.cfg >two.txt || echo none >two.txt", to: two.txt}}
    stray: {cab: plain, params: {text: "mkdir -p d/e; echo x >d/e/f; mkdir t; echo t >t/tmp; rm -r t; (cd d; echo y >'g h'); echo z >three.txt", to: three.txt}}
    spare: {cab: plain, params: {text: "echo v >four.txt", spare: unread.txt, to: four.txt}}
EOR
mkdir data.ms "$HOME/strategies" "$HOME/strategies/a"
echo rows >data.ms/rows
echo settings >"$HOME/.toolrc"
echo params >params.cfg
echo unread >unread.txt
for name in a/one a/two b; do
    echo $name >"$HOME/strategies/$name"
done

try "$SPOOR" audit
status 1 "before there is any run"

try "$SPOOR" run recipe.yml clean
status 0 "a run"
try "$SPOOR" audit
status 0 "steps that touch what they declare"
like "$out" 'clean.it \(cab plain\): touches what its cab declares, nothing else' "are told so"
like "$out" 'clean.declared \(cab rc\): touches what its cab declares, nothing else' "also with a hidden input that is declared"
like "$out" '2 steps, 0 findings, 0 not audited' "and counted"

rm -f rc.txt
try "$SPOOR" run recipe.yml messy
status 0 "a run whose steps touch other things"
listing >"$scratch/before"
try "$SPOOR" audit home local stray spare
status 1 "findings"
like "$out" 'reads   ~/.toolrc$' "a file of the home directory"
like "$out" 'say so in the cab: recompute: \{reads: \[~/.toolrc\]\}' "with what to write"
like "$out" 'reads   ~/strategies \(3 files\)' "several files, by their directory"
like "$out" 'looks for params.cfg, which is in the workspace' "a file of the workspace"
like "$out" 'writes  d$' "a new directory"
unlike "$out" 'd/e|g h|t/tmp|writes  t$' "once, and not what was removed again"
like "$out" 'an output: \{dtype: Directory, implicit: d\}' "with what to write"
like "$out" 'does not open its input spare = unread.txt' "an input that is not opened"
unlike "$out" '/lib/|/usr/|/etc/|/proc/' "nothing of the system"
listing | grep -v './.spoor' >"$scratch/after"
grep -v './.spoor' "$scratch/before" | diff - "$scratch/after" >"$out"
ok $? "nothing in the workspace has changed"
[ ! -e .spoor/verify ]
ok $? "and nothing is left"

try "$SPOOR" audit --yaml home stray
status 1 "--yaml"
cp "$out" snippet.yml
like "$out" '^cabs:$' "is a section of cabs"
like "$out" '^ *- "~/.toolrc"$' "with reads"
like "$out" '^ *d: \{dtype: Directory, implicit: "d"\}$' "and outputs"
try "$SPOOR" audit --json home stray
status 1 "--json"
cp "$out" audit.json
try python3 -c '
import json
home, stray = json.load(open("audit.json"))
assert [r["path"] for r in home["reads"]] == ["~/.toolrc", "~/strategies"], home
assert [r["count"] for r in home["reads"]] == [1, 3], home
assert [w["path"] for w in stray["writes"]] == ["d"], stray
'
status 0 "is one document"

try "$SPOOR" audit nothing
status 1 "a step that there is not"
try env PATH="$scratch/home" "$SPOOR" audit home
status 3 "without strace"
like "$err" 'apt install strace' "it says how to get it"
try "$SPOOR" audit --help
like "$out" 'spoor audit flag image' "help has examples"

finish
