#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Images from Debian packages: built, built again only when something has changed, the same to the
# byte each time; and all that can go wrong on the way.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

vault=$HOME/.local/share/spoor/images
# Lists and packages are fetched once for all tests that build.
XDG_CACHE_HOME=$(dirname "$SPOOR")/cache/t44 # not that of other tests: whose leftovers are they?
export XDG_CACHE_HOME
cache=$XDG_CACHE_HOME/spoor

names() { "$SPOOR" image list --names; }
digest() { "$SPOOR" image show "$1" --json | sed -n 's/^ *"digest": "\(sha256:[0-9a-f]*\)",*$/\1/p' | head -n 1; }
leftovers() { ls -A "$vault/tmp"; find "$cache" -maxdepth 1 -name 'spoor-image-*'; }

file() { # name, lines...
    one=$1
    shift
    printf '%s\n' "$@" >"$one"
}

# --- what a build file may say ------------------------------------------------------------------------
try "$SPOOR" image build
status 2 "no build file"
like "$err" 'which build file\?' "says so"
try "$SPOOR" image build nowhere.yml
status 3 "a build file that is not there"
like "$err" 'nowhere.yml' "names it"
file a.yml 'name: a' 'suite: bookworm' 'packges: [x]'
try "$SPOOR" image build a.yml
status 1 "a misspelt key"
like "$err" "^a.yml:3:1: error: unknown key 'packges'" "its place"
like "$err" "did you mean 'packages'\?" "the nearest one"
file a.yml 'name: a' 'from: b.yml'
try "$SPOOR" image build a.yml
status 1 "from a file that is not there"
like "$err" "^a.yml:2:7: error: there is no build file 'b.yml'" "its place"
file b.yml 'name: b' 'from: a.yml'
try "$SPOOR" image build a.yml
status 1 "images that stand on one another"
like "$err" 'does one of them stand on itself\?' "says so"
file a.yml 'name: a' 'suite: bookworm' 'files:' '  /x: y'
try "$SPOOR" image build a.yml
status 1 "a file that is not there"
like "$err" "^a.yml:4:7: error: there is no 'y'" "its place"
try "$SPOOR" image build a.yml b.yml --as c
status 2 "two files, one name"
file a.yml 'name: a' 'suite: bookworm'
try "$SPOOR" image build a.yml --as 'oci:x'
status 1 "a name that is none"

sed -n '/^name: spoor.wsclean/,/^```/p' "$root/doc/manual/images.md" | sed '$d' >example.yml
touch fix.py
try "$SPOOR" image build example.yml
like "$err" "^example.yml:[0-9]+:[0-9]+: error: there is no build file 'base.yml'" "the example of the manual is one"
is "$(grep -c error "$err")" 1 "and has no other fault"

# --- what has to be there -----------------------------------------------------------------------------
mkdir bin
ln -s "$(command -v apt-get)" bin/apt-get
try env PATH="$work/bin" "$SPOOR" image build a.yml
status 3 "without mmdebstrap"
like "$err" 'mmdebstrap is not installed: apt-get install mmdebstrap uidmap' "says how to get it"
rm -r bin
file c.yml 'name: c' 'suite: nosuite'
try "$SPOOR" image build c.yml
status 3 "a suite that no mirror has"
like "$err" "no mirror in /etc/apt/sources.list\* has the suite 'nosuite'" "says so"
try "$SPOOR" image build c.yml --mirror http://127.0.0.1:9/debian
status 1 "a mirror that does not answer"
like "$err" 'apt-get: E: .*127.0.0.1:9' "says which"
like "$err" "all of it is in $cache/image-build.log" "and where the log is"
is "$(names)" "" "there are no images"

# --- building -----------------------------------------------------------------------------------------
file base.yml 'name: t/base' 'version: 1' 'suite: bookworm' 'env: {A: 1, B: two words}'
try "$SPOOR" image build base.yml
status 0 "a base image"
like "$out" '^t/base:1$' "its name"
like "$out" '^  size    .* in 1 layer, .* with [0-9]+ packages$' "its size"
first=$(digest t/base:1)
try "$SPOOR" image build base.yml
status 0 "once more"
is "$(cat "$out")" "t/base:1: up to date" "is up to date"
try "$SPOOR" image build base.yml --force --as t/again:1
status 0 "the same by force, under another name"
is "$(digest t/again:1)" "$first" "the same to the byte"
is "$(leftovers)" "" "nothing is left of it"

cp -r /bin/echo hello
mkdir tree
echo in >tree/side
ln -s side tree/link
cat >top.yml <<'END'
name: t/top
from: base.yml
files: {/usr/bin/hello: hello, /opt/tree: tree, /bin/merged: hello, /etc/hosts: tree/side}
env: {B: three, C: ''}
END
try "$SPOOR" image build top.yml --json
status 0 "files on top of it"
like "$out" '"layers": 2' "a second layer"
like "$out" '"built": true' "is built"
try "$SPOOR" image show t/top:latest --json
like "$out" '"B=three"' "a variable of its own"
like "$out" '"A=1"' "and one from below"
unlike "$out" 'two words' "which it has changed"
[ -n "$(digest t/top:latest)" ]
ok $? "it is there"
below=$("$SPOOR" image show t/base:1 | awk '$1 == "layer" { print $2 }')
like "$out" "${below:-no layer}" "the layer below is the same"
tree=$vault/roots/$("$SPOOR" image show t/top:latest --json | sed -n 's/^ *"chain": "sha256:\([0-9a-f]*\)",*$/\1/p')/rootfs
cmp -s hello "$tree/usr/bin/hello" && [ -x "$tree/usr/bin/hello" ]
ok $? "a program"
cmp -s hello "$tree/usr/bin/merged"
ok $? "a link on the way to it is followed"
is "$(cat "$tree/opt/tree/link")" "in" "a directory, with its links"
is "$(cat "$tree/etc/hosts")" "in" "a file that was there is replaced"
[ -x "$tree/usr/bin/dpkg" ] && [ ! -e "$tree/etc/machine-id" ] && [ ! -s "$tree/etc/resolv.conf" ] && ! find "$tree/var/log" "$tree/dev" "$tree/tmp" "$tree/run" -mindepth 1 | grep -q .
ok $? "a Debian, and nothing of this machine in it"
! grep -rqs 'mmdebstrap' "$tree/etc"
ok $? "nor of how it was made"
try "$SPOOR" image build top.yml
is "$(cat "$out")" "t/top:latest: up to date" "up to date"
echo more >tree/new
try "$SPOOR" image build top.yml
like "$out" '^  digest' "a file more: built again"
second=$(digest t/top:latest)
"$SPOOR" image build top.yml --force >"$out" 2>"$err"
is "$(digest t/top:latest)" "$second" "the same to the byte"
is "$(digest t/base:1)" "$first" "and so is the one below"
rm tree/new tree/link
"$SPOOR" image build top.yml >"$out" 2>"$err"
like "$out" '^  digest' "a file less: built again"

# --- packages -----------------------------------------------------------------------------------------
file more.yml 'name: t/more' 'from: base.yml' 'packages:' '- bc'
try "$SPOOR" image build more.yml
status 0 "a package on top of it"
like "$out" 'in 2 layers, its own .* with [1-9] packages?$' "a small layer"
tree=$(sed -n 's/^  root    //p' "$out")
is "$(echo "6*7" | "$tree/usr/bin/bc" 2>&1)" 42 "and the program works"
file bad.yml 'name: t/bad' 'from: base.yml' 'packages:' '- bcc-nonsense' '- bc'
sed -i 's/bcc-nonsense/wsclan/' bad.yml
try "$SPOOR" image build bad.yml
status 1 "a package that is not there"
like "$err" "^bad.yml:4:3: error: Debian bookworm has no package 'wsclan'" "its place"
like "$err" "did you mean 'wsclean'\?" "the nearest one"
file bad.yml 'name: t/bad' 'from: base.yml' 'packages: [bc=0]'
try "$SPOOR" image build bad.yml
status 1 "a version that is not there"
like "$err" "Version '0' for 'bc' was not found" "says so"
ln -s /tmp tree/out
file bad.yml 'name: t/bad' 'from: base.yml' 'files: {/opt: tree, /opt/out/x: hello}'
try "$SPOOR" image build bad.yml
status 1 "a place that a link leads out"
like "$err" "'/opt/out/x' of the image: a link in the image leads out of it" "says so"
rm tree/out
is "$(names | grep bad)" "" "nothing of them is there"
is "$(leftovers)" "" "and nothing is left"

# --- every failure, every death -----------------------------------------------------------------------
try env SPOOR_FAULT_LIST="$scratch/sites" "$SPOOR" image build top.yml --force
status 0 "an undisturbed build"
want=$(digest t/top:latest)
sites=$(sort -u "$scratch/sites" | grep -E '^(make|stage|placing|tarball|tidy|intake|debian)\.')
[ "$(echo "$sites" | wc -l)" -ge 10 ]
ok $? "there are sites"
disturb_all() { # WAY SITES
    way=$1
    for site in $2; do
        name=t/$(echo "$way-$site" | tr 'A-Z._' 'a-z--'):1
        try env "$way=$site:1" "$SPOOR" image build top.yml --force --as "$name"
        if [ "$rc" -eq 0 ]; then
            is "$(digest "$name")" "$want" "$way=$site: does no harm"
        else
            is "$(names | grep -c "^$name\$")" 0 "$way=$site: there is no such image"
            [ -s "$err" ] || [ "$way" = SPOOR_FAULT_KILL ]
            ok $? "$way=$site: says why"
        fi
    done
}
disturb_all SPOOR_FAULT "$sites"
disturb_all SPOOR_FAULT_KILL 'make.below tarball.read tidy.create intake.rename'
try "$SPOOR" image build top.yml --force
status 0 "then it is done"
is "$(digest t/top:latest)" "$want" "as if nothing had been"
is "$(leftovers)" "" "and nothing is left"

# --- interrupted --------------------------------------------------------------------------------------
"$SPOOR" image build more.yml --force >"$out" 2>"$err" &
pid=$!
wait_for "mmdebstrap starts" grep -q '^I: extracting archives' "$cache/image-build.log"
kill -TERM $pid
wait $pid
rc=$?
status 130 "interrupted while packages are installed"
like "$err" 'interrupted' "says so"
is "$(leftovers)" "" "and nothing is left"
is "$(digest t/base:1)" "$first" "the image below is as it was"

finish
