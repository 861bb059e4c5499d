#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What this machine offers: `spoor doctor`.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

try "$SPOOR" doctor
status 0 "recipes can run here"
like "$out" 'ok +store +\.spoor/store, on [a-z0-9]+ \(the first run makes it\)' "the store"
like "$out" 'ok +snapshots .* ms a file' "what snapshots cost"
like "$out" 'ok +locks ' "locks"
[ "$(find . -mindepth 1 | wc -l)" = 0 ]
ok $? "nothing is left behind"

try "$SPOOR" doctor --json
status 0 "as JSON"
like "$out" '"state": "ok"' "with states"

mkdir broken
echo 'spoor-store 9' >broken/format
try "$SPOOR" doctor --store broken
status 1 "a store that cannot be used"
like "$out" 'bad +store .*newer spoor' "is named"

finish
