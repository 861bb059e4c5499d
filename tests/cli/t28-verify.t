#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `spoor verify` (spec recompute.md A8, test 16): a tool that is deterministic, one that writes the time, one with noise, one that
# fails, and one that is given absolute paths. The tools note what they saw outside of the workspace.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >"$scratch/mutate" <<SH2
#!/bin/sh
echo "\$PWD \$2 saw \$(cat "\$1/column" | cksum)" >>"$scratch/ran"
echo "\$(cksum <"\$1/column") \$2" >"\$1/column"
[ "\$2" != s3 ] || date +%s%N >"\$1/time"
SH2
cat >"$scratch/noisy" <<SH2
#!/bin/sh
echo "\$PWD noisy" >>"$scratch/ran"
count=\$(cat "$scratch/count" 2>/dev/null || echo 0)
echo \$((count + 1)) >"$scratch/count"
echo "flux 1.\$((count + 100)) Jy" >"\$2"
echo "rms=1.\$((count + 100))"
SH2
cat >"$scratch/image" <<SH2
#!/usr/bin/python3
import sys, time
def card(name, value):
    return f"{name:8}= {value:>20}".ljust(80)
def text(name, value):
    return f"{name:8}= '{value}'".ljust(80)
head = [card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", 10),
        text("DATE", f"2026-01-01T{int(time.time() * 1e6) % 1000000:06}"), "END".ljust(80)]
with open(sys.argv[1], "wb") as file:
    file.write("".join(head).ljust(2880).encode() + bytes(range(10)).ljust(2880, b"\0"))
SH2
cat >"$scratch/fragile" <<SH2
#!/bin/sh
[ ! -e "$scratch/broken" ] || exit 3
echo made >"\$1"
SH2
chmod +x "$scratch/mutate" "$scratch/noisy" "$scratch/image" "$scratch/fragile"

cat >r.yml <<YAML
cabs:
  mutate:
    command: $scratch/mutate
    policies: {positional: true}
    inputs:
      ms: {dtype: MS, writable: true, required: true}
      name: {dtype: str, required: true}
  noisy:
    command: $scratch/noisy
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}, rms: {dtype: float}}
    management: {wranglers: {'rms=(?P<rms>.*)': PARSE_OUTPUT:rms:float}}
  tolerant:
    command: $scratch/noisy
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}}
    recompute: {compare: {text: text 0.1}}
  image:
    command: $scratch/image
    policies: {positional: true}
    outputs: {fits: {dtype: File, required: true}}
  fragile:
    command: $scratch/fragile
    policies: {positional: true}
    outputs: {text: {dtype: File, required: true}}
chain:
  steps:
    s1: {cab: mutate, params: {ms: x.ms, name: s1}}
    s2: {cab: mutate, params: {ms: x.ms, name: s2}}
    s3: {cab: mutate, params: {ms: x.ms, name: s3}}
    noisy: {cab: noisy, params: {ms: x.ms, text: out/noisy.txt}}
    tolerant: {cab: tolerant, params: {ms: x.ms, text: tolerant.txt}}
    image: {cab: image, params: {fits: image.fits}}
    fragile: {cab: fragile, params: {text: fragile.txt}}
places:
  inputs: {ms: MS}
  steps:
    one: {cab: mutate, params: {ms: =recipe.ms, name: one}}
    two: {cab: mutate, params: {ms: =recipe.ms, name: two}}
YAML
source_ms() { mkdir "$1" && echo raw >"$1/column"; }
source_ms x.ms
source_ms y.ms
source_ms "$scratch/z.ms"
everything() {
    find . -path ./.spoor -prune -o -printf '%p %y %s %T@ %C@ %i\n' | LC_ALL=C sort
}
ran() {
    cut -d ' ' -f 2 "$scratch/ran" | tr '\n' ' ' | sed 's/ $//'
    rm -f "$scratch/ran"
}

try "$SPOOR" verify
status 1 "where nothing was run"
try "$SPOOR" run r.yml chain
status 0 "a run"
cp "$scratch/ran" "$scratch/then"
rm "$scratch/ran"
everything >"$scratch/before"

# --- a tool that gives the same
try "$SPOOR" verify s2
status 0 "a deterministic step"
like "$out" '^chain.s2: the same, byte by byte$' "gives the same"
like "$out" '^1 the same, 0 differ, 0 not verified$' "counted"
is "$(cut -d ' ' -f 2- "$scratch/ran")" "$(grep ' s2 saw ' "$scratch/then" | cut -d ' ' -f 2-)" "it saw what it saw then, though later steps have changed it"
like "$scratch/ran" '/.spoor/verify/work s2' "in a directory of its own"
ran >/dev/null
everything | cmp -s - "$scratch/before"
ok $? "the workspace is untouched"
[ ! -e .spoor/verify ]
ok $? "the copies are gone"

# --- one that writes the time
try "$SPOOR" verify image
status 0 "a tool that writes the date into its header"
like "$out" '^chain.image: the same data \(time stamps' "gives the same data"
try "$SPOOR" verify s3
status 1 "one that writes it into its data"
like "$out" '^chain.s3: differs' "does not"
like "$out" '^  x.ms: time: numbers: 1 of 1 values differ' "in which file"

# --- noise
try "$SPOOR" verify noisy
status 1 "noise"
like "$out" '^chain.noisy: differs, by 0\.0' "is found, and how large it is"
like "$out" '^  out/noisy.txt: numbers: 1 of 1 values differ, at most by .* of the peak, at line 1: 1\.1[0-9]+ -> 1\.1[0-9]+$' "where"
like "$out" '^  rms: 1\.1[0-9]* -> 1\.1[0-9]*$' "and in what the tool says"
try "$SPOOR" verify noisy --tolerance 0.1
status 0 "with a tolerance"
like "$out" '^chain.noisy: the same within the tolerance, by 0\.0' "it is within"
try "$SPOOR" verify noisy --tolerance 1e-9
status 1 "with too small a tolerance"
try "$SPOOR" verify tolerant
status 0 "the tolerance of the cab"
try "$SPOOR" verify tolerant --tolerance exact
status 1 "exact after all"
try "$SPOOR" verify tolerant --tolerance much
status 2 "no tolerance"
like "$err" "'much' is no tolerance: write exact" "says what is one"

# --- failures
touch "$scratch/broken"
try "$SPOOR" verify fragile
status 1 "a tool that fails this time"
like "$out" '^chain.fragile: the tool failed this time: .*fragile returns error code 3' "says so"
rm "$scratch/broken"
try "$SPOOR" verify nosuch
status 1 "no such step"

# --- what is known afterwards
try "$SPOOR" why noisy
like "$out" 'verified 20.*: its cab does not give the same each time' "why: an unstable step"
try "$SPOOR" why s2
unlike "$out" 'does not give the same' "why: a stable one"
try "$SPOOR" show
like "$out" '^    verified +(differs|the same within the tolerance), by ' "show"
python3 -c 'import json, sys
lines = [json.loads(line) for line in open(".spoor/verified.jsonl")]
assert [l["seq"] for l in lines] == list(range(1, len(lines) + 1))
assert {l["outcome"] for l in lines} == {"bitwise", "meaning", "within", "differs", "failed"}, lines' >"$scratch/py" 2>&1
ok $? "remembered in .spoor/verified.jsonl" || cat "$scratch/py"

# --- reused results, several steps, samples
rm -f "$scratch/ran"
try "$SPOOR" run r.yml chain
like "$out" '7 steps not run again' "a run that reuses everything"
try "$SPOOR" verify 'chain.s?' --json
python3 -c 'import json, sys
steps = json.load(open(sys.argv[1]))
assert [(s["task"], s["outcome"]) for s in steps] == [("chain.s1", "bitwise"), ("chain.s2", "bitwise"), ("chain.s3", "differs")], steps' "$out" >"$scratch/py" 2>&1
ok $? "its steps can be verified, too" || cat "$scratch/py"
is "$(ran)" "s1 s2 s3" "they run"
try "$SPOOR" verify 'chain.s[12]' --sample 1
like "$out" '^1 the same, 0 differ' "a sample"
ran >/dev/null
try "$SPOOR" verify s1 --keep
[ -e .spoor/verify/work/x.ms/column ]
ok $? "--keep"

# --- what leads out of the inputs, and what no parameter names: read where it is, never written
outside() {
    find "$scratch/far" -printf '%p %y %s %T@ %C@ %i\n' | LC_ALL=C sort
}
mkdir -p "$scratch/far/Lines" "$scratch/far/data" "$scratch/far/hidden" own shared
echo table >"$scratch/far/Lines/table"
echo hidden >"$scratch/far/hidden/table"
echo shared >shared/table
ln -s ../Lines "$scratch/far/data/Lines"
ln -s "$scratch/far/Lines" own/Lines
ln -s ../../far/Lines own/relative
ln -s "$PWD/shared" own/shared
mkdir deep
ln -s "$scratch/far/Lines" deep/Lines
cat >far.yml <<YAML
cabs:
  reader:
    command: sh -c 'cat {current.d}/*/* $scratch/far/hidden/table >{current.out}'
    inputs: {d: {dtype: Directory, required: true}}
    outputs: {out: {dtype: File, required: true}}
    policies: {skip: true}
    recompute: {reads: [$scratch/far/hidden]}
  writer:
    command: sh -c 'echo more >>{current.d}/Lines/table'
    inputs: {d: {dtype: Directory, required: true, writable: true}}
    policies: {skip: true}
  prefix:
    command: sh -c 'p={current.prefix}; echo image >\$p-image'
    inputs: {prefix: {dtype: str, required: true}}
    outputs: {image: {dtype: File, implicit: '{current.prefix}-image'}}
    policies: {skip: true}
far:
  steps:
    away: {cab: reader, params: {d: $scratch/far/data, out: away.txt}}
    own: {cab: reader, params: {d: own, out: own.txt}}
    prefix: {cab: prefix, params: {prefix: $scratch/far/made}}
through:
  steps:
    writer: {cab: writer, params: {d: deep}}
YAML
try "$SPOOR" run far.yml far
status 0 "inputs with links that lead out"
outside >"$scratch/before"
try "$SPOOR" verify away
status 0 "an input directory elsewhere, with a link out of it"
like "$out" '^far.away: the same, byte by byte$' "verified"
try "$SPOOR" verify own
status 0 "links out of a directory of the workspace"
like "$out" '^far.own: the same, byte by byte$' "lead where they led"
try "$SPOOR" verify prefix
like "$out" 'far.prefix: cannot be verified: the tool would write to .*/far/made-image, outside' "an output elsewhere that the command line does not name"
outside | cmp -s - "$scratch/before"
ok $? "nothing was written there"
echo other >shared/table
try "$SPOOR" verify own
status 1 "what a link in the workspace leads to has changed"
like "$out" 'far.own: cannot be verified: shared, as it was then .* is neither in the store nor on disk' "is named, too"
echo shared >shared/table
echo other >"$scratch/far/hidden/table"
try "$SPOOR" verify own
status 1 "a hidden input that has changed"
like "$out" 'far.own: cannot be verified: .*/far/hidden is read where it is, and is no longer what it was then' "is named"
try "$SPOOR" run far.yml through
status 0 "a step that writes through a link"
outside >"$scratch/before"
try "$SPOOR" verify writer
status 1 "is not run again"
like "$out" 'through.writer: cannot be verified: .*deep/Lines leads to .*/far/Lines, outside' "says why"
outside | cmp -s - "$scratch/before"
ok $? "and nothing was written there either"
rm -rf "$scratch/far" own deep shared

# --- names that lead out of the scratch directory
try "$SPOOR" run r.yml places ms="$PWD/y.ms"
status 0 "an absolute path"
everything >"$scratch/before"
try "$SPOOR" verify one
status 0 "verified"
everything | cmp -s - "$scratch/before"
ok $? "nothing in the workspace was touched"
try "$SPOOR" run r.yml places ms="$scratch/z.ms"
cp "$scratch/z.ms/column" "$scratch/z.column"
try "$SPOOR" verify two
status 0 "data outside of the workspace"
cmp -s "$scratch/z.ms/column" "$scratch/z.column"
ok $? "are not touched either"

# --- what is not there any more
rm -rf .spoor/store/objects .spoor/store/trees
try "$SPOOR" verify one
status 1 "data that are not kept"
like "$out" 'places.one: cannot be verified: .*z.ms, as it was then .version [0-9a-f]*., is neither in the store nor on disk' "say which"
rm -rf .spoor/store/records
try "$SPOOR" verify one
like "$out" 'cannot be verified: its result is no longer remembered' "a record that is gone"

finish
