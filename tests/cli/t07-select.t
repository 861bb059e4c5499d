#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Choosing steps, and skipping those whose outputs are there: spec stimela2.md 6.3, 6.4, 4.8, 4.9. The
# forty cases of its Appendix A are in src/plan/select_test.c.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively
remember_nothing

cat >parts.yml <<'END'
cabs:
  say:
    command: echo
    inputs: {what: {dtype: str, default: "running {info.fqname}", policies: {positional: true}}}
  wants:
    command: echo
    inputs: {n: {dtype: int, required: true}}
inner:
  steps:
    r1: {cab: say, tags: [always]}
    r2: {cab: say, tags: [never]}
    r3: {cab: say, skip: true}
outer:
  steps:
    s1: {cab: say, tags: [always]}
    s2: {recipe: inner, tags: [image]}
    s3: {cab: say}
    s4: {cab: say, skip: true}
lonely:
  steps:
    a: {cab: say}
    b: {cab: wants}
END

ran() { # the steps that the last `try` ran, in order
    grep -o '^ *outer[a-z0-9.]*  *done' "$out" | sed 's/ *done//; s/^ *outer\.//' | tr '\n' ' ' | sed 's/ $//'
}

selects() { # OPTIONS WANT
    # shellcheck disable=SC2086
    try "$SPOOR" run parts.yml outer $1
    status 0 "run $1"
    is "$(ran)" "$2" "run $1 runs '$2'"
}

selects "" "s1 s2.r1 s3"
selects "-s s3" "s1 s2.r1 s3"
selects "-k s2 -k s1" "s3"
selects "--skip-step=s1,s2" "s3"
selects "-t image" "s1 s2.r1"
selects "--skip-tags image" "s1 s3"
selects "-s s2.r2:r3" "s1 s2.r1"
selects "-s s2.r2" "s1 s2.r1 s2.r2"
selects "-e s4" "s1 s2.r1 s3 s4"
selects "-k s1,s2 -k s3,s4" ""
like "$out" '^no steps have been selected for execution' "nothing selected: says so"
try "$SPOOR" run parts.yml outer -s s4 -k s1
said "unskipping step 's4' which is normally skipped" "says that it does not skip"
cat .spoor/runs/*/journal.jsonl >journals
like journals \
    '"selection": ?\{"step": ?\["s4"\], ?"skip-step": ?\["s1"\]\}' "the journal has the selection"

try "$SPOOR" run -d parts.yml outer -s s2.r2
is "$(grep -c '\$ echo' "$out")" 3 "a dry run shows what would run"
try "$SPOOR" plan --json parts.yml outer -s s3 -k s2
is "$(tr -d ' \n' <"$out" | grep -o '"runs":[0-9]*')" '"runs":2' "plan --json counts it"
try "$SPOOR" check parts.yml lonely -s a
status 0 "check: what only a step needs that does not run is not missing"
said "note: only steps that are skipped or not selected need: 'b.n'" "check says so"
try "$SPOOR" check parts.yml lonely
status 1 "check: otherwise it is"

try "$SPOOR" run parts.yml outer -s s33
status 1 "unknown step"
like "$err" "Step/steps 's33' not in 'outer'" "unknown step: says which"
like "$err" "did you mean 's3'" "unknown step: the nearest"
try "$SPOOR" run parts.yml outer -t imge
status 1 "unknown tag"
like "$err" "'imge' is not a valid tag of 'outer'" "unknown tag: says which"
like "$err" "did you mean 'image'" "unknown tag: the nearest"
try "$SPOOR" run parts.yml outer -s r2
like "$err" "did you mean 's2.r2'" "a step of a nested recipe: its place"
try "$SPOOR" run parts.yml say -s a
status 1 "a cab has no steps"

# --- skip_if_outputs: as in Stimela's test of conditional skips -----------------------------------------
cat >fresh.yml <<'END'
cabs:
  make:
    command: touch
    inputs: {from: {dtype: File, policies: {skip: true}}}
    outputs:
      to: {dtype: File, policies: {positional: true}}
  count:
    command: sh
    policies: {positional: true}
    inputs: {script: str, from: {dtype: File, policies: {skip: true}}}
    outputs:
      to: {dtype: File, policies: {skip: true}}
      n: int
    management: {wranglers: {'n=(?P<n>\d+)': [PARSE_OUTPUT:n:int]}}
  show: {command: echo, inputs: {n: {dtype: int, policies: {positional: true}}}}
three:
  inputs: {how: str}
  steps:
    one: {cab: make, skip_if_outputs: exist, params: {from: in.tmp, to: 1.tmp}}
    two: {cab: make, skip_if_outputs: fresh, params: {from: in.tmp, to: 2.tmp}}
    three: {cab: make, skip_if_outputs: =IFSET(recipe.how), params: {from: in.tmp, to: 3.tmp}}
alone:
  steps:
    count: {cab: count, skip_if_outputs: exist, params: {script: count.sh, from: in.tmp, to: n.tmp}}
values:
  steps:
    count: {cab: count, skip_if_outputs: exist, params: {script: count.sh, from: in.tmp, to: n.tmp}}
    show: {cab: show, params: {n: =steps.count.n}}
END
touch in.tmp
done_steps() {
    grep -o '^three\.[a-z]*  *done' "$out" | sed 's/ *done//; s/^three\.//' | tr '\n' ' ' | sed 's/ $//'
}
does() { # OPTIONS WANT
    # shellcheck disable=SC2086
    try "$SPOOR" run fresh.yml three $1
    is "$(done_steps)" "$2" "skip_if_outputs, run $1: '$2'"
}
does "" "one two three"
does "" "three"
said "checking if file-type outputs of step are fresh" "says what it looks at"
said "all required outputs are OK, skipping this step" "says why it skips"
touch -d '+1 minute' in.tmp
does "" "two three"
said "to = 2.tmp is not fresh" "says why it does not skip"
touch -d '+2 minutes' 2.tmp
does "how=fresh" "three"
touch -d '+2 minutes' 3.tmp
does "how=fresh" ""
does "-f how=exist" "two"
touch -d '+2 minutes' 2.tmp
does "-F" "one three"
does "-F -f how=fresh" "one two three"
does "--set opts.disable_skips.exist=true how=exist" "one two three"
try "$SPOOR" run fresh.yml three how=exst
status 1 "a condition that is none"
like "$err" "did you mean 'exist'" "a condition that is none: the nearest"

# --- values of a step that is skipped --------------------------------------------------------------------
echo 'echo n=42; touch n.tmp' >count.sh
try "$SPOOR" run fresh.yml values
status 0 "a value of a step"
try "$SPOOR" run fresh.yml values
status 0 "a value of a skipped step"
like "$out" '^values.count +skipped' "the step is skipped"
said "output 'n' of the skipped step is that of run" "says where its value is from"
like "$out" '^# 42$' "and the value is that of the run before"
try "$SPOOR" run fresh.yml values -s show
status 0 "a value of a step that is not selected"
rm -r .spoor
try "$SPOOR" run fresh.yml values
status 1 "without an earlier run there is no value"
like "$err" "the skipped step 'values.count'" "and it says so before anything runs"
[ ! -e .spoor ]
ok $? "nothing was begun"

# --- what an attempt left behind does not count ------------------------------------------------------------
echo 'echo n=1; echo half >n.tmp; exit 3' >count.sh
rm -f n.tmp
try "$SPOOR" run fresh.yml values
status 1 "a step that fails and leaves its output"
echo 'echo n=2; echo whole >n.tmp' >count.sh
try "$SPOOR" run fresh.yml values
status 0 "the next run"
said "to = n.tmp was left behind by an attempt that did not end well" "does not trust the output"
is "$(cat n.tmp)" whole "and makes it again"
try "$SPOOR" run fresh.yml values
like "$out" '^values.count +skipped' "then it counts"

cat >count.sh <<'END'
echo half >n.tmp
echo $$ >pid.new && mv pid.new pid
i=0
while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
END
rm n.tmp
"$SPOOR" run fresh.yml values >"$out" 2>&1 &
spoor=$!
wait_for "the tool runs" test -e pid
kill -s KILL "$spoor"
wait "$spoor" 2>/dev/null
echo 'echo n=3; echo whole >n.tmp' >count.sh
try "$SPOOR" plan fresh.yml values
is "$(grep -c '\$ sh' "$out")" 1 "kill -9: plan knows that the step runs"
try "$SPOOR" run fresh.yml values -s show
status 1 "kill -9: when it is not selected, it has no value either"
try "$SPOOR" run fresh.yml values
said "to = n.tmp was left behind by an attempt that did not end well" "kill -9: the output is not trusted"
is "$(cat n.tmp)" whole "kill -9: it is made again"
like "$out" '^# 3$' "kill -9: with its value"

# Something else has made it since: it counts.
echo 'echo n=4; echo half >n.tmp; exit 3' >count.sh
rm n.tmp
try "$SPOOR" run fresh.yml alone
status 1 "an attempt that fails"
touch -d '+3 seconds' n.tmp
try "$SPOOR" run fresh.yml alone
like "$out" '^alone.count +skipped' "what somebody made by hand counts"
finish
