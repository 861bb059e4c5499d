#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Looking after a store: gc, fsck, pin, unpin, forget (doc/manual/store.md). What they do to data is in
# the tests of src/store; here: what a user sees.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

for command in gc fsck pin; do
    try "$SPOOR" $command
    status 1 "$command where there is no store"
    like "$err" "there is no store at" "says so"
done
[ ! -e .spoor ]
ok $? "and makes none"

mkdir -p store .spoor
echo 'spoor-store 1' >store/format
try "$SPOOR" fsck --store store
status 0 "an empty store"
like "$out" '^0 records, 0 manifests, 0 objects, .* all is well$' "is sound"
try "$SPOOR" gc --store store --dry-run --all --json
status 0 "gc --dry-run"
like "$out" '"freed": 0' "has nothing to free"
try "$SPOOR" gc --store store --budget 5X
status 2 "a budget that is none"
like "$err" "--budget must be a size .500G. or a share .20%., not '5X'" "says so"
try "$SPOOR" gc --store store --keep-free 101%
status 2 "more than there is"
like "$err" "--keep-free must be a size" "says so"
try "$SPOOR" gc --store store --older-than soon
status 2 "a duration that is none"
like "$err" "'soon' is no duration" "says so"

# An object and a manifest that nobody names, as an interrupted run leaves them.
zeros=$(printf '%062d' 0)
mkdir -p store/objects/ab store/trees store/records/cd
echo data >store/objects/ab/"$zeros"
state() { find store -type f -printf '%p %s %T@\n' | grep -v '^store/lock ' | LC_ALL=C sort; }
state >"$scratch/before"
try "$SPOOR" gc --store store --dry-run
like "$out" '^left over, named by nothing: ' "gc --dry-run finds orphans"
state | diff "$scratch/before" - >"$scratch/changed"
ok $? "and changes nothing" || sed 's/^/# /' "$scratch/changed"
try "$SPOOR" gc --store store
status 0 "gc"
[ ! -e store/objects/ab/"$zeros" ] && [ -z "$(ls store/trash 2>/dev/null)" ]
ok $? "removes them"

# While something is damaged nobody knows what it named.
echo rubbish >store/records/cd/"$zeros"
echo data >store/objects/ab/"$zeros"
try "$SPOOR" gc --store store
like "$out" "the store is damaged" "gc of a damaged store says so"
[ -e store/objects/ab/"$zeros" ]
ok $? "and keeps orphans"
try "$SPOOR" fsck --store store
status 4 "fsck of a damaged record"
like "$out" "^record cd0000" "names it"
try "$SPOOR" fsck --store store --json
status 4 "fsck --json"
like "$out" '"kind": "record"' "has it too"
try "$SPOOR" fsck --store store --repair
status 0 "fsck --repair"
like "$out" '\(taken out\)' "takes it out"
try "$SPOOR" fsck --store store
status 0 "then all is well"
try "$SPOOR" gc --store store
[ ! -e store/objects/ab/"$zeros" ]
ok $? "and the next gc removes orphans"

# --- who needs it -----------------------------------------------------------------------------------
printf 'rubbish\n' >.spoor/ledger
try "$SPOOR" gc --store store
status 1 "gc with a damaged ledger refuses"
like "$err" "has lost 1 lines" "says why"
try "$SPOOR" fsck --store store --repair
status 0 "fsck --repair of the ledger"
like .spoor/ledger.damaged rubbish "puts the lines aside"
try "$SPOOR" gc --store store
status 0 "then gc goes on"
mkdir -p store/workspaces
printf '/nowhere/.spoor\n/nowhere\n' >store/workspaces/"00$zeros"
try "$SPOOR" gc --store store
status 1 "a workspace on a disk that is not mounted"
like "$err" "'/nowhere' is not mounted" "is named"
printf '/nowhere/.spoor\n/\n' >store/workspaces/"00$zeros"
try "$SPOOR" gc --store store
status 0 "one that is gone"
[ ! -e store/workspaces/"00$zeros" ]
ok $? "counts no more"

# --- pins and forgetting ----------------------------------------------------------------------------
try "$SPOOR" pin --store store
like "$out" '^nothing is pinned$' "pin without words lists"
try "$SPOOR" pin --store store abcdef
status 1 "a version that is not there"
like "$err" "no version begins with 'abcdef'" "says so"
try "$SPOOR" pin --store store ab
like "$err" "'ab' is no version" "too few digits"
try "$SPOOR" unpin --store store
status 2 "unpin what?"
try "$SPOOR" forget --store store
status 2 "forget what?"
try "$SPOOR" forget --store store --yes step
status 1 "a step that is not there"
like "$err" "the store has no step, run, path or version 'step'" "says so"

echo 'spoor-store 99' >store/format
for command in gc fsck pin; do
    try "$SPOOR" $command --store store
    like "$err" 'newer spoor' "$command of a newer store"
done

# --- what is to be done ------------------------------------------------------------------------------
echo rubbish >store/format
try "$SPOOR" gc --store store
like "$err" "store/format' is damaged, or .* if it is one, write 'spoor-store 1' into that file" "a damaged format"
cat >twice.yml <<'YAML'
cabs:
  add:
    command: sh -c 'echo {current.n} >>{current.data}'
    inputs: {data: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: int, policies: {skip: true}}}
r:
  steps:
    a: {cab: add, params: {data: my.data, n: 1}}
    b: {cab: add, params: {data: my.data, n: 2}}
YAML
mkdir remedy && cp twice.yml remedy && cd remedy && echo raw >my.data || exit 99
try "$SPOOR" run twice.yml
status 0 "a run of two steps"
for object in .spoor/store/objects/*/*; do
    chmod u+w "$object" && printf XXXX >"$object"
done
try "$SPOOR" restore my.data@1
status 1 "a damaged source"
like "$err" "version 1 of my.data cannot be brought back, no step can make it again: put it back" "what can be done"
try "$SPOOR" restore --to b.data my.data@2
like "$err" "version 2 of my.data .*running its step again makes it again" "of what a step has made: run it"
[ ! -e b.data ]
ok $? "nothing is made of it"
try "$SPOOR" restore my.data@1
like "$err" "version 1 of my.data is not in the store; no step can make it again: put it back" "the next time, too"
try "$SPOOR" fsck
status 4 "fsck of a source that is lost"
like "$out" '^lost .* \(version [0-9a-f]{12} of my.data\); nobody can compute it again' "says of which path"
try "$SPOOR" fsck --repair
try "$SPOOR" fsck
status 4 "it stays lost"
like "$out" ' damaged, which nobody can compute again: .* put them back' "and no repair is offered that would do nothing"
try "$SPOOR" versions my.data
status 0 "the versions"
like "$out" '^ +1 .* not kept' "the source is not kept"
rm .spoor/store/format
try "$SPOOR" run twice.yml
status 4 "a store without its format"
like "$err" "not empty either: if it is one, write 'spoor-store 1' into '.*store/format', else name another" "what to do"
echo rubbish >.spoor/store/format
try "$SPOOR" versions my.data
status 1 "the versions, when the store cannot be opened"
like "$err" "store/format' is damaged" "says why"
like "$out" '^ +1 .* not known' "nobody knows what is kept"
try "$SPOOR" versions --json my.data
unlike "$out" '"kept"' "nor does the document say"
try "$SPOOR" run twice.yml
status 4 "a damaged store"
try "$SPOOR" why
like "$out" "^run .* came to no step: open the store" "why: what was wrong with the run"
sed -i 's/"v": *1/"v":99/' .spoor/runs/*/journal.jsonl
try "$SPOOR" status
like "$err" "written by a newer spoor .*: use that one" "a newer journal"
cd ..

# --- a directory is no version -------------------------------------------------------------------------
cat >parts.yml <<'YAML'
cabs:
  add:
    command: sh -c 'echo more >>{current.data}/part'
    inputs: {data: {dtype: Directory, writable: true, policies: {skip: true}}}
r:
  steps:
    a: {cab: add, params: {data: parts}}
YAML
mkdir -p in/parts && cp parts.yml in && cd in && echo raw >parts/part || exit 99
try "$SPOOR" run parts.yml
status 0 "a tool that changes a file in a directory"
for command in 'versions parts' 'restore parts/@1'; do
    # shellcheck disable=SC2086 # two words
    try "$SPOOR" $command
    status 1 "$command"
    like "$err" "'parts' is a directory in which each file has versions of its own: .* 'parts/part'" "names a file"
done
try "$SPOOR" versions part
unlike "$err" 'is a directory' "but only of what is in it"
try "$SPOOR" restore parts/part@1
is "$(cat parts/part)" raw "which comes back"
cd ..

# --- a result that could not be kept --------------------------------------------------------------------
cat >liar.yml <<'YAML'
cabs:
  liar:
    command: sh -c 'echo more >>{current.data}; echo made >{current.out}'
    inputs: {data: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: File, policies: {skip: true}}}
r:
  steps:
    a: {cab: liar, params: {data: lied.dat, out: out.dat}}
YAML
mkdir liar && cp liar.yml liar && cd liar && echo raw >lied.dat || exit 99
"$SPOOR" run liar.yml >"$out" 2>"$err"
try "$SPOOR" run liar.yml
status 0 "a tool that changes what it reads"
try "$SPOOR" why
like "$out" 'there is no earlier result of it that could be reused' "why: not that it has never run"
cd ..

# --- no room -----------------------------------------------------------------------------------------
cat >room.yml <<'YAML'
cabs:
  grow:
    command: sh -c 'echo more >>{current.data}'
    inputs: {data: {dtype: File, writable: true, policies: {skip: true}}}
r:
  steps:
    grow: {cab: grow, params: {data: big.dat}}
YAML
if command -v unshare >/dev/null 2>&1 && unshare -m true 2>/dev/null; then
    mkdir disk
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c 'mount -t tmpfs -o size=4m tmpfs disk && cp room.yml disk && cd disk || exit 99
        head -c 2500000 /dev/zero >big.dat && "$SPOOR" run room.yml' >"$out" 2>"$err"
    rc=$?
    if [ $rc -eq 99 ]; then
        skip "no room" "mounting is not allowed"
    else
        status 0 "no room for a snapshot: the step runs"
        said "no room for 2.5 MB in the store '.*', which may take [0-9.]+ [kM]B more .'spoor gc' makes room." \
            "and the run says how much there is"
    fi
    rmdir disk
else
    skip "no room" "mounting is not allowed"
fi

finish
