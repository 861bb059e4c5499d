#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `spoor build`: container images of the steps of a recipe (spec stimela2.md 6.6, 7.3), with a
# program that plays Singularity.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

mkdir bin
cat >bin/singularity <<'SH'
#!/bin/sh
echo "$*" >>"$SINGULARITY_CALLS"
[ -z "${SINGULARITY_SAYS:-}" ] || echo "$SINGULARITY_SAYS"
case ${SINGULARITY_DOES:-build} in
build) echo "image of $3" >"$2" ;;
half) echo half >"$2"; exit 255 ;;
nothing) ;;
hang) echo half >"$2"; exec sleep 60 ;;
slow) sleep 1; echo "image of $3" >"$2" ;;
esac
SH
chmod +x bin/singularity
calls=$PWD/calls
: >calls
export SINGULARITY_CALLS="$calls"
# shellcheck disable=SC2317 # called through try
with() { PATH=$work/bin:$PATH "$@"; } # with the program
images=$HOME/.singularity

cat >recipe.yml <<'YAML'
cabs:
  imager: {command: imager, image: imagers:2.1, inputs: {name: str = x}}
  other: {command: other, image: 'host:5000/other@sha256:ab'}
  plain: {command: "true"}
  fixed: {command: "true", image: {path: tool.sif}}
r:
  steps:
    one: {cab: imager, tags: [imaging]}
    two: {cab: imager, params: {name: y}}
    off: {cab: other, skip: true}
    bare: {cab: plain}
    far: {cab: other, tags: [never]}
    own: {cab: imager, backend: {default_registry: mirror.net/x}, tags: [own]}
YAML
set_backend="--set opts.backend.select=singularity,native"
# shellcheck disable=SC2086 # words
build() { try with "$SPOOR" build $set_backend "$@"; }

# --- what is built ------------------------------------------------------------------------------------
try "$SPOOR" build --set opts.backend.select=native recipe.yml
status 0 "native backend"
like "$out" 'on the native backend: no image needed' "says that there is nothing to do"
is "$(cat calls)" "" "and does nothing"
build recipe.yml
status 0 "build"
first=$images/quay.io-stimela2-imagers:2.1.simg
is "$(cat calls)" "build $first.part docker://quay.io/stimela2/imagers:2.1
build $images/mirror.net-x-imagers:2.1.simg.part docker://mirror.net/x/imagers:2.1" \
    "one build for each image, in order"
is "$(cat "$first")" "image of docker://quay.io/stimela2/imagers:2.1" "the image"
is "$(find "$images" -name '*.part')" "" "nothing half done"
like "$out" '1 step runs on the native backend' "a step without image"
: >calls
build recipe.yml
status 0 "again"
is "$(cat calls)" "" "images that are there are left alone"
like "$out" 'is there$' "and said to be there"
build --rebuild -s one recipe.yml
is "$(wc -l <calls)" 1 "--rebuild, one step"
: >calls
build --all-steps recipe.yml
like calls 'docker://host:5000/other@sha256:ab$' "--all-steps: also what is skipped"
[ -f "$images/host:5000-other@sha256:ab.simg" ]
ok $? "a registry with a port, and a digest"
: >calls
build -r -t imaging recipe.yml
is "$(wc -l <calls)" 1 "by tag"
: >calls
build -r -s far --set opts.backend.singularity.image_dir=img recipe.yml
is "$(cat calls)" "build img/host:5000-other@sha256:ab.simg.part docker://host:5000/other@sha256:ab" \
    "image_dir, and a step tagged never that is asked for"
: >calls
build --dry-run -r recipe.yml
status 0 "--dry-run"
is "$(cat calls)" "" "--dry-run builds nothing"
like "$out" 'quay.io/stimela2/imagers:2.1' "--dry-run shows the images"
build recipe.yml imager
status 0 "a single cab"

# --- a prebuilt image ---------------------------------------------------------------------------------
printf '_include: recipe.yml\np: {steps: {a: {cab: fixed}}}\n' >fixed.yml
build fixed.yml p
status 1 "an image file that is not there"
like "$err" "there is no image file 'tool.sif'" "is named"
: >tool.sif
build fixed.yml p
status 0 "an image file that is there"

# --- failures -----------------------------------------------------------------------------------------
: >calls
for does in half nothing; do
    SINGULARITY_DOES=$does build -r -s one recipe.yml
    status 1 "a build that leaves $does"
    is "$(cat "$first")" "image of docker://quay.io/stimela2/imagers:2.1" "the old image is still there"
    is "$(find "$images" -name '*.part')" "" "nothing half done stays"
done
SINGULARITY_DOES=half SINGULARITY_SAYS='FATAL: no space' build -r -s one recipe.yml
like "$out" '^# FATAL: no space$' "what the program says"
like "$err" 'imagers:2.1: .singularity build. returned exit code 255' "what went wrong with what"
rm "$first"
try env PATH=/usr/bin:/bin "$SPOOR" build -S -s one recipe.yml
if command -v singularity >/dev/null 2>&1 || command -v apptainer >/dev/null 2>&1; then
    skip "no program" "it is installed here"
else
    status 3 "no program"
    like "$err" "neither 'singularity' nor 'apptainer' is installed" "no program: says so"
fi
try "$SPOOR" build -S -s one --set opts.backend.singularity.executable=/nowhere/s recipe.yml
status 3 "a program that is not there"
like "$err" '/nowhere/s' "is named"
mv bin/singularity bin/apptainer
: >calls
build -s one recipe.yml
status 0 "apptainer will do"
mv bin/apptainer bin/my-sing
build -r -s one --set opts.backend.singularity.executable="$work/bin/my-sing" recipe.yml
status 0 "executable"
mv bin/my-sing bin/singularity
build -s nosuch recipe.yml
status 1 "an unknown step"
build
status 2 "no words"

# --- interrupted, at the same time --------------------------------------------------------------------
rm "$first"
: >calls
# shellcheck disable=SC2086 # words
SINGULARITY_DOES=hang PATH=$work/bin:$PATH "$SPOOR" build $set_backend -s one recipe.yml >"$out" 2>"$err" &
pid=$!
wait_for "the build starts" test -s calls
wait_for "it has written something" test -s "$first.part"
kill -TERM $pid
wait $pid
rc=$?
status 130 "interrupted"
[ ! -e "$first" ] && [ ! -e "$first.part" ]
ok $? "leaves nothing"
: >calls
# shellcheck disable=SC2086 # words
SINGULARITY_DOES=slow PATH=$work/bin:$PATH "$SPOOR" build $set_backend -s one recipe.yml >"$scratch/one" 2>&1 &
pid=$!
wait_for "the first build starts" test -s calls
SINGULARITY_DOES=build build -s two recipe.yml
status 0 "a second build of the same image"
wait $pid
ok $? "and the first"
is "$(wc -l <calls)" 1 "one of them has built it, the other has waited"
like "$out" '^# waiting: ' "and said so"

# --- Slurm ---------------------------------------------------------------------------------------------
cat >bin/srun <<'SH'
#!/bin/sh
echo "srun $*" >>"$SINGULARITY_CALLS"
while [ $# -gt 0 ] && [ "$1" != singularity ]; do shift; done
exec "$@"
SH
chmod +x bin/srun
: >calls
build -r -s one --set opts.backend.slurm.enable=true recipe.yml
is "$(grep -c srun calls)" 0 "slurm: images are built here"
: >calls
build -r -s one --set opts.backend.slurm.enable=true --set opts.backend.slurm.build_local=false \
    --set opts.backend.slurm.srun_opts_build.mem=8G recipe.yml
status 0 "slurm.build_local: false"
like calls '^srun .*--mem 8G .*singularity build ' "goes through srun"
finish
