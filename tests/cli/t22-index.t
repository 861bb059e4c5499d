#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The index of a workspace (doc/design/store.md 10) knows what the journals know, whatever happens to it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >recipe.yml <<'YAML'
demo:
  inputs: {n: int = 3, fail: int = 0}
  steps:
    a: {cab: {command: sh, args: [-c, 'echo {current.n} >a.txt'], inputs: {n: {dtype: int, policies: {skip: true}}},
              outputs: {out: {dtype: File, default: a.txt, policies: {skip: true}}}}, params: {n: =recipe.n}}
    b: {cab: {command: sh, args: [-c, 'exit {current.fail}'], inputs: {fail: {dtype: int, policies: {skip: true}}}},
        params: {fail: =recipe.fail}}
    c: {cab: {command: "true"}, skip: true}
other: {steps: {only: {cab: {command: "true"}}}}
YAML
index=.spoor/index.sqlite

# All answers that come from the index.
answers() {
    "$SPOOR" runs
    "$SPOOR" runs --json
    "$SPOOR" runs -n 2 demo
    "$SPOOR" runs other --json
    "$SPOOR" runs --wrote a.txt
    "$SPOOR" versions a.txt
    "$SPOOR" versions a.txt --json
    "$SPOOR" versions a.tx 2>&1
}
# same NAME: the answers with the index as it is, and without one
same() {
    answers >"$scratch/with" 2>&1
    rm -f "$index"
    answers >"$scratch/without" 2>&1
    cmp -s "$scratch/with" "$scratch/without"
    ok $? "$1" || diff "$scratch/with" "$scratch/without" | sed 's/^/#   /'
}

try "$SPOOR" run recipe.yml demo
[ ! -e "$index" ]
ok $? "a run does not touch the index"
try "$SPOOR" runs
[ -s "$index" ]
ok $? "whoever asks makes it"
like "$out" '^[0-9-]+ +demo +done +2 +0 +0 ' "counts of steps"
same "one run"
try "$SPOOR" run recipe.yml demo fail=3 n=5
try "$SPOOR" run recipe.yml other -s only
same "more runs"
"$SPOOR" runs >/dev/null
try "$SPOOR" run recipe.yml demo n=7
same "one more than the index knows"
try "$SPOOR" runs --json
cp "$out" "$scratch/all"
for run in .spoor/runs/*; do
    "$SPOOR" status "${run##*/}" --json
done >"$scratch/each"
python3 - "$scratch/all" "$scratch/each" <<'PY' >"$scratch/py" 2>&1
import json, sys
runs = json.load(open(sys.argv[1]))
text, at, each = open(sys.argv[2]).read(), 0, []
while at < len(text):
    value, at = json.JSONDecoder().raw_decode(text, at)
    at += 1
    each.append({k: v for k, v in value.items() if k not in ("steps", "outputs")})
assert len(runs) == 4 and sorted(map(str, runs)) == sorted(map(str, each)), (runs, each)
PY
ok $? "runs --json says what status --json says" || cat "$scratch/py"
try "$SPOOR" runs -n 1
is "$(wc -l <"$out")" 2 "--limit"
try "$SPOOR" runs othr
status 1 "no such recipe"
like "$err" "did you mean 'other'" "the nearest"
try "$SPOOR" runs --limit -1
status 2 "a bad limit"

# --- damage -------------------------------------------------------------------------------------------------
answers >"$scratch/good"
check() { # NAME: the answers are the good ones, without a word
    answers >"$scratch/now" 2>&1
    cmp -s "$scratch/now" "$scratch/good"
    ok $? "$1" || diff "$scratch/now" "$scratch/good" | sed 's/^/#   /'
}
echo 'this is no database' >"$index"
check "no database"
: >"$index"
check "empty"
"$SPOOR" runs >/dev/null
size=$(stat -c %s "$index")
truncate -s $((size / 2)) "$index"
check "half of it"
python3 - "$index" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE runs SET done = done + 1")
db.commit()
PY
check "a number that was changed"
python3 - "$index" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("UPDATE versions SET version = 'content:' || substr(version, -64), task = 'x' WHERE state").rowcount
db.commit()
PY
check "a version that was changed"
[ "$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM versions WHERE task = ?", ("x",)).fetchone()[0])' \
    "$index")" = 0 ]
ok $? "and the index is made anew"
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("PRAGMA user_version = 99"); db.commit()' "$index"
check "of another version"
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("DROP TABLE steps"); db.commit()' "$index"
check "a table is missing"
python3 - "$index" <<'PY' >"$scratch/py" 2>&1
import subprocess, os, sys
good = open(sys.argv[1], "rb").read()
def ask(*words):
    done = subprocess.run([os.environ["SPOOR"], *words, "--json"], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr
questions = [("runs",), ("versions", "a.txt")]
want = [ask(*words) for words in questions]
bad = 0
for at in range(0, len(good), max(1, len(good) // 150)):
    open(sys.argv[1], "wb").write(good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1:])
    for words, wanted in zip(questions[::-1 if at & 1 else 1], want[::-1 if at & 1 else 1]):
        got = ask(*words)
        if got != wanted:
            print(at, words, got)
            bad += 1
sys.exit(bad != 0 or any(code for code, _, _ in want))
PY
ok $? "a byte changed anywhere" || head "$scratch/py"
rm -f "$index"
mkdir "$index"
check "a directory in its place"
rmdir "$index"

# --- journals that change -------------------------------------------------------------------------------------
last=$(find .spoor/runs -mindepth 1 -maxdepth 1 -printf "%f\n" | sort | tail -n 1)
journal=.spoor/runs/$last/journal.jsonl
cp "$journal" "$scratch/journal"
"$SPOOR" runs >/dev/null
head -n 5 "$scratch/journal" >"$journal"
same "a journal that has become shorter"
"$SPOOR" runs >/dev/null
tail -n +6 "$scratch/journal" >>"$journal"
check "and grows again"
"$SPOOR" runs >/dev/null
sed -i '3s/.*/not JSON/' "$journal"
try "$SPOOR" runs
status 0 "a damaged journal"
like "$out" "^$last .*line 3" "is named, and hides no other"
is "$(wc -l <"$out")" 5 "all runs are listed"
same "a damaged journal, without the index"
cp "$scratch/journal" "$journal"
"$SPOOR" versions a.txt --json >"$scratch/whole"
told=$(grep -n step-versions "$journal" | head -n 1 | cut -d : -f 1)
sed -i "$((told + 1))s/.*/not JSON/" "$journal"
"$SPOOR" versions a.txt --json >"$scratch/now"
cmp -s "$scratch/whole" "$scratch/now"
ok $? "what a journal tells before the damage counts"
cp "$scratch/journal" "$journal"
check "mended"
rm -r ".spoor/runs/$last"
try "$SPOOR" runs
unlike "$out" "$last" "a run that was removed is gone"
same "a run that was removed"

# --- runs that are cleared away -----------------------------------------------------------------------------------
some=$(find .spoor/runs -name journal.jsonl -printf '%s %h\n' | sort -n | tail -n 1 | cut -d' ' -f2)
for n in $(seq 1000 1400); do
    cp -r "$some" ".spoor/runs/20250101-00$n"
done
"$SPOOR" runs >/dev/null
large=$(stat -c %s "$index")
rm -r .spoor/runs/20250101-*
cp "$index" "$scratch/large"
try env SPOOR_FAULT=catalogue.shrink:1 "$SPOOR" runs
status 0 "an index that cannot be written anew"
is "$(stat -c %s "$index")" "$large" "stays as large as it was"
same "and is right"
cp "$scratch/large" "$index"
"$SPOOR" runs >/dev/null
[ "$(stat -c %s "$index")" -lt $((large / 2)) ]
ok $? "an index of many runs that are gone shrinks"
[ "$(python3 -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone())' \
    "$index")" = ok ]
ok $? "and is whole"
same "and says the same"
"$SPOOR" runs >/dev/null
cp "$index" "$scratch/index"
"$SPOOR" gc >/dev/null 2>&1
cmp -s "$index" "$scratch/index"
ok $? "gc, which removes no run, leaves it alone"
same "and it is right after that"

# --- several at once, and nothing to write to -------------------------------------------------------------------
rm -f "$index"
answers >"$scratch/good"
rm -f "$index"
for n in 1 2 3 4 5 6; do
    answers >"$scratch/at-once-$n" 2>&1 &
done
wait
differ=0
for n in 1 2 3 4 5 6; do
    cmp -s "$scratch/at-once-$n" "$scratch/good" || differ=1
done
ok $differ "six at once say the same"
if [ "$(id -u)" -eq 0 ]; then
    skip "a workspace that cannot be written" "root may write everywhere"
else
    rm -f "$index"
    chmod a-w .spoor
    check "a workspace that cannot be written"
    chmod u+w .spoor
fi
finish
