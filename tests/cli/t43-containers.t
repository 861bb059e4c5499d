#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Steps that run in images: which one, what they see there, what is remembered of it.
# shellcheck disable=SC2016 # scripts of others, in single quotes
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

make="python3 $root/tests/image/make.py"
vault=$HOME/.local/share/spoor/images
OUTSIDE=$scratch/outside
export OUTSIDE
mkdir "$OUTSIDE"
echo secret >"$OUTSIDE/secret"
server=
trap '[ -z "$server" ] || kill "$server"; clean_up' EXIT

$make good one
$make good two tag=2 how=plain
digest_of() { # NAME: of what is in the vault
    "$SPOOR" image show "$1" --json | sed -n 's/^  "digest": "\(.*\)",/\1/p'
}
take() { # LAYOUT: LOCAL/tool:1 is that
    "$SPOOR" image pull -q "oci:$1" --as LOCAL/tool:1 >/dev/null 2>&1
}
short() {
    echo "$1" | cut -c1-19
}
journal() { # of the newest run
    find .spoor/runs -name journal.jsonl -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2
}
run() {
    try "$SPOOR" run --backend container "$@"
}

cat >cabs.yml <<'YAML'
cabs:
  hello:
    image: LOCAL/tool:1
    command: sh -c 'cat /etc/hello {current.f} >{current.out}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {out: {dtype: File, must_exist: true, policies: {skip: true}}}
  add:
    image: LOCAL/tool:1
    command: sh -c 'echo {current.n} >>{current.d}/rows; mkdir -p {current.d}/new/deep; echo x >{current.d}/new/deep/f'
    inputs: {d: {dtype: MS, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
  shell:
    image: LOCAL/tool:1
    command: sh -c
    inputs:
      say: {dtype: str, policies: {positional: true}}
      f: {dtype: File, policies: {skip: true}}
      fs: {dtype: 'List[File]', policies: {skip: true}}
    outputs: {out: {dtype: File, policies: {skip: true}}}
YAML
cat >r.yml <<'YAML'
_include: cabs.yml
r:
  steps:
    a: {cab: hello, params: {f: in/x, out: made/deep/a.out}}
    m: {cab: add, params: {d: x.ms, n: row}}
    b: {cab: hello, params: {f: =previous.d + '/rows', out: b.out}}
YAML
mkdir in x.ms
echo input >in/x
echo raw >x.ms/rows

# --- nothing is here ----------------------------------------------------------------------------------
try "$SPOOR" plan --backend container r.yml
status 0 "plan without the image"
like "$out" '^    in image tool:1, which would be pulled$' "says that it would be pulled"
try "$SPOOR" check --backend container r.yml
status 0 "check without the image"
like "$out" '^r: fine, 3 tool runs, image tool:1 would be pulled$' "says that it would be pulled"
try "$SPOOR" check --backend container --json r.yml
is "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["pulls"])' <"$out")" "['tool:1']" "check --json, too"
[ ! -e "$vault" ]
ok $? "neither makes files"
run r.yml
status 1 "run without the image"
like "$err" "^cabs.yml:3:.*error: cab 'hello': image 'tool:1' is not here, and its name has no registry" "says which, and where"
like "$err" "hint: give it that name with 'spoor image pull ... --as LOCAL/tool:1', or run the step with what is installed here: '--backend native'" "what to do"
[ ! -e .spoor/runs ]
ok $? "no run has begun"
sed 's,LOCAL/tool:1,{registry: LOCAL; name: spoor/tool},; s/;/,/' cabs.yml >ours.yml
sed 's/cabs.yml/ours.yml/' r.yml >ours-r.yml
run ours-r.yml
like "$err" "hint: 'make images' in the source of Spoor makes it" "an image of Spoor's own"
sed 's,LOCAL/tool:1,127.0.0.1:1/far/tool:1,' cabs.yml >far.yml
sed 's/cabs.yml/far.yml/' r.yml >far-r.yml
run far-r.yml
status 1 "run without a network"
like "$err" "cab 'hello': image '127.0.0.1:1/far/tool:1': " "which image"
like "$err" "hint: 'spoor image pull 127.0.0.1:1/far/tool:1' fetches it once there is a network" "what to do"

# --- a run ----------------------------------------------------------------------------------------------
take one:1
one=$(digest_of LOCAL/tool:1)
try "$SPOOR" run --backend nosuch r.yml
status 2 "no such backend"
run r.yml
status 0 "a run in an image" || show
is "$(cat made/deep/a.out)" "hello from the first layer
input" "a file of the image, and an input"
is "$(cat x.ms/rows)" "raw
row" "a directory is changed in place"
is "$(cat x.ms/new/deep/f)" x "a new directory in it"
is "$(tail -1 b.out)" row "a step reads what another has made"
is "$(ls -A .spoor/boxes)" "" "nothing is left"
like "$(journal)" "\"image\": *{\"name\": *\"tool:1\", *\"digest\": *\"$one\"" "the journal has its digest"
run r.yml
like "$out" '^3 steps not run again' "the same again: nothing"
try "$SPOOR" show
like "$out" "^    image    tool:1  $one$" "spoor show"
try "$SPOOR" show --json
is "$(python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["images"][0]["name"], d["steps"][0]["image"]["digest"])' <"$out")" \
    "tool:1 $one" "spoor show --json"
like log-r.a.txt "in image tool:1, $one" "the log of a step"
try "$SPOOR" export --ro-crate crate
status 0 "a crate" || show
is "$(python3 -c 'import json; g = json.load(open("crate/ro-crate-metadata.json"))["@graph"]; print([(e["name"], e["sha256"]) for e in g if e["@type"] == "ContainerImage"], sum("containerImage" in e for e in g))')" \
    "[('tool:1', '${one#sha256:}')] 3" "with the image"
try "$SPOOR" plan --backend container r.yml
like "$out" "^    in image tool:1 $(short "$one")\.\.\.$" "plan says which image"
try "$SPOOR" plan --backend container --json r.yml
is "$(python3 -c 'import json, sys; i = json.load(sys.stdin)["steps"][0]["image"]; print(i["name"], i["digest"], i["here"])' <"$out")" \
    "tool:1 $one True" "plan --json, too"

# --- the same name, another image -------------------------------------------------------------------------
first=$("$SPOOR" runs --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["run"])')
"$SPOOR" image pin r.yml >/dev/null 2>&1
mv r.yml.lock "$scratch/lock"
take two:2
two=$(digest_of LOCAL/tool:1)
[ "$one" != "$two" ]
ok $? "the second image is another one"
run r.yml
status 0 "a new image under the same name"
like "$out" 'r.a +done' "the step runs again"
try "$SPOOR" why a
like "$out" "the image of 'sh' is another one: $(short "$two")\.\.\. was $(short "$one")\.\.\." "why says so"
"$SPOOR" image pull -q oci:one:1 --as LOCAL/elsewhere:7 >/dev/null 2>&1
sed 's,LOCAL/tool:1,LOCAL/elsewhere:7,' cabs.yml >"$scratch/cabs" && cp cabs.yml "$scratch/cabs.yml" && cp "$scratch/cabs" cabs.yml
run r.yml
like "$out" '^3 steps not run again' "another name of the first image: the same as then"
cp "$scratch/cabs.yml" cabs.yml

# --- lock file ----------------------------------------------------------------------------------------------
cp "$scratch/lock" r.yml.lock
run r.yml
like "$out" '^3 steps not run again' "the digest in the lock file counts, not the name's"
try "$SPOOR" show
like "$out" "^    image    tool:1  $one$" "it is that image"
sed "s/$one/sha256:$(printf %064d 7)/" "$scratch/lock" >r.yml.lock
run r.yml
status 1 "a digest that nobody has"
like "$err" "image 'tool:1' is not here, and its name has no registry" "says so"
echo '{' >r.yml.lock
run r.yml
status 1 "a damaged lock file"
like "$err" "lock file 'r.yml.lock': " "says so"
rm r.yml.lock

# --- the image of then ----------------------------------------------------------------------------------------
try "$SPOOR" rerun --check "$first"
status 0 "rerun --check: everything is there" || show
try "$SPOOR" rerun "$first"
status 0 "rerun"
try "$SPOOR" show
like "$out" "^    image    tool:1  $one$" "rerun: with the image of then"
"$SPOOR" image gc --drop LOCAL/elsewhere:7 --drop oci:one:1 >/dev/null 2>&1
"$SPOOR" image gc --drop LOCAL/elsewhere:7 >/dev/null 2>&1
try "$SPOOR" rerun "$first"
status 1 "rerun, when the image of then is gone"
like "$err" "image 'tool:1' is not here" "says so"

# --- from a registry -------------------------------------------------------------------------------------------
python3 "$root/tests/image/registry.py" "$work/one" "$scratch/port" honest "$scratch/log" >/dev/null 2>&1 &
server=$!
wait_for "the registry's start" test -s "$scratch/port"
at=127.0.0.1:$(cat "$scratch/port")
sed "s,LOCAL/tool:1,$at/some/image:1," cabs.yml >reg.yml
sed 's/cabs.yml/reg.yml/' r.yml >reg-r.yml
chmod -R u+rwX "$vault" && rm -rf "$vault" .spoor
try "$SPOOR" image pin reg-r.yml
status 0 "pin asks the registry"
[ -z "$(ls "$vault/roots")" ]
ok $? "and fetches nothing"
run reg-r.yml
status 0 "a run fetches the image" || show
like "$err" "some/image.*: part 3 of 3" "with progress"
like "$(journal)" "\"digest\": *\"$one\"" "by the digest of the lock file"
is "$("$SPOOR" image list --names)" "$at/some/image@$one" "under its digest"
is "$(grep -c '"event": *"step-start"' "$(journal)")" 3 "three steps, fetched once"
chmod -R u+rwX "$vault" && rm -rf "$vault"
rm reg-r.yml.lock
kill "$server"
wait "$server" 2>/dev/null
server=
run reg-r.yml
status 1 "the registry is gone, and so is the image"

# --- what is seen -----------------------------------------------------------------------------------------------
take one:1
shell() { # WORDS of the shell, in an image; more options of spoor
    script=$1
    shift
    run "$@" cabs.yml shell say="$script"
}
spoken() { # what the tool has said
    sed -n 's/^# //p' "$out"
}
cat >read.yml <<YAML
cabs:
  fixed: {image: LOCAL/tool:1, command: busybox cat $OUTSIDE/secret}
  read: {image: LOCAL/tool:1, command: 'busybox cat {current.f}', inputs: {f: {dtype: File, policies: {skip: true}}}}
YAML
run read.yml fixed
status 1 "what is not declared"
like "$out" "can't open '$OUTSIDE/secret': No such file" "is not there"
run read.yml read f="$OUTSIDE/secret"
status 0 "what is declared"
is "$(spoken)" secret "is there"
ln -s "$OUTSIDE/secret" link
ln -s "$work/link" "$OUTSIDE/back"
shell 'cat link' f=link
is "$(spoken)" secret "what a link leads to"
run read.yml read f="$OUTSIDE/back"
is "$(spoken)" secret "through two links"
cat >words.yml <<'YAML'
cabs:
  word:
    image: LOCAL/tool:1
    command: sh -c 'test ! -e {current.w} && echo x >{current.out}'
    inputs: {w: {dtype: str, policies: {skip: true}}}
    outputs: {out: {dtype: File, policies: {skip: true}}}
  look:
    image: LOCAL/tool:1
    command: busybox ls -A
    inputs: {d: {dtype: Directory, policies: {positional: true}}}
  neighbours:
    image: LOCAL/tool:1
    command: busybox ls -A /tmp
    inputs: {f: {dtype: File, path_policies: {write_parent: true}, policies: {skip: true}}}
YAML
run words.yml word w="$OUTSIDE/secret" out=word.out
status 0 "a word that is a path of this machine: it is not there" || show
echo changed >"$OUTSIDE/secret"
run words.yml word w="$OUTSIDE/secret" out=word.out
like "$out" '^1 step not run again' "and no input"
echo secret >"$OUTSIDE/secret"
shell 'cat /etc/hello; true / /dev /run /usr /bin/sh /home /proc /sys'
is "$(spoken)" "hello from the first layer" "words mean what they mean in the image"
mark=$(mktemp /tmp/spoor-mark.XXXXXX)
for dir in /tmp /var/tmp / /dev /dev/shm /run /proc; do
    run words.yml look d=$dir
    status 0 "a directory that the box has itself: $dir" || show
    ! spoken | grep -q "^spoor-mark"
    ok $? "$dir: nothing of this machine is in it"
done
other=$(mktemp /tmp/spoor-mark.XXXXXX)
run words.yml neighbours f="$mark"
is "$(spoken | grep '^spoor-mark')" "$(basename "$mark")" "a file in /tmp is there, /tmp is not"
rm "$mark" "$other"
mkdir "$OUTSIDE/sub" linked.ms
echo subtable >"$OUTSIDE/sub/rows"
ln -s "$OUTSIDE/sub" linked.ms/SUB
cat >sub.yml <<'YAML'
_include: cabs.yml
sub: {steps: {s: {cab: list, params: {d: linked.ms}}}}
cabs: {list: {image: LOCAL/tool:1, command: busybox cat linked.ms/SUB/rows, inputs: {d: {dtype: MS, policies: {skip: true}}}}}
YAML
run sub.yml
is "$(spoken)" subtable "a link in a directory"
shell 'echo more >/etc/hello'
status 1 "the image cannot be changed"
shell 'echo x >stray; true'
status 1 "a file that no cab declares"
said "it has written 'stray', which its cab does not declare" "is named"
SECRET=x
export SECRET
shell 'echo "$A|$PATH|$SECRET|$LC_ALL|$MINE"' '-c' 'opts.backend.container.env={MINE: own}'
is "$(spoken)" "B|/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin||C.UTF-8|own" "variables of the image and the settings"
shell 'echo "$A|$PATH|$SECRET|$LC_ALL|$MINE"' '-c' 'opts.backend.container.env={MINE: other}'
is "$(spoken | cut -d'|' -f5)" other "another value of one: it runs again"
mkdir "$OUTSIDE/dir"
echo bound >"$OUTSIDE/dir/f"
binds() {
    shell "$1" -c "opts.backend.container.bind_dirs={d: $2}" -c opts.store.enable=false
}
binds "cat $OUTSIDE/dir/f" "{host: $OUTSIDE/dir}"
is "$(spoken)" bound "bind_dirs"
binds "cat /data/f; echo new >/data/g" "{host: $OUTSIDE/dir, target: /data}"
is "$(spoken) $(cat "$OUTSIDE/dir/g")" "bound new" "bind_dirs: target"
binds "echo no >/data/h" "{host: $OUTSIDE/dir, target: /data, mode: ro}"
status 1 "bind_dirs: mode ro"
binds "ls -A /data; echo x >/data/x; cat /data/x" "{host: empty, target: /data}"
is "$(spoken)" x "bind_dirs: empty"
is "$(ls -A .spoor/boxes)" "" "bind_dirs: nothing is left of it"
binds "echo fine" "{host: empty}"
status 1 "bind_dirs: empty without a target"
said "opts.backend.container.bind_dirs.d: host 'empty' needs a 'target'" "says so"
binds "echo fine" "{host: $OUTSIDE/nowhere}"
said "bind_dirs.d: there is no '$OUTSIDE/nowhere'" "bind_dirs: what is not there"
binds "echo fine" "{host: $OUTSIDE/nowhere, mkdir: true}"
[ -d "$OUTSIDE/nowhere" ]
ok $? "bind_dirs: mkdir"
binds "echo fine" "{host: $OUTSIDE/nothing, conditional: false}"
status 0 "bind_dirs: conditional"
binds "echo fine" "{host: $OUTSIDE, target: data}"
said "its target 'data' is not absolute" "bind_dirs: a relative target"

# --- what is wrong ------------------------------------------------------------------------------------------------
wrong() { # IMAGE
    cat >wrong.yml <<YAML
cabs:
  w:
    command: $2
    image: $1
wrong: {steps: {s: {cab: w}}}
YAML
    try "$SPOOR" check --backend container wrong.yml
}
wrong 'reg.org/To_ol:1' true
status 1 "a malformed name"
like "$err" "^wrong.yml:4:12: error: image of cab 'w': image 'reg.org/To_ol:1', column 9: " "its line and column"
wrong LOCAL/tool:1 nosuchtool
status 1 "a tool that the image has not"
like "$err" "^wrong.yml:3:.*there is no program 'nosuchtool' in image 'tool:1' of cab 'w'" "says so"
wrong '{path: nowhere.tar}' true
like "$err" "image of cab 'w': there is no image 'nowhere.tar'" "a path where nothing is"
wrong '{path: x.sif}' true
touch x.sif
wrong '{path: x.sif}' true
like "$err" "is a file of Singularity" "a file of Singularity"
python3 -m venv --without-pip venv >/dev/null 2>&1 || mkdir -p venv/bin
[ -e venv/bin/activate ] || touch venv/bin/activate
cat >venv.yml <<'YAML'
_include: cabs.yml
v:
  backend:
    native: {virtual_env: venv}
  steps: {a: {cab: hello, params: {f: in/x, out: v.out}}}
YAML
try "$SPOOR" check --backend container venv.yml
status 1 "an image and a virtual environment"
like "$err" "^venv.yml:4:.*step 'v.a' has an image and a virtual environment" "says where"
try "$SPOOR" check --backend native venv.yml
status 0 "but not where native is asked for"
$make other other
cat >arch.yml <<'YAML'
cabs: {w: {command: "true", image: {path: other}}}
arch: {steps: {s: {cab: w}}}
YAML
run arch.yml
status 1 "an image for another machine"
like "$err" "there is no image for linux/[a-z0-9]+, only for linux/sparc64" "says what there is"

# --- files ----------------------------------------------------------------------------------------------------------
$make tar one.tar of=one
$make docker docker.tar
for file in one one.tar docker.tar; do
    cat >file.yml <<YAML
cabs: {w: {command: busybox cat /etc/hello, image: {path: $file}}}
file: {steps: {s: {cab: w}}}
YAML
    run file.yml
    status 0 "an image in a file: $file" || show
    is "$(spoken)" "hello from the first layer" "$file: it runs"
done
cp -a two/. one/ && $make good one tag=9
try "$SPOOR" plan --backend container file.yml
like "$out" 'in image docker-archive:' "a file that is known"
touch docker.tar
try "$SPOOR" plan --backend container file.yml
like "$out" 'which would be pulled' "a file that was written since"

# --- Python ---------------------------------------------------------------------------------------------------------
cat >python.yml <<'YAML'
cabs:
  p:
    flavour: python-code
    image: LOCAL/tool:1
    command: |
      import sys
      print("in", sys.version_info[0])
python: {steps: {s: {cab: p}}}
YAML
run python.yml
status 1 "an image without Python"
like "$err" "there is no program 'python3?' in image 'tool:1' of cab 'p'" "says so"

python3 - "$root/tests/image" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import make
script = make.entry("bin/python3", '#!/bin/sh\necho "stands for $0 $1 $2"\n', mode=0o755)
made = make.Layout("python")
made.finish("1", made.image([make.busybox(), make.layer(script)]))
PY
"$SPOOR" image pull -q oci:python --as LOCAL/python:1 >/dev/null 2>&1
sed -i 's,LOCAL/tool:1,LOCAL/python:1,' python.yml
run python.yml
status 0 "an image with a python3 only" || show
is "$(spoken)" "stands for /bin/python3 -u -c" "it is taken, whatever this machine has"

# --- nobody takes it away ---------------------------------------------------------------------------------------------
"$SPOOR" run --backend container cabs.yml shell say="busybox sleep 60" >/dev/null 2>&1 &
pid=$!
wait_for "the tool runs" sh -c 'open=$(grep -L "\"run-end\"" .spoor/runs/*/journal.jsonl) && [ "$open" ] && grep -q step-handle $open'
try "$SPOOR" image gc
status 4 "gc while a step runs in an image"
kill -INT "$pid"
wait "$pid"

# --- faults while an image is unpacked ----------------------------------------------------------------------------------
naked() { # nothing is unpacked
    chmod -R u+rwX "$vault/roots"
    rm -rf "$vault/roots/"*
}
naked
SPOOR_FAULT_LIST=$scratch/sites run r.yml
status 0 "it is unpacked again"
bad=
# shellcheck disable=SC2013 # words
for site in $(sort -u "$scratch/sites" | grep -E '^(root|unpack|vault|blob|lock|layer|file)\.'); do
    naked
    SPOOR_FAULT=$site:1 run r.yml
    [ "$rc" -lt 70 ] || bad="$bad $site:$rc"
    run r.yml
    [ "$rc" -eq 0 ] || bad="$bad $site"
done
is "$bad" "" "after a fault anywhere the next run has it"
is "$(ls -A "$vault/tmp")" "" "and nothing is left"

# --- a damaged vault ----------------------------------------------------------------------------------------------------
manifest=$vault/blobs/sha256/$(digest_of LOCAL/tool:1 | cut -d: -f2)
chmod u+w "$manifest"
printf x >>"$manifest"
run r.yml
status 1 "a damaged manifest"
like "$err" "is damaged: 'spoor image gc --damaged' removes it, then pull again" "what to do"
finish
