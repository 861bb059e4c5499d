#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetching and forgetting images, with every failure and every death in turn.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm # hundreds of syncs
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

make="python3 $root/tests/image/make.py"
vault=$HOME/.local/share/spoor/images
OUTSIDE=$scratch
export OUTSIDE
$make good good
$make both both

fresh() {
    chmod -R u+rwX "$vault" 2>/dev/null
    rm -rf "$vault"
}
content() { # of a root, as text
    (cd "$1" && find . -printf '%P %y %m %l\n' | LC_ALL=C sort && find . -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum)
}

# --- every failure, every death -----------------------------------------------------------------------------------
# What is there is whole, whatever fails; then the same command does it.
fresh
env SPOOR_FAULT_LIST="$scratch/sites" "$SPOOR" image pull -q oci:good:1 >"$scratch/undisturbed" 2>&1
tree=$(sed -n 's/^  root    //p' "$scratch/undisturbed")
content "$tree" >"$scratch/want"
sites=$(sort "$scratch/sites" | uniq -c | awk '{ print $2 ":1"; if ($1 > 1) print $2 ":" $1; if ($1 > 4) print $2 ":" int($1 / 2) }')
[ "$(echo "$sites" | wc -l)" -gt 25 ]
ok $? "there are sites"
sound() { # NAME
    for root_dir in "$vault"/roots/*/; do
        [ -d "$root_dir" ] || continue
        content "$root_dir/rootfs" | cmp -s - "$scratch/want"
        ok $? "$1: what is unpacked is whole"
    done
    (cd "$vault/blobs/sha256" 2>/dev/null && sha256sum -- * 2>/dev/null) | awk '$1 != $2 { exit 1 }'
    ok $? "$1: blobs are what they are called"
    for name in $("$SPOOR" image list --names 2>/dev/null); do
        "$SPOOR" image show --verify "$name" >/dev/null 2>&1
        ok $? "$1: what has a name is there"
    done
}
for way in SPOOR_FAULT SPOOR_FAULT_KILL; do
    for site in $sites; do
        fresh
        env $way="$site" "$SPOOR" image pull -q oci:good:1 >"$out" 2>"$err"
        rc=$?
        [ "$rc" -ne 0 ] || cmp -s "$out" "$scratch/undisturbed"
        ok $? "$way=$site: fails, or does it all" || show
        [ "$rc" -eq 0 ] || [ -s "$err" ] || [ "$way" = SPOOR_FAULT_KILL ]
        ok $? "$way=$site: says why"
        sound "$way=$site"
        try "$SPOOR" image pull -q oci:good:1
        is "$(cat "$out")" "$(cat "$scratch/undisturbed")" "$way=$site: then it is done"
        is "$(ls -A "$vault/tmp")" "" "$way=$site: nothing in tmp/"
    done
done
fresh
"$SPOOR" image pull -q oci:good:1 oci:both >/dev/null
cp -a "$vault" "$scratch/vault"
env SPOOR_FAULT_LIST="$scratch/gc-sites" "$SPOOR" image gc --drop oci:both >/dev/null
for site in $(sort "$scratch/gc-sites" | uniq -c | awk '{ print $2 ":1"; if ($1 > 1) print $2 ":" $1 }'); do
    for way in SPOOR_FAULT SPOOR_FAULT_KILL; do
        fresh
        cp -a "$scratch/vault" "$vault"
        env $way="$site" "$SPOOR" image gc --drop oci:both >"$out" 2>"$err"
        "$SPOOR" image gc >"$out" 2>"$err"
        try "$SPOOR" image show --verify oci:good:1
        status 0 "gc, $way=$site: what is named is whole"
        is "$(find "$vault/roots" "$vault/tmp" -mindepth 1 -maxdepth 1 | wc -l)" "$("$SPOOR" image list --names | wc -l)" "gc, $way=$site: nothing else"
    done
done

finish
