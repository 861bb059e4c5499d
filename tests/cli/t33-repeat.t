#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A run that has nothing to do is known before anything is loaded, and only then (doc/design/repeat.md).
# shellcheck disable=SC2016 # scripts of others, in single quotes
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >cabs.yml <<'YAML'
cabs:
  cat:
    command: sh -c 'cat {current.f} >{current.out}; echo {current.n} >>{current.out}'
    inputs: {f: {dtype: File, policies: {skip: true}}, n: {dtype: str, default: n, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
  add:
    command: sh -c 'echo {current.n} >>{current.d}/rows; sleep {current.s}'
    inputs: {d: {dtype: MS, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}},
             s: {dtype: int, default: 0, policies: {skip: true}}}
  all:
    command: sh -c 'cat part* >{current.out}'
    inputs: {fs: {dtype: 'List[File]', policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
  mine:
    command: mytool
    inputs: {n: {dtype: str, policies: {positional: true}}}
    outputs: {out: {dtype: File, implicit: mine.out}}
YAML
cat >r.yml <<'YAML'
_include: cabs.yml
r:
  inputs: {n: str = N}
  outputs: {last: {dtype: File, implicit: all.out}}
  steps:
    a: {cab: cat, params: {f: in, n: =recipe.n, out: a.out}}
    m: {cab: add, params: {d: x.ms, n: =recipe.n}}
    g: {cab: all, params: {fs: =GLOB("part*"), out: all.out}}
    t: {cab: mine, params: {n: =recipe.n}}
YAML
mkdir bin others
printf '#!/bin/sh\necho "$1" >mine.out\n' >bin/mytool
chmod +x bin/mytool
PATH=$work/bin:$PATH
export PATH
echo in >in
echo p1 >part1
mkdir x.ms x.ms/SUB
echo raw >x.ms/rows
echo sub >x.ms/SUB/rows

newest() { # journal of the newest run
    find .spoor/runs -name journal.jsonl -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2
}
is_repeated() {
    grep -q '"repeats":' "$(newest)"
}
# Run until it is known that there is nothing to do: files that have just been made are too young for that.
settle() {
    for _ in 1 2 3 4 5 6 7 8; do
        "$SPOOR" run "$@" >"$out" 2>"$err" </dev/null || return 1
        is_repeated && return 0
        sleep 0.05
    done
    return 1
}
# changed NAME [STEPS NOT RUN AGAIN]: after a change the run is a real one.
changed() {
    try "$SPOOR" run r.yml
    status 0 "$1: it runs"
    ! is_repeated
    ok $? "$1: it is no repetition"
    [ $# -lt 2 ] || like "$out" "^$2 steps? not run again" "$1: $2 steps are reused"
    settle r.yml
    ok $? "$1: and is one later"
}

# --- known again
try "$SPOOR" run r.yml
status 0 "the first run"
settle r.yml
ok $? "a later one has nothing to do"
like "$out" "^run [0-9-]*, 4 tool runs$" "says how many there are"
like "$out" "^4 steps not run again" "says that none has run"
like "$out" "^last: all.out$" "says what has come out"
like "$out" "^run successful" "says that all is well"
find . -path ./.spoor -prune -o -type f -printf '%p %i %C@ %T@\n' | sort >../before
try "$SPOOR" run r.yml
is_repeated
ok $? "the next, too"
find . -path ./.spoor -prune -o -type f -printf '%p %i %C@ %T@\n' | sort >../after
cmp -s ../before ../after
ok $? "no file was touched, not even a log"
try "$SPOOR" status
like "$out" "4 reused" "spoor status"
like "$out" "^r.a +reused .* as in run" "spoor status, a step"
try "$SPOOR" why a
status 0 "spoor why"
try "$SPOOR" runs
is "$(grep -c "r  *done" "$out")" "$(find .spoor/runs -name journal.jsonl | wc -l)" "spoor runs"
try "$SPOOR" log a
status 0 "spoor log"
try "$SPOOR" show
status 0 "spoor show"
try "$SPOOR" fsck
status 0 "spoor fsck finds nothing wrong"
cp -a .spoor/repeat ../repeat.good

# --- whoever asks otherwise
for words in "--json r.yml" "-p 3 r.yml" "--edits adopt r.yml" "--resume r.yml" "r.yml n=N"; do
    # shellcheck disable=SC2086 # words
    try "$SPOOR" run $words
    ! is_repeated
    ok $? "run $words: a run of its own"
done
settle r.yml
(cd others && ! "$SPOOR" run ../r.yml >/dev/null 2>&1 </dev/null)
ok $? "from elsewhere it is another run"

# --- what changes
echo more >>in
changed "an input" 3
echo more >>x.ms/SUB/rows
try "$SPOOR" run r.yml
status 1 "a subtable changed by hand: refused"
try "$SPOOR" run --edits restore r.yml
status 0 "put back"
settle r.yml
touch part2
changed "a new file for a pattern" 3
rm part2
changed "a file for a pattern is gone" 4
rm all.out
changed "a result is gone" 4
echo x >>all.out
try "$SPOOR" run r.yml
status 1 "a result changed by hand: refused"
try "$SPOOR" run --edits restore r.yml
settle r.yml
ok $? "put back"
mv in in.real && ln -s in.real in
changed "a link in place of an input"
rm in && mv in.real in
changed "and back"
echo '# new' >>cabs.yml
changed "an included file" 4
printf '#!/bin/sh\n: new\necho "$1" >mine.out\n' >bin/mytool
changed "the program of a step" 3
mkdir bin0 && PATH=$work/bin0:$PATH
changed "another PATH" 4
cp bin/mytool bin0/mytool && echo ': newer' >>bin0/mytool
changed "a program that comes first in PATH" 3
mkdir -p "$HOME/.config" && echo 'opts: {log: {nest: 2}}' >"$HOME/.config/stimela.conf"
changed "a configuration file" 4
rm "$HOME/.config/stimela.conf"
changed "none" 4
SOMETHING=else TERM=other try "$SPOOR" run r.yml
is_repeated
ok $? "a variable that nobody asks for means nothing"
mkdir ../home2
HOME=$scratch/home2
changed "another home" 4
"$SPOOR" forget --yes a >/dev/null 2>&1
changed "a record is forgotten"
chmod u-w in
changed "the mode of an input"
chmod u+w in
touch in
changed "the times of an input" 4
cp -a x.ms y.ms && mv x.ms z.ms && mv y.ms x.ms
changed "a copy in place of the data"
settle r.yml
cat >other.yml <<'YAML'
_include: cabs.yml
other: {steps: {m: {cab: add, params: {d: x.ms, n: other}}}}
YAML
try "$SPOOR" run other.yml
status 0 "another recipe changes the data"
changed "another recipe in between"

# --- what glob(3) and the memory of tools know without asking
cat >deep.yml <<'YAML'
_include: cabs.yml
deep: {steps: {g: {cab: all, params: {fs: =GLOB("sub*/f"), out: deep.out}}}}
YAML
mkdir sub1 && touch sub1/f && echo file >sub2
settle deep.yml
ok $? "a pattern with directories"
rm sub2 && mkdir sub2 && touch sub2/f
try "$SPOOR" run deep.yml
! is_repeated
ok $? "a directory where a plain file was"
like "$out" "deep.g +done" "the pattern finds more"
cat >script.yml <<'YAML'
cabs:
  script:
    command: ./script/tool.py
    inputs: {n: {dtype: int, policies: {positional: true}}}
    outputs: {out: {dtype: File, implicit: script.out}}
script: {steps: {s: {cab: script, params: {n: 1}}}}
YAML
mkdir script
cat >script/tool.py <<'PY'
#!/usr/bin/env python3
try:
    from extra import number
except ImportError:
    number = 0
with open("script.out", "w") as out:
    print(number, file=out)
PY
chmod +x script/tool.py
settle script.yml
ok $? "a script in Python"
echo "number = 5" >script/extra.py
try "$SPOOR" run script.yml
! is_repeated
ok $? "a new module beside it"
is "$(cat script.out)" 5 "it is imported"

# --- what a process is granted, and reads
cat >letter.yml <<'YAML'
_include: cabs.yml
letter: {steps: {g: {cab: all, params: {fs: =GLOB("let?"), out: let.out}}}}
YAML
touch let1 letä
before=$LC_ALL
unset LC_ALL
LC_CTYPE=C.UTF-8
export LC_CTYPE
settle letter.yml
ok $? "a pattern with a letter"
LC_CTYPE=C try "$SPOOR" run letter.yml
! is_repeated
ok $? "in another character set that is two"
unset LC_CTYPE
LC_ALL=$before
export LC_ALL
cat >limit.yml <<'YAML'
_include: cabs.yml
opts: {backend: {rlimits: {NOFILE: 250}}}
limit: {steps: {a: {cab: cat, params: {f: in, out: limit.out}}}}
YAML
settle limit.yml
ok $? "a limit that can be set"
try sh -c 'ulimit -n 200 && exec "$0" run limit.yml' "$SPOOR"
status 1 "one that cannot"
like "$err" "the hard limit here is 200" "says why"

# --- a run that was killed, a run that failed
settle r.yml n=K
cat >slow.yml <<'YAML'
_include: cabs.yml
slow: {steps: {m: {cab: add, params: {d: q.ms, n: slow, s: 60}}}}
YAML
mkdir q.ms && touch q.ms/rows
"$SPOOR" run slow.yml >/dev/null 2>&1 </dev/null &
pid=$!
wait_for "the tool runs" grep -q slow q.ms/rows
kill -9 "$pid"
wait "$pid" 2>/dev/null
try "$SPOOR" run r.yml n=K
! is_repeated
ok $? "after a kill somebody has to look"
like "$out" "slow.m" "and says what was going on"

# --- what is not the same each time
cat >date.yml <<'YAML'
_include: cabs.yml
dated: {steps: {a: {cab: cat, params: {f: in, n: "{config.run.date}", out: d.out}}}}
YAML
! settle date.yml
ok $? "the date"
cat >logdir.yml <<'YAML'
_include: cabs.yml
opts: {log: {dir: "logs-{config.run.datetime}"}}
logged: {steps: {a: {cab: cat, params: {f: in, out: d2.out}}}}
YAML
settle logdir.yml
ok $? "in the name of a log directory it does not matter"
cat >say.yml <<'YAML'
_include: cabs.yml
said: {steps: {a: {cab: cat, params: {f: in, out: d3.out}, preamble: {said: =LOG("hello")}}}}
YAML
! settle say.yml
ok $? "a message wants to be said each time"
cat >env.yml <<'YAML'
_include: cabs.yml
asked: {steps: {a: {cab: cat, params: {f: in, n: "{config.run.env.SHLVL}", out: d4.out}}}}
YAML
SHLVL=1 "$SPOOR" run env.yml >/dev/null 2>&1 </dev/null
SHLVL=1 "$SPOOR" run env.yml >/dev/null 2>&1 </dev/null
SHLVL=1 "$SPOOR" run env.yml >/dev/null 2>&1 </dev/null
SHLVL=2 try "$SPOOR" run env.yml
is "$(tail -1 d4.out)" 2 "a variable that a formula asks for"

# --- what is damaged
settle r.yml
size=$(stat -c %s .spoor/repeat)
for at in 0 17 40 400 $((size - 1)); do
    cp -a .spoor/repeat ../good
    printf '\377' | dd of=.spoor/repeat bs=1 seek="$at" conv=notrunc 2>/dev/null
    try "$SPOOR" run r.yml
    [ "$rc" -eq 0 ] && ! is_repeated
    ok $? "a bad byte at $at is found"
    cp -a ../good .spoor/repeat
done
for len in 0 10 16 17 100 $((size / 2)) $((size - 1)); do
    truncate -s "$len" .spoor/repeat
    try "$SPOOR" run r.yml
    [ "$rc" -eq 0 ] && ! is_repeated
    ok $? "cut to $len bytes"
    cp -a ../good .spoor/repeat
done
rm .spoor/repeat && mkdir .spoor/repeat
try "$SPOOR" run r.yml
status 0 "a directory in its place"
rmdir .spoor/repeat
settle r.yml
rm -r ".spoor/runs/$(sed -n 2p .spoor/repeat | sed 's/.*"run": "\([^"]*\)".*/\1/')"
try "$SPOOR" run r.yml
[ "$rc" -eq 0 ] && ! is_repeated
ok $? "the run that it speaks of is gone"

# --- faults
settle r.yml
for site in $(SPOOR_FAULT_LIST=../sites "$SPOOR" run r.yml >/dev/null 2>&1 </dev/null
              sort -u ../sites); do
    SPOOR_FAULT=$site:1 try "$SPOOR" run r.yml
    [ "$rc" -eq 0 ] || [ "$rc" -eq 4 ]
    ok $? "a fault at $site while it is repeated"
    SPOOR_FAULT_KILL=$site:1 try "$SPOOR" run r.yml
    settle r.yml
    ok $? "a kill at $site: then as ever"
done

# --- images
python3 "$root/tests/image/make.py" good good
python3 "$root/tests/image/make.py" good newer how=plain
take() { # LAYOUT
    "$SPOOR" image pull -q "oci:$1" --as LOCAL/tool:1 >/dev/null 2>&1
}
cat >image.yml <<'YAML'
cabs:
  boxed:
    image: LOCAL/tool:1
    command: sh -c 'cat {current.f} >{current.out}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
boxed: {backend: {select: container}, steps: {a: {cab: boxed, params: {f: in, out: boxed.out}}}}
YAML
take good
settle image.yml
ok $? "a step in an image"
take newer
try "$SPOOR" run image.yml
! is_repeated
ok $? "another image under its name"
like "$out" "^boxed.a +done" "the step runs"
settle image.yml
ok $? "and then it is known"
"$SPOOR" image pin image.yml >/dev/null 2>&1
try "$SPOOR" run image.yml
! is_repeated
ok $? "a lock file"
settle image.yml
ok $? "and then it is known"
chmod -R u+w "$HOME/.local/share/spoor/images/roots" && rm -r "$HOME/.local/share/spoor/images/roots/"*
try "$SPOOR" run image.yml
! is_repeated
ok $? "the unpacked image is gone"
status 0 "it is unpacked again"

# --- nobody looks without saying so
for recipe in r.yml image.yml; do
    if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
        settle "$recipe"
        rm -f .spoor/repeat
        try strace -f -e trace=file -o ../trace "$SPOOR" run "$recipe"
        try python3 "$here/unheard.py" ../trace .spoor/repeat "$work"
        status 0 "$recipe: all that was asked is in the testimony"
        [ "$rc" -eq 0 ] || show
    else
        skip "$recipe: all that was asked is in the testimony" "no strace, or it may not trace"
    fi
done
finish
