#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Images from registries: Debian's docker-registry, and one that lies.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

make="python3 $root/tests/image/make.py"
vault=$HOME/.local/share/spoor/images
server=

stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
    server=
}
trap 'stop; clean_up' EXIT

# serve MODE [LAYOUT]: port in $port, an empty log
serve() {
    stop
    rm -f "$scratch/port" "$scratch/log"
    : >"$scratch/log"
    python3 "$root/tests/image/registry.py" "${2:-$work/good}" "$scratch/port" "$1" \
        "$scratch/log" >"$scratch/server.out" 2>&1 &
    server=$!
    wait_for "the registry's start" test -s "$scratch/port"
    port=$(cat "$scratch/port")
    at=127.0.0.1:$port/some/image
}

forget() { # all images
    chmod -R u+rwX "$vault" 2>/dev/null
    rm -rf "$vault"
}

# There is nothing that looks like an image, or like a part of one that is not what it is called.
nothing_is_left() { # NAME
    try "$SPOOR" image list --names
    is "$(cat "$out")" "" "$1: no image"
    is "$(find "$vault/tmp" "$vault/roots" -mindepth 1 2>/dev/null)" "" "$1: nothing half done"
    (cd "$vault/blobs/sha256" 2>/dev/null && sha256sum -- *) 2>/dev/null |
        awk '$1 != $2 { exit 1 }'
    ok $? "$1: blobs are what they are called"
}

$make good good
OUTSIDE=$work $make both both

# --- one that tells the truth -----------------------------------------------------------------------
serve honest
try "$SPOOR" image pull "$at:1"
status 0 "pull"
like "$out" '^  digest  sha256:[0-9a-f]{64}$' "the digest"
digest=$(sed -n 's/^  digest  //p' "$out")
tree=$(sed -n 's/^  root    //p' "$out")
is "$("$tree/bin/busybox" cat "$tree/etc/hello")" "hello from the first layer" "a program of the image"
like "$err" 'part 3 of 3' "progress"
: >"$scratch/log"
try "$SPOOR" image pull "$at:1"
status 0 "again"
is "$(grep -c blobs "$scratch/log")" 0 "no blob is fetched twice"
try "$SPOOR" image pull "$at@$digest" --json
status 0 "by digest"
like "$out" "\"digest\": \"$digest\"" "is that digest"
try "$SPOOR" image show "$at@$digest"
status 0 "is found by it"
try "$SPOOR" image pull "$at:2"
status 1 "no such tag"
like "$err" 'there is no such image \(404: manifest unknown to registry\)' "says what the registry says"
try "$SPOOR" image pull "$at:1" "$at:2" "$at@sha256:$(printf %064d 0)"
status 1 "one of three is there"
like "$out" "^$at:1$" "it is fetched"
forget
serve no-digest-header
try "$SPOOR" image pull -q "$at:1"
status 0 "a registry without the header of the digest"
is "$(cat "$err")" "" "-q shows no progress"
forget
serve honest "$work/both"
try "$SPOOR" image pull "$at:1"
status 0 "an index"
is "$(sed -n 's/^  size .*in //p' "$out")" "1 layer" "the manifest for this machine"
try "$SPOOR" image pull "$at:1" --arch sparc64 --as other/machine:1
status 0 "the one for another"
try "$SPOOR" image show "other/machine:1"
like "$out" '^architecture  sparc64$' "is that"
try "$SPOOR" image pull "$at:1" --arch vax
status 1 "one that there is not"
like "$err" 'no image for linux/vax, only for linux/sparc64, linux/' "says which there are"

# --- tokens and passwords ---------------------------------------------------------------------------
forget
serve token
try "$SPOOR" image pull "$at:1"
status 0 "a token"
like "$scratch/log" 'blobs/.* auth=Bearer token-of-the-test' "is used"
is "$(grep -c 'GET /token' "$scratch/log")" 1 "one is enough"
forget
serve token-password
try "$SPOOR" image pull "$at:1"
status 1 "a token without a password"
like "$err" "token from http://127.0.0.1:$port/token: no token: the answer is 401: wrong password" "says so"
auth=$(printf 'ada:s3cret' | base64)
mkdir -p "$HOME/.docker"
printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "$port" "$auth" >"$HOME/.docker/config.json"
try "$SPOOR" image pull "$at:1"
status 0 "with one"
is "$(grep -v /token "$scratch/log" | grep -c Basic)" 0 "the password goes to nobody else"
forget
serve basic
printf '{"auths": {"http://127.0.0.1:%s/v1/": {"auth": "%s"}}}' "$port" "$auth" >"$scratch/auth.json"
rm "$HOME/.docker/config.json"
try "$SPOOR" image pull "$at:1"
status 1 "no password"
like "$err" "'podman login 127.0.0.1:$port' or 'docker login' stores one" "says what to do"
try env REGISTRY_AUTH_FILE="$scratch/auth.json" "$SPOOR" image pull "$at:1"
status 0 "a password from \$REGISTRY_AUTH_FILE"
forget
echo '{"auths": {"127.0.0.1:'"$port"'": {"auth": "!"}}}' >"$scratch/auth.json"
try env REGISTRY_AUTH_FILE="$scratch/auth.json" "$SPOOR" image pull "$at:1"
status 1 "a damaged file of passwords"
like "$err" "passwords in '$scratch/auth.json': auth: it is not USER:PASSWORD" "is named"
printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "$port" "$(printf 'ada:wrong' | base64)" \
    >"$scratch/auth.json"
try env REGISTRY_AUTH_FILE="$scratch/auth.json" "$SPOOR" image pull "$at:1"
status 1 "a wrong password"
like "$err" 'not accepted \(401: password wanted\)' "says so"

refused() { # MODE TEXT
    forget
    serve "$1"
    try timeout 60 "$SPOOR" image pull "$at:1"
    [ "$rc" -ne 0 ] && [ "$rc" -ne 124 ]
    ok $? "$1: refused" || show
    like "$err" "$2" "$1: says why"
    nothing_is_left "$1"
}
refused token-empty 'there is no token in the answer'
refused token-evil "tokens come from 'file:///etc/passwd', which is not HTTPS"
refused negotiate "of a kind that is not known: 'Negotiate'"

# --- lies -------------------------------------------------------------------------------------------
refused wrong-blob 'layer 1 of 2, sha256:[0-9a-f]{12}...: its digest is sha256:[0-9a-f]{64}, not sha256'
refused short-blob 'it ends after [0-9]+ of [0-9]+ bytes'
refused long-blob 'it is longer than the [0-9]+ bytes that were promised'
refused endless-blob 'it is longer than the [0-9]+ bytes that were promised'
refused empty-blob 'it ends after 0 of [0-9]+ bytes'
refused huge-manifest 'the answer is longer than 8388608 bytes'
refused large-manifest 'the manifest has [0-9]+ bytes: 4194304 at most are read'
refused other-manifest "the registry says the manifest's digest is sha256:[0-9a-f]{64}, but it is sha256"
refused html 'manifest'
refused schema1 "schemaVersion: it is not 2 \(1 is Docker's format before 2016"
refused redirect-loop 'redirects'
refused redirect-file 'rotocol'
refused always-busy 'too many requests \(429: slow.* down\)'
unlike "$err" "$(printf '\033')" "what it says does not reach the terminal as it is"
refused break-always 'layer 1 of 2'
forget
serve other-manifest-honest-header
try "$SPOOR" image pull "$at@$digest"
status 1 "another manifest than the one that was asked for"
like "$err" "its digest is sha256:[0-9a-f]{64}, not $digest" "by digest it cannot lie"

# --- trouble ----------------------------------------------------------------------------------------
for mode in break break-no-ranges busy; do
    forget
    serve "$mode"
    try "$SPOOR" image pull "$at:1"
    status 0 "$mode: in the end it is here"
    try "$SPOOR" image show --verify "$at:1"
    status 0 "$mode: and sound"
done
serve break
forget
try "$SPOOR" image pull "$at:1"
like "$scratch/log" 'range=bytes=[0-9]+-' "what has come is not asked for again"
forget
serve redirect-away
try "$SPOOR" image pull "$at:1"
status 0 "blobs from another host"
serve token-away
forget
try "$SPOOR" image pull "$at:1"
status 0 "with a token for the first"
like "$scratch/log" 'elsewhere.* host=localhost' "the second is asked"
unlike "$scratch/log" 'elsewhere.* auth=' "and is not told the token"
forget
stop
try "$SPOOR" image pull "127.0.0.1:1/some/image:1"
[ "$rc" -ne 0 ]
ok $? "nobody there"
like "$err" "image '127.0.0.1:1/some/image:1': .*http://127.0.0.1:1/v2/some/image/manifests/1" "which address"
nothing_is_left "nobody there"

# --- Debian's registry --------------------------------------------------------------------------------
if ! command -v docker-registry >/dev/null; then
    skip "Debian's docker-registry" "it is not installed"
    finish
fi
forget
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
htpasswd -Bbn ada s3cret >"$scratch/htpasswd"
cat >"$scratch/registry.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $scratch/registry}}
http: {addr: "127.0.0.1:$port"}
auth: {htpasswd: {realm: test, path: $scratch/htpasswd}}
END
docker-registry serve "$scratch/registry.yml" >"$scratch/server.out" 2>&1 &
server=$!
wait_for "the start of docker-registry" \
    python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$port" ||
    sed 's/^/# /' "$scratch/server.out"
python3 "$root/tests/image/push.py" good 127.0.0.1:"$port" some/image:1 ada s3cret
ok $? "an image is pushed to docker-registry"
at=127.0.0.1:$port/some/image
try "$SPOOR" image pull "$at:1"
status 1 "it wants a password"
printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "$port" "$auth" >"$HOME/.docker/config.json"
try "$SPOOR" image pull "$at:1"
status 0 "docker-registry"
like "$out" "^  digest  $digest$" "the same digest"
try "$SPOOR" image pull "$at:nosuch"
status 1 "no such tag there"
like "$err" 'there is no such image \(404: manifest unknown\)' "says so"
finish
