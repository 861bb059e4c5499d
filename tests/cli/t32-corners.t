#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What tools do that no cab tells: they leave processes and links behind (doc/design/store.md 8).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

begin() { # name of a case
    mkdir "../$1" && cd "../$1" && echo raw >in && cp ../work/cabs.yml .
}
reused() { # how many, name
    like "$out" "^$1 steps? not run again" "$2"
}

cat >cabs.yml <<'YAML'
cabs:
  cat:
    command: sh -c 'cat {current.f} >{current.o}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
  add:
    command: sh -c 'echo {current.n} >>{current.d}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
  late:
    command: sh -c '(sleep 0.5; echo late >{current.o}) >/dev/null 2>&1 & echo early >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
  session:
    command: sh -c 'setsid sh -c "sleep 0.5; echo late >{current.o}" >/dev/null 2>&1 & echo early >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
  daemon:
    command: sh -c 'setsid sh -c "while :; do echo more >>{current.o}; sleep 0.02; done" >/dev/null 2>&1 & echo x >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
YAML

# --- what a tool leaves running
for cab in late session; do
    begin "$cab" || exit 99
    cat >r.yml <<YAML
_include: cabs.yml
r: {steps: {a: {cab: $cab, params: {o: x}}, b: {cab: cat, params: {f: x, o: y}}}}
YAML
    try "$SPOOR" run r.yml
    status 0 "$cab: a tool that leaves somebody writing"
    is "$(cat y)" late "$cab: who comes next waits for what is written"
    try "$SPOOR" run r.yml
    reused 2 "$cab: it is a result like others"
done

begin daemon || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: daemon, params: {o: x}}, b: {cab: cat, params: {f: x, o: y}}}}
YAML
try "$SPOOR" run r.yml
status 0 "a tool that leaves a daemon"
said "process [0-9]+ \(.*while .*it has been ended, and the result is not reused" "says so"
cmp -s x y
ok $? "nobody writes while the next one reads"
try "$SPOOR" run r.yml
unlike "$out" "^2 steps not run again" "the result is not reused"
said "it has been ended" "the tool runs again"

# --- links where results should be
cat >../work/cabs.yml <<'YAML'
cabs:
  cat:
    command: sh -c 'cat {current.f} >{current.o}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
  link:
    command: sh -c 'echo {current.n} >elsewhere; ln -s {current.to} {current.o}'
    inputs: {n: {dtype: str, default: x, policies: {skip: true}}, to: {dtype: str, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
  must:
    command: ln -s nowhere
    outputs: {o: {dtype: File, must_exist: true, default: x, policies: {positional: true}}}
YAML

begin nowhere || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: link, params: {to: nowhere, o: x}}}}
must: {steps: {a: {cab: must}}}
YAML
for time in first second; do
    try "$SPOOR" run r.yml r
    status 0 "a link to nothing, the $time time"
    said "step 'a' has made x a link to 'nowhere', where nothing is: it is not reused" "says so"
    unlike "$out" "not run again" "which is not reused"
    is "$(readlink x)" nowhere "the link stays"
done
rm x
try "$SPOOR" run r.yml must
status 1 "a link to nothing is no output"
said "did not make output 'o'" "says so"

begin linked || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N}, steps: {a: {cab: link, params: {n: =recipe.n, to: elsewhere, o: x}},
                                  b: {cab: cat, params: {f: x, o: y}}}}
YAML
for n in N M N; do
    try "$SPOOR" run r.yml n=$n
    status 0 "a link to a file"
    said "step 'a' has made x a link to 'elsewhere': it is not reused" "says so"
    is "$(cat y)" $n "the next step reads what it points to ($n)"
    is "$(readlink x)" elsewhere "the link stays"
done

rm y
try "$SPOOR" run r.yml -s b
is "$(cat y; readlink x)" "N
elsewhere" "without the step that makes it, the link is there"
sed -i 's/a: {cab: link, params: {n: =recipe.n, to: elsewhere, o: x}},//' r.yml
rm y
try "$SPOOR" run r.yml
is "$(cat y; readlink x)" "N
elsewhere" "also when the recipe has it no more"

begin source || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: link, params: {to: "{config.run.env.HOME}/data", o: x}}, b: {cab: cat, params: {f: x, o: y}}}}
YAML
sed -i "s|{config.run.env.HOME}|$HOME|" r.yml
echo mine >"$HOME/data"
for n in 1 2 3; do
    try "$SPOOR" run r.yml
    is "$(cat "$HOME/data" y)" "mine
mine" "data that a step links to are nobody's result ($n)"
done
reused 1 "who reads them is reused"

# --- links that are there already
begin through || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: cat, params: {f: in, o: x}}}}
YAML
mkdir scratch && ln -s scratch/x x
try "$SPOOR" run r.yml
is "$(readlink x) $(cat scratch/x)" "scratch/x raw" "a tool writes through a link to where nothing was"
try "$SPOOR" run r.yml
reused 1 "and is known"
rm scratch/x
try "$SPOOR" run r.yml
reused 1 "what has gone"
is "$(readlink x) $(cat scratch/x)" "scratch/x raw" "comes back behind the link"

# --- the last step that changes data goes
begin gone || exit 99
cat >>cabs.yml <<'YAML'
  add:
    command: sh -c 'echo {current.n} >>{current.d}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
YAML
recipe() { # STEPS
    printf '_include: cabs.yml\nr: {steps: {%s}}\n' "$1" >r.yml
}
a='a: {cab: add, params: {d: e, n: A}}'
b='b: {cab: add, params: {d: d, n: B}}'
echo raw >d && echo raw >e && echo raw >f
recipe "$a, $b, c: {cab: add, params: {d: f, n: C}}"
try "$SPOOR" run r.yml
recipe "$a"
try "$SPOOR" run r.yml -s a
unlike "$out" "no longer has" "nothing is said of a part of a recipe"
try "$SPOOR" run r.yml
status 0 "steps that have changed data are gone"
said "d stays as 'r.b' has left it, a step that the recipe no longer has \(and 1 other path" "says so"
is "$(cat d)" "raw
B" "data that no step names stay as they are"
try "$SPOOR" run r.yml --on-top
unlike "$out" "no longer has" "--on-top: nothing is said"
try "$SPOOR" restore d@1
is "$(cat d)" raw "the state before comes back by hand"
recipe "$b"
try "$SPOOR" run r.yml
recipe "$b, b2: {cab: add, params: {d: d, n: B2}}"
try "$SPOOR" run r.yml
recipe "$b"
try "$SPOOR" run r.yml
said "d goes back to what it was before 'r.b2', a step that the recipe no longer has" "data that steps name go back"
is "$(cat d)" "raw
B" "to what these make"
try "$SPOOR" run r.yml
unlike "$out" "d (stays|goes)" "which is said once"

# --- hard links
begin twins || exit 99
cat >r.yml <<'YAML'
cabs:
  add:
    command: sh -c 'echo {current.n} >>{current.d}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
  set:
    command: sh -c 'for f in {current.d}/*; do echo {current.n} >>$f; done'
    inputs: {d: {dtype: MS, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
  cat:
    command: sh -c 'cat {current.f} >{current.o}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
r:
  inputs: {n: str = N}
  steps:
    b: {cab: cat, params: {f: b, o: one}}
    a: {cab: add, params: {d: a, n: =recipe.n}}
    c: {cab: cat, params: {f: b, o: two}}
set: {steps: {a: {cab: set, params: {d: my.ms, n: x}}}}
over: {steps: {a: {cab: cat, params: {f: c, o: out}}}}
YAML
echo raw >a && ln a b
try "$SPOOR" run r.yml r
status 0 "a step changes data that have another name"
said "files of a have other names, too \(1 hard links\): they are copied before 'r.a' may change them" "says so"
is "$(cat a one b two)" "raw
N
raw
raw
raw" "what is at the other name stays as it is"
try "$SPOOR" run r.yml r
reused 3 "and nothing runs again"
unlike "$out" "hard links" "said once"
try "$SPOOR" run r.yml r n=M
is "$(cat a b)" "raw
M
raw" "another change"
mkdir my.ms && echo A >my.ms/table.dat && echo B >my.ms/table.f0 && cp -al my.ms backup.ms
try "$SPOOR" run r.yml set
is "$(cat my.ms/* backup.ms/*)" "A
x
B
x
A
B" "a dataset that was copied by links"
echo new >c && echo old >out && ln out keep
try "$SPOOR" run r.yml over
is "$(cat out keep)" "new
old" "an output that is written over"

# --- looking at what is not ours
begin readonly || exit 99
cat >r.yml <<'YAML'
cabs:
  look: {command: cat, inputs: {f: {dtype: File, policies: {positional: true}}}}
  cat:
    command: sh -c 'cat {current.f} >{current.o}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
r: {steps: {a: {cab: cat, params: {f: in, o: x}}, b: {cab: look, params: {f: x}}}}
l: {steps: {a: {cab: look, params: {f: in}}}}
YAML
everything() {
    find . -printf '%p %y %i %m %s %T@ %C@\n' | LC_ALL=C sort
}
chmod a+rx "$scratch" .
chmod a+r ./*
if [ "$(id -u)" -eq 0 ] && runuser -u nobody -- test -x "$SPOOR" 2>/dev/null; then
    as_nobody='runuser -u nobody --'
    what='somebody else'
else
    as_nobody=
    what=root
    [ "$(id -u)" -eq 0 ] || what=nobody
    chmod a-w .
fi
look() { # NAME OF STATE, RECIPE, REGEX
    everything >"$scratch/before"
    for command in plan 'run -d' 'plan --json'; do
        # shellcheck disable=SC2086 # words
        try env HOME=/nonexistent $as_nobody "$SPOOR" $command -b native r.yml "$2"
        status 0 "$1: $command, as $what"
        everything >"$scratch/after"
        cmp -s "$scratch/before" "$scratch/after"
        ok $? "$1: $command writes nothing" || diff "$scratch/before" "$scratch/after" | sed 's/^/# /'
        [ "$command" != plan ] || like "$out" "$3" "$1: it says what would happen"
    done
}
look "never run" l '1 tool run'
if [ -n "$as_nobody" ]; then
    try "$SPOOR" run r.yml r
    look "has been run" r '2 tool runs \(1 would run, 1 known\)'
    echo other >in
    look "changed" r '2 tool runs'
    : >.spoor/ledger.damaged
    look "damaged" r '2 tool runs'
    rm .spoor/ledger
    look "without a ledger" r '2 tool runs'
    said "warning: step 'r.a': output 'o' is not writable at 'x'" "what the reader may not do is no error"
fi
chmod u+w .

# --- what lies beside the store
begin attic || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: cat, params: {f: in, o: x}}}}
YAML
try "$SPOOR" run r.yml
mkdir -p .spoor/attic/20200101-000000/dir .spoor/attic/20200102-000000 .spoor/attic/late .spoor/verify/work
echo mine | tee .spoor/attic/20200101-000000/dir/x .spoor/attic/20200102-000000/x .spoor/attic/late/x .spoor/verify/work/x >/dev/null
touch -d '31 days ago' .spoor/attic/20200101-000000
touch -d '30 days ago' .spoor/attic/20200102-000000
touch -d '29 days ago' .spoor/attic/late
beside() {
    everything | grep 'attic\|verify'
}
beside >"$scratch/before"
try "$SPOOR" gc --dry-run
status 0 "gc --dry-run with an attic"
like "$out" '^would remove .spoor/attic/20200101-000000 \(5 B, 31 days old\)$' "lists what has been there for long"
like "$out" '^would remove .spoor/attic/20200102-000000 ' "as long as that"
like "$out" '^keeps .spoor/attic/late .*--attic' "and what has not"
like "$out" '^would remove .spoor/verify ' "and what a verification has left"
beside | diff "$scratch/before" - >"$scratch/changed"
ok $? "and changes nothing" || sed 's/^/# /' "$scratch/changed"
try "$SPOOR" gc
status 0 "gc with an attic"
like "$out" '^removed .spoor/attic/20200101-000000 ' "says what it removes"
is "$(ls -A .spoor/attic)" late "what has been there for long is gone"
[ ! -e .spoor/verify ]
ok $? "and what a verification has left"
try "$SPOOR" gc --attic --json
like "$out" '"goes": true' "gc --attic --json"
is "$(ls -A .spoor/attic)" "" "all is gone"
mkdir -p .spoor/attic/old .spoor/attic/older
touch -d '40 days ago' .spoor/attic/old .spoor/attic/older
try env SPOOR_FAULT=tree.unlink:1 "$SPOOR" gc
status 4 "gc that cannot remove something"
like "$err" "remove '.spoor/attic/old'" "says what"
try "$SPOOR" gc
is "$(ls -A .spoor/attic)" "" "the next one can"

# --- a result of other parameters that is brought back
begin variant || exit 99
cat >r.yml <<'YAML'
cabs:
  add:
    command: sh -c 'echo {current.n} >>{current.d}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
r:
  inputs: {n: str = one}
  steps:
    a: {cab: add, params: {d: d, n: A}}
    b: {cab: add, params: {d: d, n: =recipe.n}}
other:
  steps:
    c: {cab: add, params: {d: d, n: C}}
YAML
echo raw >d
for n in one two one; do
    try "$SPOOR" run r.yml r n=$n
done
try "$SPOOR" restore d@4
is "$(xargs <d)" "raw A two" "the variant is there"
try "$SPOOR" run r.yml r n=one
reused 2 "the recipe does not run on top of its own result"
is "$(xargs <d)" "raw A one" "but gives what it gave"
try "$SPOOR" restore d@4
try "$SPOOR" run r.yml other
is "$(xargs <d)" "raw A two C" "another recipe goes on from it"
echo new >d
try "$SPOOR" run r.yml r --edits adopt
is "$(xargs <d)" "new A one" "other data"
try "$SPOOR" restore d@2
is "$(xargs <d)" "raw A" "a result of the data before"
try "$SPOOR" run r.yml r
reused 2 "it is known from what it was made"
is "$(xargs <d)" "raw A one" "and that is where the recipe starts"
try "$SPOOR" restore d@4
for record in .spoor/store/records/*/*; do
    chmod u+w "$record" && echo rubbish >"$record"
done
try "$SPOOR" restore d@2
status 0 "restore without records"
is "$(xargs <d)" "raw A" "works all the same"

finish
