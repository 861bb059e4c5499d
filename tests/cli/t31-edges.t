#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Where it is easy to reuse too much, or to lose what somebody has: steps that go, kills and edits, freshness, scripts
# with modules, two steps of one file (doc/design/store.md).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >cabs.yml <<'YAML'
cabs:
  cat:
    command: sh -c '(cat {current.f}; echo {current.n}) >{current.out}'
    inputs: {f: {dtype: File, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
  more:
    command: sh -c 'cat {current.f} >>{current.out}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
  add:
    command: sh -c 'echo {current.n} >>{current.d}; sleep {current.s}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}},
             s: {dtype: int, default: 0, policies: {skip: true}}}
YAML
begin() { # name of a case
    mkdir "../$1" && cd "../$1" && echo raw >in && cp ../work/cabs.yml .
}
reused() { # how many, name
    like "$out" "^$1 steps? not run again" "$2"
}

# --- a step that goes: what it has made stays
begin gone || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N, m: str = M}, steps: {a: {cab: cat, params: {f: in, n: =recipe.n, out: a.out}},
                                 b: {cab: cat, params: {f: a.out, n: =recipe.m, out: b.out}}}}
YAML
try "$SPOOR" run r.yml
sed -i 's/a: {cab: cat, params: {f: in, n: =recipe.n, out: a.out}},//' r.yml
try "$SPOOR" run r.yml m=X
status 0 "the step that made an input is not there any more"
is "$(tr '\n' ' ' <b.out)" "raw N X " "what it made is"
try "$SPOOR" run r.yml m=M
reused 1 "as before"
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N, m: str = M}, steps: {a: {skip: true, cab: cat, params: {f: in, n: =recipe.n, out: a.out}},
                                 b: {cab: cat, params: {f: a.out, n: =recipe.m, out: b.out}}}}
YAML
try "$SPOOR" run r.yml m=Y
is "$(tr '\n' ' ' <b.out)" "raw N Y " "skipped, it is there, too"

# --- killed, then edited
begin killed || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {s: int = 0}, steps: {a: {cab: add, params: {d: d.txt, n: x, s: =recipe.s}}}}
YAML
echo raw >d.txt
"$SPOOR" run r.yml s=60 >"$out" 2>"$err" </dev/null &
pid=$!
wait_for "the tool writes" grep -q x d.txt
kill -9 "$pid"
wait "$pid" 2>/dev/null
echo precious >d.txt
try "$SPOOR" run r.yml
status 0 "after a kill, and an edit"
is "$(tr '\n' ' ' <d.txt)" "raw x " "the state before the step, then the step"
said "d.txt goes back to what it was before 'r.a', which did not end well" "it says so"
is "$(cat .spoor/attic/*/d.txt)" "precious" "the edit is in the attic"

# --- freshness of what was brought back
begin fresh || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N}, steps: {a: {cab: add, params: {d: in, n: =recipe.n}},
                                  b: {cab: cat, skip_if_outputs: fresh, params: {f: in, n: '', out: o}}}}
YAML
try "$SPOOR" run r.yml
try "$SPOOR" run r.yml n=X
try "$SPOOR" run r.yml n=N
is "$(tr '\n' ' ' <o)" "raw N  " "a result older than the data that came back"

# --- Python scripts and what lies beside them
begin scripts || exit 99
if command -v python3 >/dev/null; then
    echo 'VALUE = 1' >conf.py
    printf '#!/usr/bin/env python3\nimport conf\nopen("p.txt", "w").write(str(conf.VALUE))\n' >pl.py
    chmod +x pl.py
    for how in 'python3 pl.py' ./pl.py; do
        cat >r.yml <<YAML
r: {steps: {a: {cab: {command: $how, outputs: {o: {dtype: File, default: p.txt, policies: {skip: true}}}}}}}
YAML
        try "$SPOOR" run r.yml
        try "$SPOOR" run r.yml
        reused 1 "$how, as it was"
        echo "VALUE = '$how'" >conf.py
        try "$SPOOR" run r.yml
        is "$(cat p.txt)" "$how" "$how: the module beside it has changed"
    done
fi

# --- two steps, one file
begin twice || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N}, steps: {a: {cab: cat, params: {f: in, n: =recipe.n, out: o}},
                                  b: {cab: more, params: {f: in, out: o}}}}
YAML
try "$SPOOR" run r.yml
is "$(tr '\n' ' ' <o)" "raw N raw " "one step makes it, the next appends"
try "$SPOOR" run r.yml
reused 2 "both are known"
try "$SPOOR" run r.yml n=X
is "$(tr '\n' ' ' <o)" "raw X raw " "the first is changed"
sed -i 's/f: in, out: o/f: in2, out: o/' r.yml
echo more >in2
try "$SPOOR" run r.yml n=X
is "$(tr '\n' ' ' <o)" "raw X more " "the second is"

# --- names in a command that are no scripts
begin names || exit 99
cat >r.yml <<'YAML'
cabs:
  make:
    command: sh -c 'mkdir -p {current.out}; cat {current.f} >{current.out}/a'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: Directory, policies: {skip: true}}}
r: {steps: {a: {cab: make, params: {f: in, out: prod}}}}
YAML
try "$SPOOR" run r.yml
try "$SPOOR" run r.yml
reused 1 "a file in an output is no script of the step"

# --- a file that is taken out of an input directory
begin taken || exit 99
cat >r.yml <<'YAML'
cabs:
  copy: {command: cp, args: [-r], policies: {positional: true}, inputs: {d: {dtype: Directory, required: true}},
         outputs: {o: {dtype: Directory, required: true}}}
r: {steps: {a: {cab: copy, params: {d: folder, o: made}}}}
YAML
mkdir folder && echo one >folder/a
try "$SPOOR" run r.yml
echo two >folder/b
try "$SPOOR" run r.yml
is "$(find made -type f | sort | tr '\n' ' ')" "made/a made/b " "one more file"
rm folder/b
try "$SPOOR" run r.yml
is "$(find made -type f)" "made/a" "and one less"
[ ! -e folder/b ]
ok $? "which stays away"
rm folder/a && echo three >folder/c
try "$SPOOR" run r.yml
is "$(find made -type f)" "made/c" "another one instead"

# --- the ledger is gone
begin ledger || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: add, params: {d: in, n: x}}}}
YAML
try "$SPOOR" run r.yml
rm .spoor/ledger
try "$SPOOR" run r.yml
said "the ledger of this workspace is gone" "a ledger that is gone is missed"

# --- on top of an edit
begin ontop || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: add, params: {d: in, n: x}}}}
YAML
try "$SPOOR" run r.yml
echo mine >>in
try "$SPOOR" run r.yml --on-top
status 0 "--on-top takes an edited result"
is "$(tr '\n' ' ' <in)" "raw x mine x " "as it is"

# --- an output that is never made: whoever looks where it would be moves no data
begin never || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
cabs:
  look:
    command: sh -c 'cat {current.d} >{current.out}'
    inputs: {d: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}, more: {dtype: File, must_exist: false, implicit: more.txt}}
r: {steps: {a: {cab: add, params: {d: in, n: x}}, l: {cab: look, params: {d: in, out: l.out}}, b: {cab: add, params: {d: in, n: y}}}}
YAML
try "$SPOOR" run r.yml
find in l.out -printf '%p %i %C@\n' >../before
try "$SPOOR" run r.yml
reused 3 "an output that is not there"
is "$(find in l.out -printf '%p %i %C@\n')" "$(cat ../before)" "nothing is touched"

# --- a result that is kept no longer
begin lost || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = N}, steps: {a: {cab: cat, params: {f: in, n: A, out: a.out}},
                                 b: {cab: cat, params: {f: a.out, n: =recipe.n, out: b.out}}}}
YAML
try "$SPOOR" run r.yml
rm a.out
find .spoor/store/objects -type f -exec chmod u+w {} + -exec truncate -s 0 {} +
try "$SPOOR" run r.yml n=X
status 0 "what was found damaged is made again"
is "$(tr '\n' ' ' <b.out)" "raw A X " "for whoever needs it"
! grep -q "not run again" "$out"
ok $? "and nobody is told that it did not run"

# --- a step under another name, and another recipe that writes over what it made
begin renamed || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {inputs: {n: str = 1}, steps: {a: {cab: cat, params: {f: in, n: =recipe.n, out: o}}}}
other: {steps: {look: {cab: cat, params: {f: o, n: seen, out: l}}, over: {cab: cat, params: {f: in, n: over, out: o}}}}
YAML
try "$SPOOR" run r.yml r
sed -i 's/steps: {a:/steps: {b:/' r.yml
try "$SPOOR" run r.yml r
reused 1 "a step under another name"
try "$SPOOR" run r.yml other
try "$SPOOR" run r.yml r n=2
try "$SPOOR" run r.yml other
is "$(tr '\n' ' ' <l)" "raw 2 seen " "who writes over its result begins with the newest one"

finish
