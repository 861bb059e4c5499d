#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Never compute twice (spec recompute.md A8, tests 1-3, 5, 10, 11, 14): chains of tools that change one dataset in
# place. The tool notes what it saw and what it did outside of the workspace.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

# mutate DATASET NAME VALUE: what is there, the name and the value decide what comes out.
cat >"$scratch/mutate" <<SH2
#!/bin/sh
saw=\$(cat "\$1/column" | cksum)
echo "\$2 saw \$saw" >>"$scratch/ran"
echo "\$saw \$2 \$3" | cksum >"\$1/column"
echo "\$2" >>"\$1/HISTORY"
SH2
# digest DATASET OUT: reads it only.
cat >"$scratch/digest" <<SH2
#!/bin/sh
echo "digest" >>"$scratch/ran"
cat "\$1/column" >"\$2"
SH2
cat >"$scratch/create" <<SH2
#!/bin/sh
echo "create" >>"$scratch/ran"
mkdir "\$1" && echo "\$2" >"\$1/column" && : >"\$1/HISTORY"
SH2
chmod +x "$scratch/mutate" "$scratch/digest" "$scratch/create"

recipe() { # file
    cat >"$1" <<YAML
cabs:
  create:
    command: $scratch/create
    inputs: {seed: {dtype: int, default: 1, policies: {positional: true}}}
    outputs: {ms: {dtype: MS, required: true, policies: {positional_head: true}}}
  mutate:
    command: $scratch/mutate
    policies: {positional: true}
    inputs:
      ms: {dtype: MS, writable: true, required: true}
      name: {dtype: str, required: true}
      value: {dtype: int, default: 0}
  digest:
    command: $scratch/digest
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}}
chain:
  inputs: {v1: int = 1, v2: int = 2, v3: int = 3, v4: int = 4, v5: int = 5, ms: {dtype: MS, default: x.ms}}
  steps:
    s1: {cab: mutate, params: {ms: =recipe.ms, name: s1, value: =recipe.v1}}
    s2: {cab: mutate, params: {ms: =recipe.ms, name: s2, value: =recipe.v2}}
    s3: {cab: mutate, params: {ms: =recipe.ms, name: s3, value: =recipe.v3}}
    s4: {cab: mutate, params: {ms: =recipe.ms, name: s4, value: =recipe.v4}}
    s5: {cab: mutate, params: {ms: =recipe.ms, name: s5, value: =recipe.v5}}
made:
  inputs: {seed: int = 1, value: int = 1}
  steps:
    make: {cab: create, params: {ms: made.ms, seed: =recipe.seed}}
    change: {cab: mutate, params: {ms: made.ms, name: change, value: =recipe.value}}
    look: {cab: digest, params: {ms: made.ms, text: look.txt}}
later:
  inputs: {value: int = 9}
  steps:
    more: {cab: mutate, params: {ms: x.ms, name: more, value: =recipe.value}}
loop:
  inputs: {over: {dtype: "List[int]", default: [1, 2, 3]}}
  for_loop: {var: i, over: over, scatter: 2}
  steps:
    one: {cab: digest, params: {ms: '{recipe.i}.ms', text: 'loop-{recipe.i}.txt'}}
grow:
  inputs: {n: {dtype: "List[int]", default: [0, 1, 2]}, at: int = 99}
  for_loop: {var: i, over: n}
  steps:
    one: {cab: mutate, params: {ms: x.ms, name: 'g{recipe.i}', value: '=IF(recipe.i == recipe.at, 1, 0)'}}
YAML
}

source_ms() { # name
    mkdir "$1" && echo "raw $1" >"$1/column" && : >"$1/HISTORY"
}

# What ran since the last time, as one line.
ran() {
    [ -e "$scratch/ran" ] && cut -d ' ' -f 1 "$scratch/ran" | tr '\n' ' ' | sed 's/ $//'
    rm -f "$scratch/ran"
}

# The result of the same recipe on the same data where nothing is remembered.
clean_run() { # words...
    rm -rf "$scratch/clean" && mkdir "$scratch/clean"
    (
        cd "$scratch/clean" || exit 1
        recipe r.yml
        for i in x 1 2 3 4; do source_ms "$i.ms"; done
        "$SPOOR" run -c opts.store.enable=false r.yml "$@" >"$scratch/clean.out" 2>&1
    ) || { ok 1 "a clean run of $*"; sed 's/^/# /' "$scratch/clean.out"; }
    cp "$scratch/ran" "$scratch/ran.clean" 2>/dev/null
    rm -f "$scratch/ran"
}

same() { # path name
    diff -r "$1" "$scratch/clean/$1" >"$out" 2>&1
    ok $? "$2" || show
}

recipe r.yml
for i in x 1 2 3 4; do source_ms "$i.ms"; done

# --- 1: the second run does nothing
clean_run chain
try "$SPOOR" run r.yml chain
status 0 "five steps in place"
is "$(ran)" "s1 s2 s3 s4 s5" "run one after the other"
same x.ms "as without a store"
(cd x.ms && listing) >"$scratch/before"
try "$SPOOR" run r.yml chain
status 0 "the second time"
is "$(ran)" "" "none runs"
(cd x.ms && listing) | cmp -s - "$scratch/before"
ok $? "nothing is touched"
like "$out" '5 steps not run again' "and it says so"

# --- 2: one parameter in the middle
clean_run chain v3=33
try "$SPOOR" run r.yml chain v3=33
status 0 "step 3 is changed"
sed -n '3,5p' "$scratch/ran.clean" | diff - "$scratch/ran" >"$scratch/diff" 2>&1
ok $? "3, 4 and 5 run, and see what they see in a clean run" || cat "$scratch/diff"
ran >/dev/null
same x.ms "the result is that of a clean run"

# --- 3: and back
clean_run chain
try "$SPOOR" run r.yml chain
is "$(ran)" "" "changed back, none runs"
same x.ms "the old state is there again"

# --- parts of the recipe
try "$SPOOR" run r.yml chain -s s3 v3=34
is "$(ran)" "s3" "one step alone"
clean_run chain v3=34 -s :s3
same x.ms "on what the steps before it have made"
try "$SPOOR" run r.yml chain
is "$(ran)" "" "all of it again"

# --- another recipe goes on from there
clean_run chain
(cd "$scratch/clean" && "$SPOOR" run -c opts.store.enable=false r.yml later >/dev/null 2>&1)
rm -f "$scratch/ran"
try "$SPOOR" run r.yml later
is "$(ran)" "more" "another recipe"
same x.ms "works on the result of the first"
try "$SPOOR" run r.yml chain
is "$(ran)" "" "the first one again"
said "goes back to what it was before 'chain' ran" "sets that aside, and says so"
try "$SPOOR" run r.yml later
is "$(ran)" "" "the other one again"
same x.ms "brings it back"

# --- products
try "$SPOOR" run r.yml made
is "$(ran)" "create change digest" "a dataset that is made"
try "$SPOOR" run r.yml made
is "$(ran)" "" "once"
rm -rf made.ms look.txt
try "$SPOOR" run r.yml made
is "$(ran)" "" "what was removed"
[ -s look.txt ] && [ -s made.ms/column ]
ok $? "is brought back"
try "$SPOOR" run r.yml made value=2
is "$(ran)" "change digest" "one parameter"
clean_run made value=2
same made.ms "the dataset of a clean run"
same look.txt "and its digest"
try "$SPOOR" run r.yml made seed=2 value=1
is "$(ran)" "create change digest" "from the beginning"
clean_run made seed=2
same made.ms "made anew, not on top"

# --- 5: edits
try "$SPOOR" run r.yml chain
ran >/dev/null
echo "by hand" >x.ms/column
touch -r r.yml x.ms/column
cp -r x.ms "$scratch/edited.ms"
try "$SPOOR" run r.yml chain
status 1 "a result that was changed by hand, its time put back"
said "x.ms was made by step '.*s5' and has been changed since.*column" "is found, by file"
said "edits adopt" "with what to do"
is "$(cat "$out" "$err" | grep -c 'has been changed since')" 1 "said once"
try "$SPOOR" why
like "$out" '^chain.s1: could not start: .*has been changed since' "why: it did not run"
diff -r x.ms "$scratch/edited.ms" >/dev/null
ok $? "it is left as it is"
is "$(ran)" "" "and nothing runs"
try "$SPOOR" run r.yml chain --edits restore
status 0 "--edits restore"
is "$(ran)" "" "runs nothing"
clean_run chain
same x.ms "and brings the result back"
find .spoor/attic -name column | head -n 1 | xargs cat | cmp -s - "$scratch/edited.ms/column"
ok $? "what was there is in the attic"
echo "by hand" >x.ms/column
try "$SPOOR" run r.yml chain --edits adopt
status 0 "--edits adopt"
is "$(ran)" "s1 s2 s3 s4 s5" "starts from what is there"
touch x.ms/column
try "$SPOOR" run r.yml chain
is "$(ran)" "" "a file that was only touched is no edit"
rm -rf x.ms && cp -r "$scratch/edited.ms" x.ms
try "$SPOOR" run r.yml chain
status 0 "the source put back where the result was"
is "$(ran)" "" "is the source: what it leads to is known"
echo "a new source" >1.ms/column
try "$SPOOR" run r.yml loop
ran >/dev/null
echo "newer" >1.ms/column
try "$SPOOR" run r.yml loop
is "$(ran)" "digest" "of a source that has changed, the one step that reads it"
said "1.ms has changed since the last run" "is told"

# --- what is nowhere else
try "$SPOOR" run r.yml made value=1
ran >/dev/null
echo "by hand" >look.txt
try "$SPOOR" run r.yml made value=1 --edits adopt
is "$(ran)" "" "a result that was changed by hand and adopted"
clean_run made value=1
same look.txt "is made by the recipe all the same"
edited=$("$SPOOR" versions look.txt | awk '/ source / {print $2}')
try "$SPOOR" restore --to edited.txt "look.txt@$edited"
is "$(cat edited.txt 2>&1)" "by hand" "and comes back when asked for"

# --- a tool that changes what it was only to read
cat >"$scratch/meddle" <<SH2
#!/bin/sh
echo "meddle" >>"$scratch/ran"
cat "\$1/column" >"\$2"
echo "meddled" >>"\$1/column"
SH2
chmod +x "$scratch/meddle"
cat >lie.yml <<YAML
_include: r.yml
cabs:
  meddle: {command: $scratch/meddle, policies: {positional: true}, inputs: {ms: {dtype: MS, required: true}}, outputs: {text: {dtype: File, required: true}}}
lie:
  steps:
    first: {cab: mutate, params: {ms: 5.ms, name: first}}
    meddle: {cab: meddle, params: {ms: 5.ms, text: meddle.txt}}
    look: {cab: digest, params: {ms: 5.ms, text: lie.txt}}
YAML
source_ms 5.ms
try "$SPOOR" run lie.yml lie
is "$(ran)" "first meddle digest" "a tool that changes its input"
said "5.ms/column has changed while step 'meddle' ran, whose cab declares it as read only" "is told of, by file"
cp meddle.txt "$scratch/meddle.txt" && cp lie.txt "$scratch/lie.txt"
try "$SPOOR" run lie.yml lie
is "$(ran)" "meddle" "it runs every time, the others do not"
cmp -s meddle.txt "$scratch/meddle.txt" && cmp -s lie.txt "$scratch/lie.txt"
ok $? "from the same data to the same data"

# --- 10: loops
try "$SPOOR" run r.yml loop "over=[3,1,2]"
is "$(ran)" "" "another order"
try "$SPOOR" run r.yml loop "over=[1,2,3,4]"
is "$(ran)" "digest" "one more"
try "$SPOOR" run r.yml loop "over=[2]"
is "$(ran)" "" "fewer"
rm -rf x.ms && source_ms x.ms
try "$SPOOR" run r.yml grow
said "x.ms was made by step" "a source put in the place of a result is refused, too"
try "$SPOOR" run r.yml grow --edits adopt
is "$(ran)" "g0 g1 g2" "a loop that changes a dataset"
try "$SPOOR" run r.yml grow "n=[0,1,2,3,4]"
is "$(ran)" "g3 g4" "two more turns"
try "$SPOOR" run r.yml grow "n=[0,1,2,3,4]" at=3
is "$(ran)" "g3 g4" "the fourth is changed"
try "$SPOOR" run r.yml grow "n=[0,1]"
is "$(ran)" "" "fewer turns"
clean_run grow "n=[0,1]"
same x.ms "end where they would have"

# --- links in a directory
cat >links.yml <<'YAML'
cabs:
  cat:
    command: sh -c 'cat {current.dir}/* >{current.out}; cat {current.dir}/deep/*/* >>{current.out}'
    inputs: {dir: {dtype: Directory, policies: {skip: true}}}
    outputs: {out: {dtype: File, policies: {skip: true}}}
links: {steps: {a: {cab: cat, params: {dir: linked, out: all.txt}}}}
YAML
mkdir -p linked/deep elsewhere/far
echo one >elsewhere/file
echo two >elsewhere/far/file
ln -s ../elsewhere/file linked/file
ln -s ../../elsewhere/far linked/deep/far
ln -s nowhere linked/deep/broken
"$SPOOR" run links.yml >"$out" 2>"$err"
try "$SPOOR" run links.yml
like "$out" '1 step not run again' "a directory of links"
echo three >elsewhere/file
try "$SPOOR" run links.yml
is "$(cat all.txt)" "three
two" "what a link points to has changed"
echo four >elsewhere/far/file
try "$SPOOR" run links.yml
is "$(cat all.txt)" "three
four" "a file in a directory that a link points to"
ln -sfn ../elsewhere/far/file linked/file
try "$SPOOR" run links.yml
is "$(cat all.txt)" "four
four" "the link points elsewhere"

# --- where Python finds a module
mkdir m1 m2
echo 'def f(): return 1' >m1/mymod.py
echo 'def f(): return 2' >m2/mymod.py
cat >py.yml <<'YAML'
cabs:
  py:
    command: |
      import mymod
      open('p.txt', 'w').write(str(mymod.f()))
    flavour: python-code
    outputs: {o: {dtype: File, default: p.txt}}
py: {steps: {a: {cab: py}}}
YAML
PYTHONPATH=m1 "$SPOOR" run py.yml >"$out" 2>"$err"
PYTHONPATH=m2 "$SPOOR" run py.yml >"$out" 2>"$err"
is "$(cat p.txt)" 2 "a module in another directory of PYTHONPATH"
echo 'def f(): return 30' >m2/mymod.py
PYTHONPATH=m2 "$SPOOR" run py.yml >"$out" 2>"$err"
is "$(cat p.txt)" 30 "one that has changed"
PYTHONPATH=m1 "$SPOOR" run py.yml >"$out" 2>"$err"
is "$(cat p.txt)" 1 "and the first again"
like "$out" '1 step not run again' "which is known"

# --- options
try "$SPOOR" run r.yml grow "n=[0,1]" --fresh
is "$(ran)" "g0 g1" "--fresh runs all"
same x.ms "from the beginning"
try "$SPOOR" run r.yml grow "n=[0,1]" --on-top
is "$(ran)" "g0 g1" "--on-top goes on from there"
! diff -r x.ms "$scratch/clean/x.ms" >/dev/null
ok $? "to another result"
try "$SPOOR" run r.yml grow "n=[0,1]" --edits perhaps
said "edits must be refuse, adopt or restore, not 'perhaps'" "a word that is none"

finish
