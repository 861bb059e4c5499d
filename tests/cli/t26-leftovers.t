#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What an earlier run has left is not there for the next one, and nobody else's files are lost: outputs that only a
# pattern names, outputs that are not always made, what gc has taken away (doc/design/store.md 7). Each case was found by
# tests/property.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

# many PREFIX COUNT: PREFIX-1.txt ... and no others.
cat >"$scratch/many" <<SH2
#!/bin/sh
echo "many \$1 \$2" >>"$scratch/ran"
for i in \$(seq 1 "\$2"); do echo "\$i of \$2" >"\$1-\$i.txt"; done
SH2
# breaks PREFIX COUNT: PREFIX-1.txt and fails when COUNT is 0, else PREFIX-2.txt.
cat >"$scratch/breaks" <<SH2
#!/bin/sh
[ "\$2" = 0 ] && echo half >"\$1-1.txt" && exit 1
echo whole >"\$1-2.txt"
SH2
chmod +x "$scratch/breaks"
# make OUT VALUE, table OUT VALUE: a file, a dataset
cat >"$scratch/make" <<SH2
#!/bin/sh
echo "make \$2" >>"$scratch/ran"
echo "\$2" >"\$1"
SH2
cat >"$scratch/perhaps" <<SH2
#!/bin/sh
echo "perhaps \$*" >>"$scratch/ran"
[ "\$3" = 0 ] || echo "\$2" >"\$1"
SH2
chmod +x "$scratch/perhaps"
cat >"$scratch/table" <<SH2
#!/bin/sh
echo "table \$2" >>"$scratch/ran"
mkdir "\$1" && echo "\$2" >"\$1/column"
SH2
cat >"$scratch/change" <<SH2
#!/bin/sh
echo "change \$2" >>"$scratch/ran"
echo "\$2" >>"\$1/column"
SH2
cat >"$scratch/several" <<SH2
#!/bin/sh
echo "several \$1" >>"$scratch/ran"
echo 0 >"\$1"; echo 1 >"\$1.x"; echo 2 >"\$1.y"
SH2
chmod +x "$scratch"/several "$scratch"/many "$scratch"/make "$scratch"/table "$scratch"/change

cat >r.yml <<YAML
cabs:
  many:
    command: $scratch/many
    policies: {positional: true}
    inputs: {prefix: {dtype: str, required: true}, count: {dtype: int, required: true}}
    outputs: {files: {dtype: 'List[File]', implicit: '=GLOB({current.prefix}-*.txt)', must_exist: false, policies: {skip: true}}}
  make:
    command: $scratch/make
    policies: {positional: true}
    inputs: {value: {dtype: int, default: 1}}
    outputs: {out: {dtype: File, required: true, policies: {positional_head: true}}}
  perhaps:
    command: $scratch/perhaps
    policies: {positional: true}
    inputs: {value: int, make: {dtype: int, default: 1}}
    outputs: {out: {dtype: File, required: true, must_exist: false, policies: {positional_head: true}}}
  table:
    command: $scratch/table
    policies: {positional: true}
    inputs: {value: {dtype: int, default: 1}}
    outputs: {out: {dtype: MS, required: true, policies: {positional_head: true}}}
  change:
    command: $scratch/change
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true, writable: true}, value: {dtype: int, default: 1}}
  breaks:
    command: $scratch/breaks
    policies: {positional: true}
    inputs: {prefix: {dtype: str, required: true}, count: {dtype: int, required: true}}
    outputs: {files: {dtype: 'List[File]', implicit: '=GLOB({current.prefix}-*.txt)', must_exist: false, policies: {skip: true}}}
  several:
    command: $scratch/several
    policies: {positional: true}
    outputs:
      out: {dtype: File, required: true, policies: {positional_head: true}}
      more: {dtype: 'List[File]', implicit: '=GLOB({current.out}.*)', policies: {skip: true}}
named:
  inputs: {out: {dtype: str, default: a}}
  steps:
    several: {cab: several, params: {out: =recipe.out}}
some:
  inputs: {n: int = 3}
  steps:
    many: {cab: many, params: {prefix: q, count: =recipe.n}}
sourced:
  inputs: {value: int = 1}
  steps:
    change: {cab: change, params: {ms: s.ms, value: =recipe.value}}
breaks:
  inputs: {n: int = 0}
  steps:
    breaks: {cab: breaks, params: {prefix: b, count: =recipe.n}}
first:
  steps:
    make: {cab: make, params: {out: o.txt, value: 1}}
second:
  inputs: {make: int = 1}
  steps:
    make: {cab: perhaps, params: {out: o.txt, value: 2, make: =recipe.make}}
tables:
  inputs: {seed: int = 1, value: int = 1}
  steps:
    table: {cab: table, params: {out: t.ms, value: =recipe.seed}}
    change: {cab: change, params: {ms: t.ms, value: =recipe.value}}
YAML

# What ran since the last time, as one line.
ran() {
    [ -e "$scratch/ran" ] && tr '\n' ';' <"$scratch/ran" | sed 's/;$//'
    rm -f "$scratch/ran"
}
# Names and contents of the files that match, as one line.
has() {
    for i in "$@"; do [ -e "$i" ] && echo "$i=$(cat "$i")"; done | tr '\n' ';' | sed 's/;$//'
}

# --- outputs by a pattern
try "$SPOOR" run r.yml some n=0
try "$SPOOR" run r.yml some n=0
is "$(ran)" "many q 0" "a pattern that finds nothing is an output all the same"
try "$SPOOR" run r.yml some
is "$(has q*)" "q-1.txt=1 of 3;q-2.txt=2 of 3;q-3.txt=3 of 3" "three files"
try "$SPOOR" run r.yml some n=1
is "$(has q*)" "q-1.txt=1 of 1" "one: those of the last time are gone"
ran >/dev/null
try "$SPOOR" run r.yml some
is "$(ran)" "" "three again, from the store"
is "$(has q*)" "q-1.txt=1 of 3;q-2.txt=2 of 3;q-3.txt=3 of 3" "each in its place"
rm q-1.txt
try "$SPOOR" run r.yml some
is "$(ran)" "" "one was removed by hand"
is "$(has q*)" "q-1.txt=1 of 3;q-2.txt=2 of 3;q-3.txt=3 of 3" "it is back, and the others are what they were"
rm q-2.txt
try "$SPOOR" run r.yml some n=2
status 0 "one removed, and the step runs"
is "$(has q*)" "q-1.txt=1 of 2;q-2.txt=2 of 2" "what it makes there is no edit"
echo mine >q-own.txt
try "$SPOOR" run r.yml some n=1
is "$(has q*)" "q-1.txt=1 of 1;q-own.txt=mine" "a file of somebody else that matches, too, stays"
echo changed >q-own.txt
ran >/dev/null
try "$SPOOR" run r.yml some n=1
is "$(ran)" "" "it is not a result of the step"
is "$(has q*)" "q-1.txt=1 of 1;q-own.txt=changed" "and nobody puts an older one in its place"

try "$SPOOR" run r.yml named
try "$SPOOR" run r.yml named out=b
status 0 "a pattern that follows from the name of another output"
is "$(has b*)" "b=0;b.x=1;b.y=2" "another name, all of it"
ran >/dev/null
try "$SPOOR" run r.yml named out=b
is "$(ran)" "" "once"

# --- outputs that are not always made, where somebody else's file is
try "$SPOOR" run r.yml first
try "$SPOOR" run r.yml second
is "$(has o.txt)" "o.txt=2" "a recipe writes over what another has made"
try "$SPOOR" run r.yml second make=0
is "$(has o.txt)" "o.txt=1" "when it does not, what was there before it is there"
ran >/dev/null
try "$SPOOR" run r.yml second
is "$(ran)" "" "again"
is "$(has o.txt)" "o.txt=2" "from the store"
try "$SPOOR" run r.yml second make=0
is "$(ran)" "" "and back"
is "$(has o.txt)" "o.txt=1" "from the store"

# --- what a step leaves that does not end well
try "$SPOOR" run r.yml breaks n=0
status 1 "a step that fails after it has made a file that only a pattern names"
is "$(has b-*)" "b-1.txt=half" "which is left"
try "$SPOOR" run r.yml breaks n=1
status 0 "the next run"
is "$(has b-*)" "b-2.txt=whole" "does not take it for a source"
find .spoor/attic -name b-1.txt | grep -q .
ok $? "it is in the attic"
rm -f b-2.txt
echo mine >b-own.txt
try "$SPOOR" run r.yml breaks n=1
is "$(has b-*)" "b-2.txt=whole;b-own.txt=mine" "a file of somebody else is not touched then"

# --- what the store has lost
try "$SPOOR" run r.yml tables
find .spoor/store/trees -type f -exec rm -f {} +
ran >/dev/null
try "$SPOOR" run r.yml tables value=3
status 0 "a dataset that the store has lost"
is "$(ran)" "table 1;change 3" "is made again when it is needed"


# --- what gc leaves
mkdir s.ms && echo raw >s.ms/column
try "$SPOOR" run r.yml sourced
try "$SPOOR" run r.yml sourced --on-top
try "$SPOOR" gc --all --last-runs
status 0 "gc"
try "$SPOOR" run r.yml sourced value=2
status 0 "what a run --on-top has started from is a source"
is "$(tr '\n' ';' <s.ms/column)" "raw;1;2;" "which is still there"

finish
