#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tap.sh - what the tests of the whole program share. Sourced, never run:
#
#     . "$(dirname "$0")/tap.sh"
#     try "$SPOOR" --version        # stdout in $out, stderr in $err, exit status in $rc
#     status 0 "--version"
#     like "$out" '^spoor [0-9]' "says its version"
#     finish
#
# Each test runs in an empty directory of its own, with an empty HOME; both are removed at the end.
set -u
: "${SPOOR:?SPOOR must name the program under test}"

tap_count=0
tap_failed=0
rc=0
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for the tests
root=$(cd "$here/../.." && pwd)
SPOOR=$(cd "$(dirname "$SPOOR")" && pwd)/$(basename "$SPOOR")

# The directory of the test lies beside what the test needs itself, so that listings show only
# what spoor has made.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/spoor-cli-XXXXXX") || exit 99
work=$scratch/work
out=$scratch/out
err=$scratch/err
mkdir "$work" "$scratch/home"
: >"$out"
: >"$err"
cd "$work" || exit 99

clean_up() {
    cd / || exit 99
    chmod -R u+rwX "$scratch" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

HOME=$scratch/home
LC_ALL=C.UTF-8
export SPOOR HOME LC_ALL
unset NO_COLOR CLICOLOR_FORCE XDG_CONFIG_HOME STIMELA_INCLUDE VIRTUAL_ENV PYENV_VERSION PYTHONPATH \
    COLUMNS CDPATH

settings=

# Settings of the user whose HOME this is.
set_for_test() {
    settings="$settings$1, "
    mkdir -p "$HOME/.config"
    echo "opts: {$settings}" >"$HOME/.config/stimela.conf"
}

# For tests that run the same thing over and over and want to see it run.
remember_nothing() {
    set_for_test 'store: {enable: false}'
}

# For tests whose tools write what no cab declares, or want to see the environment of the test.
natively() {
    set_for_test 'backend: {select: native}'
}

# Run a command, keeping its stdout in $out, its stderr in $err and its status in $rc.
try() {
    "$@" >"$out" 2>"$err" </dev/null
    rc=$?
}

# ok STATUS NAME: the basic report; 0 is success.
ok() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
        return 0
    fi
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $2"
    return 1
}

# What the last command said, for whoever has to find out why a check failed.
show() {
    sed 's/^/#   out: /' "$out" | head -n 40
    sed 's/^/#   err: /' "$err" | head -n 40
}

# status WANT NAME: exit status of the last `try`.
status() {
    [ "$rc" -eq "$1" ]
    ok $? "$2: exit status $1" || { echo "#   got status $rc"; show; }
}

# is GOT WANT NAME
is() {
    [ "$1" = "$2" ]
    ok $? "$3" || { echo "$1" | sed 's/^/#   got:  /'; echo "$2" | sed 's/^/#   want: /'; }
}

# like FILE REGEX NAME: some line of the file matches.
like() {
    grep -Eq -e "$2" "$1"
    ok $? "$3" || { echo "#   no line matches: $2"; sed 's/^/#   | /' "$1" | head -n 40; }
}

unlike() {
    ! grep -Eq -e "$2" "$1"
    ok $? "$3" || { echo "#   a line matches: $2"; grep -E -e "$2" "$1" | sed 's/^/#   | /' | head; }
}

# said REGEX NAME: on either stream of the last `try`.
said() {
    cat "$out" "$err" >"$scratch/both"
    like "$scratch/both" "$1" "$2"
}

# skip NAME WHY
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# Everything below the current directory, with sizes: equal before and after means untouched.
listing() {
    find . -printf '%p %y %s %T@\n' | LC_ALL=C sort
}

# wait_for WHAT COMMAND...: until the command succeeds, at most 30 s. Tests wait for events.
wait_for() {
    wait_what=$1
    wait_turns=600
    shift
    while ! "$@" >/dev/null 2>&1; do
        wait_turns=$((wait_turns - 1))
        if [ "$wait_turns" -eq 0 ]; then
            ok 1 "$wait_what happens within 30 s"
            return 1
        fi
        sleep 0.05
    done
}

finish() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}
