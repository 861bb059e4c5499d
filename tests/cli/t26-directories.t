#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A directory that is no dataset is a place: several steps put their files there, and each is reused by itself
# (doc/design/store.md 7).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

# parts DIR COUNT: files in a directory that may be there. put OUT VALUE. sum DIR OUT: all that is in it.
cat >"$scratch/parts" <<SH2
#!/bin/sh
echo "parts \$2" >>"$scratch/ran"
mkdir -p "\$1"
for i in \$(seq 1 "\$2"); do echo "\$i of \$2" >"\$1/part\$i"; done
SH2
cat >"$scratch/put" <<SH2
#!/bin/sh
echo "put \$2" >>"$scratch/ran"
echo "\$2" >"\$1"
SH2
cat >"$scratch/sum" <<SH2
#!/bin/sh
echo "sum" >>"$scratch/ran"
(cd "\$1" && cat *) >"\$2"
SH2
# table DIR: a directory that turns out to be a dataset.
cat >"$scratch/table" <<SH2
#!/bin/sh
echo "table" >>"$scratch/ran"
mkdir -p "\$1" && echo t >"\$1/table.dat" && echo "\$2" >"\$1/column"
SH2
chmod +x "$scratch"/parts "$scratch"/put "$scratch"/sum "$scratch"/table

cat >r.yml <<YAML
cabs:
  parts:
    command: $scratch/parts
    policies: {positional: true}
    inputs: {n: {dtype: int, default: 2}}
    outputs: {dir: {dtype: Directory, required: true, policies: {positional_head: true}}}
  put:
    command: $scratch/put
    policies: {positional: true}
    inputs: {value: {dtype: int, default: 1}}
    outputs: {out: {dtype: File, required: true, policies: {positional_head: true}}}
  sum:
    command: $scratch/sum
    policies: {positional: true}
    inputs: {dir: {dtype: Directory, required: true}}
    outputs: {out: {dtype: File, required: true}}
  table:
    command: $scratch/table
    policies: {positional: true}
    inputs: {value: {dtype: int, default: 1}}
    outputs: {dir: {dtype: Directory, required: true, policies: {positional_head: true}}}
all:
  inputs: {n: int = 2, x: int = 1, y: int = 1, d: {dtype: str, default: out}}
  steps:
    parts: {cab: parts, params: {dir: =recipe.d, n: =recipe.n}}
    x: {cab: put, params: {out: '{recipe.d}/x', value: =recipe.x}}
    y: {cab: put, params: {out: '{recipe.d}/y', value: '=recipe.y + 10'}}
    sum: {cab: sum, params: {dir: =recipe.d, out: sum.txt}}
tables:
  inputs: {value: int = 1}
  steps:
    table: {cab: table, params: {dir: t, value: =recipe.value}}
    sum: {cab: sum, params: {dir: t, out: t.txt}}
YAML

ran() {
    [ -e "$scratch/ran" ] && tr '\n' ';' <"$scratch/ran" | sed 's/;$//'
    rm -f "$scratch/ran"
}
has() {
    (cd "$1" && for i in *; do echo "$i=$(cat "$i")"; done) | tr '\n' ';' | sed 's/;$//'
}

try "$SPOOR" run r.yml all
status 0 "a directory that three steps fill, and one reads"
is "$(ran)" "parts 2;put 1;put 11;sum" "all run"
is "$(has out)" "part1=1 of 2;part2=2 of 2;x=1;y=11" "all is there"
try "$SPOOR" run r.yml all
is "$(ran)" "" "the second time none"
try "$SPOOR" run r.yml all x=2
is "$(ran)" "put 2;sum" "one file: the step that makes it, and who reads the directory"
try "$SPOOR" run r.yml all n=1
is "$(ran)" "parts 1;sum" "fewer files by the step that makes the directory"
is "$(has out)" "part1=1 of 1;x=1;y=11" "those of the last time are gone, those of the others there"
try "$SPOOR" run r.yml all x=2
is "$(ran)" "" "back"
is "$(has out)" "part1=1 of 2;part2=2 of 2;x=2;y=11" "from the store"
is "$(tr '\n' ';' <sum.txt)" "1 of 2;2 of 2;2;11;" "and what was read from it"
rm -rf out
try "$SPOOR" run r.yml all x=2
is "$(ran)" "" "the directory removed"
is "$(has out)" "part1=1 of 2;part2=2 of 2;x=2;y=11" "is there again"
try "$SPOOR" run r.yml all x=2 d=other
is "$(ran)" "" "under another name nothing runs"
is "$(has other)" "part1=1 of 2;part2=2 of 2;x=2;y=11" "and all is there"
echo mine >out/zz
try "$SPOOR" run r.yml all x=1
is "$(ran)" "parts 2;sum" "a file of somebody else counts for who is given the directory"
is "$(has out)" "part1=1 of 2;part2=2 of 2;x=1;y=11;zz=mine" "and stays"
echo edited >out/part1
try "$SPOOR" run r.yml all x=1
status 1 "a file in it that was changed by hand"
said "out/part1 was made by step" "is found"
try "$SPOOR" run r.yml all x=1 --edits restore
is "$(has out)" "part1=1 of 2;part2=2 of 2;x=1;y=11;zz=mine" "and brought back"
rm out/zz
ran >/dev/null

# --- a dataset, although it is declared as a directory
try "$SPOOR" run r.yml tables
is "$(ran)" "table;sum" "a directory that is a table"
try "$SPOOR" run r.yml tables value=2
is "$(ran)" "table;sum" "another"
try "$SPOOR" run r.yml tables
is "$(ran)" "" "and back"
is "$(has t)" "column=1;table.dat=t" "as a whole"

# --- a file in the directory that the step reads by name, and writes over
cat >"$scratch/over" <<SH2
#!/bin/sh
saw=\$(cat "\$2")
echo "over \$3" >>"$scratch/ran"
echo "\$3 over \$saw" >"\$1/part1"
[ "\$3" != 13 ]
SH2
chmod +x "$scratch/over"
cat >over.yml <<YAML
_include: r.yml
cabs:
  over:
    command: $scratch/over
    policies: {positional: true}
    inputs: {in: {dtype: File, required: true}, value: {dtype: int, default: 1}}
    outputs: {dir: {dtype: Directory, required: true, policies: {positional_head: true}}}
over:
  inputs: {value: int = 1}
  steps:
    parts: {cab: parts, params: {dir: over, n: 1}}
    over: {cab: over, params: {dir: over, in: over/part1, value: =recipe.value}}
YAML
rm -f "$scratch/ran"
try "$SPOOR" run over.yml over
unlike "$err" 'declares it as read only' "a file that a step reads, and writes over in its directory"
try "$SPOOR" run over.yml over
is "$(tr '\n' ' ' <"$scratch/ran")" "over 1 " "the step runs once"
try "$SPOOR" run over.yml over value=13
status 1 "it fails half way"
try "$SPOOR" run over.yml over value=2
status 0 "then with another value"
is "$(cat over/part1)" "2 over 1 of 1" "it has what it had the first time"

# What a link in place of an output directory leads to is nobody's result, and stays.
mkdir elsewhere && echo precious >elsewhere/file
cat >link.yml <<'YAML'
cabs:
  link:
    command: sh link.sh
    outputs: {dir: {dtype: Directory, policies: {skip: true}}}
link: {steps: {link: {cab: link, params: {dir: linked}}}}
YAML
echo 'mkdir -p linked; echo part >linked/part' >link.sh
try "$SPOOR" run link.yml
# shellcheck disable=SC2016 # for the script
for script in 'rm -rf linked; ln -s $PWD/elsewhere linked' '[ -L linked ] || ln -s $PWD/elsewhere linked'; do
    echo "$script" >link.sh
    try "$SPOOR" run link.yml
    status 0 "a link in place of a directory: $script"
    try "$SPOOR" run --fresh link.yml
    is "$(cat elsewhere/file)" "precious" "what it leads to is there after the next run"
done

finish
