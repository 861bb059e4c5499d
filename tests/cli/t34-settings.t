#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Settings and options that cannot be are faults of usage, found before a run is begun: what has
# happened so far stays the newest run.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >r.yml <<'YAML'
cabs:
  make:
    command: sh -c 'echo {current.text} >{current.out}'
    inputs: {text: {dtype: str, policies: {skip: true}}}
    outputs: {out: {dtype: File, policies: {skip: true}}}
r:
  steps:
    a: {cab: make, params: {text: hello, out: out.txt}}
YAML
try "$SPOOR" run -q r.yml
status 0 "a run"
runs_before=$("$SPOOR" runs --json)

# unchanged NAME: no further run.
unchanged() {
    [ "$("$SPOOR" runs --json)" = "$runs_before" ]
    ok $? "$1: no run was begun"
}

# setting|what is said of it
while IFS='|' read -r setting said; do
    for command in "run" "run -d" "plan" "check"; do
        # shellcheck disable=SC2086 # two words
        try "$SPOOR" $command -c "$setting" r.yml
        status 2 "$command -c $setting"
        like "$err" "$said" "$command -c $setting: what it must be"
        unlike "$err" 'warning' "$command -c $setting: nothing else"
    done
    unchanged "$setting"
done <<'ROWS'
opts.store.edits=adotp|opts.store.edits must be refuse, adopt or restore, not 'adotp'
opts.store.snapshot=what|opts.store.snapshot must be auto, clone, copy or none, not 'what'
opts.store.enable=maybe|opts.store.enable must be true or false, not 'maybe'
opts.store.sync=maybe|opts.store.sync must be true or false
opts.store.digest_limit=-3|opts.store.digest_limit must be a whole number from 0, not '-3'
opts.store.salt=[1]|opts.store.salt must be a text, not a list
opts.store.budget=huge|opts.store.budget must be a size .500G. or a share .20%., not 'huge'
opts.store=false|opts.store must be a mapping
opts.log.dir=[1]|opts.log.dir must be a text, not a list
opts.profile.print_depth=x|opts.profile.print_depth must be a whole number, not 'x'
opts.backend.native.enable=maybe|opts.backend.native.enable must be true or false
ROWS
try "$SPOOR" run -c opts.store.edits=adotp r.yml
like "$err" "did you mean 'adopt'" "the nearest word"

for command in "run" "run -d"; do
    for option in "--edits=adotp|--edits must be refuse, adopt or restore, not 'adotp'; did you mean 'adopt'" \
        "--edits=|--edits must be" "--wait=soon|--wait=soon: how many seconds"; do
        # shellcheck disable=SC2086
        try "$SPOOR" $command "${option%%|*}" r.yml
        status 2 "$command ${option%%|*}"
        like "$err" "${option#*|}" "$command ${option%%|*}: what it must be"
    done
done
unchanged "options"

# In a file: with its place. What gc and config are told is looked at, too.
printf 'opts:\n  store:\n    edits: adotp\n' >bad.yml
try "$SPOOR" run bad.yml r.yml
status 2 "in a file"
like "$err" 'bad.yml:3:12: error: opts.store.edits must be' "in a file: where it stands"
try "$SPOOR" gc --dry-run -c opts.store.keep_free=some
status 2 "gc: a setting"
like "$err" 'opts.store.keep_free must be a size' "gc: what it must be"
try "$SPOOR" config -c opts.store.edits=adotp opts.store
status 2 "config: a setting"
like "$err" 'opts.store.edits must be refuse' "config: what it must be"

# A text that means false is false.
try "$SPOOR" run -q -c "opts.store.enable='off'" r.yml
status 0 "opts.store.enable: 'off'"
try "$SPOOR" why
like "$out" 'nothing was remembered' "is off"
finish
