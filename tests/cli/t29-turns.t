#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `run --wait`: two runs in a workspace, one after the other. `log` of reused steps. `fsck --reindex`.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

cat >r.yml <<YAML
cabs:
  slow:
    command: sh
    args: [-c, 'echo slow >>$scratch/order; while [ ! -e $scratch/go ]; do sleep 0.05; done']
  quick:
    command: $scratch/quick
    outputs: {out: {dtype: File, default: made.txt, policies: {positional: true}}}
  silent:
    command: $scratch/silent
    outputs: {out: {dtype: File, default: silent.txt, policies: {positional: true}}}
slow: {steps: {a: {cab: slow}}}
quick: {steps: {a: {cab: quick}, b: {cab: silent}}}
needs: {steps: {a: {cab: {command: cat, inputs: {f: {dtype: File, policies: {positional: true}}}}, params: {f: late.txt}}}}
YAML
cat >"$scratch/quick" <<SH2
#!/bin/sh
echo quick >>"$scratch/order"
echo "the tool speaks"
echo made >"\$1"
SH2
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\necho made >"$1"\n' >"$scratch/silent"
chmod +x "$scratch/quick" "$scratch/silent"

start_slow() {
    rm -f "$scratch/go" "$scratch/order"
    "$SPOOR" run r.yml slow >"$scratch/slow" 2>&1 &
    slow=$!
    wait_for "the first run begins" test -e "$scratch/order"
}
end_slow() {
    : >"$scratch/go"
    wait "$slow"
    ok $? "the first run ends well"
}

# --- waiting
start_slow
try "$SPOOR" run r.yml quick
status 4 "a second run is refused"
like "$err" "another spoor \(pid $slow " "and told whose turn it is"
"$SPOOR" run --wait r.yml quick >"$scratch/second" 2>&1 &
second=$!
wait_for "the second run waits" grep -q "waiting for another spoor (pid $slow " "$scratch/second"
is "$(cat "$scratch/order")" slow "it has not begun"
end_slow
wait "$second"
ok $? "the second run ends well, too"
is "$(tr '\n' ' ' <"$scratch/order")" "slow quick " "one after the other"
is "$(grep -c waiting "$scratch/second")" 1 "that it waits was said once"

# --- what the first run makes is there when the second one looks
start_slow
"$SPOOR" run --wait r.yml needs >"$scratch/second" 2>&1 &
second=$!
wait_for "the second run waits" grep -q "waiting for" "$scratch/second"
echo "come late" >late.txt
end_slow
wait "$second"
ok $? "an input that came while it waited"
like "$scratch/second" 'come late' "is read"

# --- no longer than one wants to
start_slow
try "$SPOOR" run --wait=0.3 r.yml quick
status 4 "the patience is at an end"
said "another spoor \(pid $slow " "and whose turn it is is said"
for wrong in x 0 -1; do
    try "$SPOOR" run --wait=$wrong r.yml quick
    status 2 "--wait=$wrong"
done
"$SPOOR" run --wait r.yml quick >"$scratch/second" 2>&1 &
second=$!
wait_for "the second run waits" grep -q "waiting for" "$scratch/second"
kill -INT $second
wait $second
is $? 130 "Ctrl-C while it waits"
end_slow
try "$SPOOR" run --wait r.yml quick
status 0 "nobody to wait for"
unlike "$out" 'waiting' "nothing said"

# --- log
try "$SPOOR" log a
status 0 "log of a reused step"
like "$out" '^==> quick.a \(in run 20' "says when it was printed"
like "$out" '^\$ .*quick' "the command line"
like "$out" '^the tool speaks$' "what the tool said"
try "$SPOOR" log b
status 0 "log of one that said nothing"
like "$out" '^==> quick.b \(in run 20' "says so"
try "$SPOOR" log
unlike "$out" 'speaks' "without a name only what was printed in this run"
try "$SPOOR" log -p a
[ -s "$(cat "$out")" ]
ok $? "log --path names a file"
rm -rf .spoor/store/objects
try "$SPOOR" log a
like "$out" '^the tool speaks$' "with the object gone, the file of that run"

# --- reindex
try "$SPOOR" runs
cp "$out" "$scratch/runs"
for what in removed damaged; do
    [ "$what" = removed ] && rm -f .spoor/index.sqlite || echo damaged >.spoor/index.sqlite
    try "$SPOOR" fsck --reindex
    status 0 "fsck --reindex, the index $what"
    [ "$(head -c 6 .spoor/index.sqlite)" = SQLite ]
    ok $? "it is there"
    try "$SPOOR" runs
    cmp -s "$out" "$scratch/runs"
    ok $? "and knows the same"
done
mkdir "$scratch/empty" && cd "$scratch/empty" || exit 99
try "$SPOOR" fsck --reindex
status 1 "where nothing was run"

finish
