#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Images from directories and archives: fetched, checked, unpacked, kept, forgotten, pinned.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

make="python3 $root/tests/image/make.py"
vault=$HOME/.local/share/spoor/images
OUTSIDE=$scratch/outside
export OUTSIDE
mkdir "$OUTSIDE"

# --- the words of the command line --------------------------------------------------------------------
try "$SPOOR" image
status 2 "no word behind image"
like "$err" '^usage: spoor image' "shows the help"
try "$SPOOR" image --help
status 0 "image --help"
"$SPOOR" completion bash >"$scratch/completion"
for word in pull build list show pin gc; do
    like "$out" "^  $word  +[a-z]" "image --help lists $word"
done
for word in pull build list show pin gc; do
    try "$SPOOR" image $word --help
    status 0 "image $word --help"
    like "$out" "^usage: spoor image $word" "image $word --help: usage"
    like "$out" '^ *--json' "image $word has --json"
    cp "$out" "$scratch/help"
    try "$SPOOR" help image $word
    is "$(cat "$out")" "$(cat "$scratch/help")" "help image $word is the same"
    try "$SPOOR" help --man image $word
    like "$out" "^\.TH spoor-image-$word " "man page of image $word"
    like "$scratch/completion" "'?image $word'?\) words=' --help" "completion of image $word"
    awk -v most=100 'length > most { exit 1 }' "$scratch/help"
    ok $? "image $word --help fits a terminal"
done
try "$SPOOR" image pul
status 2 "a misspelt word"
like "$err" "there is no command 'image pul'; did you mean 'pull'\?" "nearest word"
try "$SPOOR" image pull
status 2 "pull of nothing"
try "$SPOOR" image pull x y --as z
status 2 "two images, one name"
try "$SPOOR" image list
status 0 "list where nothing was fetched"
like "$out" '^there are no images$' "says so"
try "$SPOOR" image list --json
is "$(cat "$out")" "[]" "the same as JSON"
try "$SPOOR" image gc
status 0 "gc where nothing was fetched"
try "$SPOOR" image show x
status 1 "show where nothing was fetched"
[ ! -e "$vault" ]
ok $? "looking makes no files"

# --- names --------------------------------------------------------------------------------------------
try "$SPOOR" image pull 'h.org/Some/image'
status 1 "a malformed name"
like "$err" "image 'h.org/Some/image:latest', column 7: names of images have no capital letters" "the column"
try "$SPOOR" image pull 'LOCAL/busybox:1'
status 1 "a name without a registry"
like "$err" 'the name has no registry, and no such image was fetched before' "says so"
try "$SPOOR" image pull oci:nowhere
status 1 "no such directory"
like "$err" "there is no file '.*nowhere'" "says so"

try "$SPOOR" image list -c opts.store.images="$work/elsewhere" -c 'opts.store.plain_http=[h.org, i.org:5000]'
status 0 "settings of images"
is "$(cat "$err")" "" "are known"
try "$SPOOR" image list -c opts.store.imags=x
like "$err" "did you mean 'images'\?|did you mean 'opts.store.images'\?" "a misspelt one is not"

# --- what is in an image is in its root -----------------------------------------------------------------
$make good good
try "$SPOOR" image pull oci:good:1
status 0 "an OCI layout"
tree=$(sed -n 's/^  root    //p' "$out")
digest=$(sed -n 's/^  digest  //p' "$out")
like "$out" '^ +1 device was left out$' "the device is left out, and that is said"
is "$("$tree/bin/busybox" cat "$tree/etc/hello")" "hello from the first layer" "a program of the image"
is "$(readlink "$tree/bin/sh")" busybox "a link"
is "$(stat -c %i "$tree/bin/ls")" "$(stat -c %i "$tree/bin/busybox")" "a hard link"
[ ! -e "$tree/etc/gone" ]
ok $? "a whiteout"
is "$(ls -A "$tree/var/lib/old")" d "an opaque directory"
is "$(cat "$tree/usr/lib/x.so")" "in usr/lib" "a file through a link of the layer below"
is "$(stat -c %a "$tree/bin/tool")" 755 "not set-user-id"
is "$(stat -c %Y "$tree/etc/hello")" 1700000000 "the time of a file"
is "$(find "$tree" -name '.wh*')" "" "no whiteout is left"
is "$(find "$tree" ! -type f ! -type d ! -type l)" "" "nothing but files, directories and links"
content() { # of a root, as text
    (cd "$1" && find . -printf '%P %y %m %l\n' | LC_ALL=C sort && find . -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum)
}
content "$tree" >"$scratch/good"
for how in plain zstd; do
    [ "$how" = plain ] || command -v zstd >/dev/null || { skip "$how" "no zstd"; continue; }
    $make good "$how" how=$how
    try "$SPOOR" image pull "oci:$how" --images "$scratch/v-$how"
    status 0 "layers: $how"
    content "$(sed -n 's/^  root    //p' "$out")" >"$scratch/other"
    is "$(cat "$scratch/other")" "$(cat "$scratch/good")" "layers: $how: the same files"
done
$make tar good.tar of=good
try "$SPOOR" image pull oci-archive:good.tar:1
status 0 "an OCI archive"
like "$out" "$digest" "is the same image"
for compressed in no yes; do
    $make docker docker.tar compressed=$compressed
    try "$SPOOR" image pull docker-archive:docker.tar
    status 0 "what docker save writes (compressed: $compressed)"
    is "$(sed -n 's/^  root    //p' "$out")" "$tree" "has the same root"
    cp "$out" "$scratch/first"
    try "$SPOOR" image pull docker-archive:docker.tar
    is "$(cat "$out")" "$(cat "$scratch/first")" "and the same digest each time"
done
gzip -k docker.tar
try "$SPOOR" image pull docker-archive:docker.tar.gz:busybox:1
status 0 "the archive itself compressed, the image named"
try "$SPOOR" image pull docker-archive:docker.tar:nothing:1
status 1 "an image that is not in the archive"
like "$err" "there is no image 'nothing:1', only 'busybox:1'" "which there is"
try "$SPOOR" image pull docker-archive:good
status 1 "a directory for an archive"
like "$err" "is a directory, not an archive: 'oci:' reads those" "says so"
try "$SPOOR" image pull oci:good:2
status 1 "no such tag"
like "$err" "there is no tag '2'" "says so"
mkdir empty
try "$SPOOR" image pull oci:empty
status 1 "no layout"
like "$err" "it is no OCI image layout: there is no file 'oci-layout'" "says so"
try "$SPOOR" image pull oci:good:1 --as wsclean:2
status 0 "--as"
like "$out" '^quay.io/stimela2/wsclean:2$' "is completed as for cabs"
try "$SPOOR" image show wsclean:2 --verify --json
status 0 "show"
is "$(python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["root"], d["digest"], len(d["layers"]), d["verified"], d["command"])' <"$out")" \
    "$tree $digest 2 True ['/bin/sh']" "as JSON"
try "$SPOOR" -c 'opts.backend.override_registries={quay.io/stimela2: mirror.org/x}' image pull oci:good:1 --as wsclean:2
try "$SPOOR" image list --json
is "$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)))' <"$out")" \
    "$("$SPOOR" image list --names | wc -l)" "list as JSON"

# --- another machine ------------------------------------------------------------------------------------
$make other other
try "$SPOOR" image pull oci:other
status 1 "an index without this machine"
like "$err" "there is no image for linux/[a-z0-9]+, only for linux/sparc64" "says what there is"
$make liar liar
try "$SPOOR" image pull oci:liar
status 1 "a configuration for another machine"
like "$err" "the image is for linux/sparc64, this machine is linux/" "says so"

# --- damage -----------------------------------------------------------------------------------------------
fresh() {
    chmod -R u+rwX "$vault" 2>/dev/null
    rm -rf "$vault"
}
nothing_is_left() { # NAME
    try "$SPOOR" image list --names
    is "$(cat "$out")" "$2" "$1: no such image"
    is "$(ls -A "$vault/tmp")" "" "$1: nothing in tmp/"
    is "$(ls -A "$vault/roots")" "" "$1: no root"
}
refuse_damage() { # WHAT TEXT
    fresh
    rm -rf bad
    $make damaged bad what="$1"
    try "$SPOOR" image pull oci:bad
    status 1 "damaged: $1"
    like "$err" "$2" "damaged: $1: says so"
}
refuse_damage truncated 'layer 1 of 1, sha256:[0-9a-f]{12}...: it ends after [0-9]+ of [0-9]+ bytes'
nothing_is_left truncated ""
refuse_damage longer 'it is longer than the [0-9]+ bytes that were promised'
nothing_is_left longer ""
refuse_damage flipped 'its digest is sha256:[0-9a-f]{64}, not sha256:[0-9a-f]{64}'
nothing_is_left flipped ""
refuse_damage size 'it ends after'
nothing_is_left size ""
refuse_damage missing 'layer 1 of 1.*No such file'
nothing_is_left missing ""
refuse_damage out 'is a link that leads out of the directory'
nothing_is_left out ""
refuse_damage diff-ids 'the manifest has 1 layers, the configuration 2 diff_ids'
nothing_is_left diff-ids ""
# These are found when it is unpacked: the image is what its digests say, but no image.
refuse_damage diff-id 'its diff id is sha256:[0-9a-f]{64}, the configuration says sha256'
nothing_is_left diff-id "oci:$work/bad"
refuse_damage tar 'entry .*[Tt]runcated'
nothing_is_left tar "oci:$work/bad"
refuse_damage gzip 'layer 1 of 1.*[Tt]runcated'
nothing_is_left gzip "oci:$work/bad"

# Damage in the vault itself.
fresh
try "$SPOOR" image pull oci:good:1 --no-unpack
is "$(ls "$vault/roots")" "" "--no-unpack"
layer=$(find "$vault/blobs/sha256" -type f -printf '%s %f\n' | sort -nr | sed -n '1s/.* //p')
chmod u+w "$vault/blobs/sha256/$layer"
printf x | dd of="$vault/blobs/sha256/$layer" bs=1 seek=1000 conv=notrunc 2>/dev/null
try "$SPOOR" image show --verify oci:good:1
status 1 "show --verify finds a damaged layer"
like "$err" "blob sha256:[0-9a-f]{12}... is damaged: 'spoor image gc --damaged' removes it" "what to do"
try "$SPOOR" image pull oci:good:1
status 1 "it is not unpacked"
is "$(ls "$vault/roots")" "" "nor is a part of it"
try "$SPOOR" image gc --damaged
like "$out" '^removed 0 names, 0 unpacked images and 1 blob:' "gc --damaged removes it"
try "$SPOOR" image pull oci:good:1
status 0 "then it is fetched again"
echo '{' >"$vault/names/$(printf %064d 0).json"
try "$SPOOR" image gc
status 1 "gc with a name that cannot be read"
like "$err" "1 name cannot be read, so that nobody knows what may go" "touches nothing"
try "$SPOOR" image list
like "$err" "1 name cannot be read" "list says so too"
try "$SPOOR" image gc --damaged
status 0 "gc --damaged"
try "$SPOOR" image show --verify oci:good:1
status 0 "the others are as they were"
echo "spoor images 99" >"$vault/format"
try "$SPOOR" image list
status 1 "a newer format"
like "$err" 'was made by a newer spoor \(format 99' "is refused"

# --- hostile layers -----------------------------------------------------------------------------------------
# Whatever a layer tries: nothing outside changes.
echo precious >"$OUTSIDE/victim"
outside() {
    ls -lA --time-style=full-iso "$OUTSIDE"
    cat "$OUTSIDE/victim"
    ls -A "$scratch" "$HOME/.local/share" "$HOME/.local/share/spoor" "$vault" /escaped 2>&1
}
fresh
try "$SPOOR" image pull oci:good:1
touch "$scratch/one" "$scratch/two" "$scratch/after"
outside >"$scratch/before"
hostile() { # KIND: status in $rc, root in $tree
    rm -rf bad
    $make "$1" bad
    tree=
    "$SPOOR" image pull -q oci:bad --as LOCAL/bad:1 >"$scratch/one" 2>"$scratch/two"
    rc=$?
    cp "$scratch/one" "$out"
    cp "$scratch/two" "$err"
    : >"$scratch/one"
    : >"$scratch/two"
    tree=$(sed -n 's/^  root    //p' "$out")
    outside >"$scratch/after"
    cmp -s "$scratch/before" "$scratch/after"
    ok $? "hostile: $1: nothing outside has changed" || diff "$scratch/before" "$scratch/after" | sed 's/^/# /'
    is "$(ls -A "$vault/tmp")" "" "hostile: $1: nothing in tmp/"
    "$SPOOR" image gc --drop LOCAL/bad:1 --dry-run >/dev/null 2>&1
}
for kind in $($make list hostile) $($make list whiteouts); do
    hostile "$kind"
    case $kind in
    dotdot | dotdot-inside) like "$err" "entry '.*escaped': it has '..' in it" "$kind: refused" ;;
    absolute) is "$(cat "$tree/escaped")" x "$kind: lies in the root" ;;
    symlink-out | symlink-up | symlink-chain)
        is "$(cat "$tree$OUTSIDE/escaped")" x "$kind: lies in the root" ;;
    symlink-file | twice) is "$(stat -c %F "$tree/f")" "regular file" "$kind: a file" ;;
    symlink-nowhere) like "$err" "entry 'out/escaped': a link above it leads nowhere" "$kind: refused" ;;
    symlink-loop) like "$err" "entry 'a/x': what is above it is no directory" "$kind: refused" ;;
    hard-out | hard-nothing) like "$err" "entry 'h': it is a link to .*No such file" "$kind: refused" ;;
    hard-up) like "$err" "it is a link to '.*': it has '..' in it" "$kind: refused" ;;
    hard-symlink) like "$err" "entry 'h': it is a link to 's/victim'" "$kind: refused" ;;
    hard-dir) like "$err" "it is a link to 'd', a directory" "$kind: refused" ;;
    hard-write) is "$(cat "$tree/h")" overwritten "$kind: replaces the link" ;;
    device) is "$(ls -A "$tree") $(sed -n 's/^ *\([0-9]* devices\).*/\1/p' "$out")" "ok 2 devices" "$kind: left out" ;;
    setuid) is "$(stat -c %a "$tree/su")" 755 "$kind: not set-user-id" ;;
    unwritable) is "$(stat -c %a "$tree/d") $(stat -c %a "$tree/d/x")" "700 600" "$kind: can be removed again" ;;
    whiteout-dot | whiteout-empty | whiteout-dots)
        [ "$kind" = whiteout-dots ] || [ -n "$tree" ]
        ok $? "$kind: does nothing in the lowest layer" ;;
    dir-over-link) is "$(stat -c %F "$tree/d")" directory "$kind: a directory" ;;
    parent-is-file) like "$err" "entry 'f/g': what is above it is no directory" "$kind: refused" ;;
    deep | deep-by-links) like "$err" 'it is deeper than 100 levels' "$kind: refused" ;;
    long-link | no-link) [ -z "$tree" ] || [ -L "$tree/l" ]; ok $? "$kind" ;;
    names) [ -e "$tree/-rf" ] && [ -e "$tree/été/α" ]; ok $? "$kind: any name is one" ;;
    whiteout-out | opaque-out) [ -n "$tree" ]; ok $? "$kind: removes nothing" ;;
    whiteout-own | whiteout-first) is "$(cat "$tree/a")" new "$kind: what the same layer brings stays" ;;
    whiteout-missing) is "$(cat "$tree/a")" a "$kind: nothing to remove" ;;
    whiteout-link) [ -e "$tree/d/x" ] && [ ! -L "$tree/l" ]; ok $? "$kind: removes the link, not what it points to" ;;
    aufs) is "$(ls -A "$tree")" a "$kind: bookkeeping is left out" ;;
    dir-to-file) is "$(cat "$tree/d")" "now a file" "$kind" ;;
    file-to-dir) is "$(cat "$tree/d/x")" x "$kind" ;;
    *) ok 1 "$kind has an expectation" ;;
    esac
done

# --- gc -----------------------------------------------------------------------------------------------------
fresh
$make both both
try "$SPOOR" image pull oci:good:1 oci:both
blobs=$(find "$vault/blobs/sha256" -type f | wc -l)
try "$SPOOR" image gc
like "$out" '^removed 0 names, 0 unpacked images and 0 blobs' "gc: everything is named"
try "$SPOOR" image gc --drop oci:bot
status 1 "gc --drop of an unknown name"
like "$err" "there is no image 'oci:$work/bot'; did you mean 'oci:$work/both'\?" "nearest name"
try "$SPOOR" image gc --drop oci:both --dry-run
like "$out" '^would remove 1 name, 1 unpacked image and [34] blobs' "gc --dry-run"
is "$(find "$vault/blobs/sha256" -type f | wc -l)" "$blobs" "removes nothing"
try "$SPOOR" image gc --drop oci:both --json
is "$(python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["names"], d["roots"])' <"$out")" "1 1" "gc --json"
is "$("$SPOOR" image list --names)" "oci:$work/good:1" "the other stays"
try "$SPOOR" image show --verify oci:good:1
status 0 "and is whole"
try "$SPOOR" image gc --older-than 1d
like "$out" '^removed 0 names' "gc --older-than: it is new"
try "$SPOOR" image gc --older-than 1x
status 1 "gc --older-than nonsense"
mkfifo pipe
python3 -c 'import fcntl, struct, sys
fd = open(sys.argv[1], "r+")
fcntl.fcntl(fd, 36 + 1, struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0))
open("pipe").read()' "$vault/lock" &
user=$!
wait_for "the lock" sh -c "'$SPOOR' image gc 2>&1 | grep -q 'is running here'"
try "$SPOOR" image gc
status 4 "gc while somebody uses an image"
try "$SPOOR" image pull oci:good:1
status 0 "pull meanwhile"
: >pipe
wait "$user"
try "$SPOOR" image gc --older-than 0s
like "$out" '^removed 1 name, 1 unpacked image and 4 blobs' "gc of everything"
is "$(find "$vault/blobs" "$vault/roots" "$vault/names" "$vault/tmp" -type f)" "" "nothing is left"

# --- two at once ----------------------------------------------------------------------------------------------
fresh
$make big big size=20
for i in 1 2 3; do
    "$SPOOR" image pull -q oci:big >"$scratch/pull-$i" 2>&1 &
done
wait
for i in 1 2 3; do
    is "$(cat "$scratch/pull-$i")" "$(cat "$scratch/pull-1")" "three at once: $i has the image"
done
like "$scratch/pull-1" '^  root' "three at once: with its root"
try "$SPOOR" image show --verify oci:big
status 0 "three at once: it is whole"
is "$(ls -A "$vault/tmp")" "" "three at once: nothing in tmp/"

# --- lock files ---------------------------------------------------------------------------------------------------
fresh
cat >recipe.yml <<'END'
cabs:
  a: {command: "true", image: LOCAL/tool:1}
  b: {command: "true", image: {name: other, version: 2, registry: LOCAL}}
  c: {command: "true"}
demo:
  steps:
    one: {cab: a}
    two: {cab: b}
    again: {cab: a}
    three: {cab: c}
END
try "$SPOOR" image pin recipe.yml
status 1 "pin of what nobody has"
like "$err" "image 'tool:1': the name has no registry" "says so"
[ ! -e recipe.yml.lock ]
ok $? "writes nothing"
"$SPOOR" image pull -q oci:good:1 --as LOCAL/tool:1 >/dev/null
"$SPOOR" image pull -q oci:both --as LOCAL/other:2 >/dev/null
try "$SPOOR" image pin recipe.yml
status 0 "pin"
is "$(python3 -c 'import json; d = json.load(open("recipe.yml.lock")); print(d["version"], *[n + "@" + v["digest"] for n, v in d["images"].items()])')" \
    "1 tool:1@$digest other:2@$("$SPOOR" image show LOCAL/other:2 --json | sed -n 's/^  "digest": "\(.*\)",/\1/p')" "the lock file"
cp recipe.yml.lock before
$make good newer tag=2 how=plain
"$SPOOR" image pull -q oci:newer:2 --as LOCAL/tool:1 >/dev/null
try "$SPOOR" image pin recipe.yml
like "$out" '  unchanged$' "what is pinned stays"
is "$(cat recipe.yml.lock)" "$(cat before)" "also in the file"
sed -i 's/^    two: .*//' recipe.yml
try "$SPOOR" image pin recipe.yml --dry-run --json
is "$(python3 -c 'import json, sys; print([x["change"] for x in json.load(sys.stdin)])' <"$out")" \
    "['unchanged', 'removed: the recipe does not name it']" "pin --dry-run --json"
is "$(cat recipe.yml.lock)" "$(cat before)" "writes nothing"
try "$SPOOR" image pin recipe.yml
unlike recipe.yml.lock 'other:2' "what the recipe does not name goes"
echo '{"format": "spoor image lock", "version": 2, "images": {}}' >recipe.yml.lock
try "$SPOOR" image pin recipe.yml
status 1 "a newer lock file"
like "$err" "lock file 'recipe.yml.lock': it was written by a newer spoor" "is refused"
like recipe.yml.lock '"version": 2' "and stays"
echo '{"format": "spoor image lock", "version": 1, "images": {"tool:1": {"digest": "sha256:12"}}}' >recipe.yml.lock
try "$SPOOR" image pin recipe.yml
status 1 "a damaged lock file"
like "$err" "image 'tool:1': its digest is not 'sha256:' and 64 digits" "says where"
sed -i 's,LOCAL/tool:1,LOCAL/To_ol:1,' recipe.yml
try "$SPOOR" image pin recipe.yml --lock other.lock
[ "$rc" -ne 0 ]
ok $? "a malformed name in a cab"
like "$err" "recipe.yml:2:.*image of cab 'a': image 'To_ol:1', column 1" "with its place"
finish
