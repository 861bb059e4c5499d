#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Steps in containers of podman, docker, apptainer: --backend NAME, and what is said when it cannot be.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

python3 "$root/tests/image/make.py" good layout
"$SPOOR" image pull oci:layout --as h.org/tool:1 >/dev/null 2>&1
echo input >in.txt
cat >recipe.yml <<'END'
cabs:
  tool:
    command: sh -c 'cat {current.in} >{current.out}; echo host of $(hostname)'
    image: h.org/tool:1
    inputs: {in: {dtype: File, required: true}}
    outputs: {out: {dtype: File, required: true}}
  stray:
    command: sh -c 'echo x >beside'
    image: h.org/tool:1
  missing:
    command: no-such-tool
    image: h.org/tool:1
good:
  steps: {a: {cab: tool, params: {in: in.txt, out: out.txt}}}
bad:
  steps: {a: {cab: stray}}
lost:
  steps: {a: {cab: missing}}
END

"$SPOOR" doctor >"$scratch/doctor" 2>&1
remember_nothing
for backend in podman docker singularity; do
    if grep -qE "^missing +$backend " "$scratch/doctor"; then
        try "$SPOOR" run --backend $backend recipe.yml good
        status 1 "$backend cannot be used"
        like "$err" "unable to select a backend \($backend: " "the reason is told"
        continue
    fi
    rm -f out.txt
    try "$SPOOR" run --backend $backend recipe.yml good
    status 0 "a step in a container of $backend"
    is "$(cat out.txt)" input "its output is there"
    try "$SPOOR" run --backend $backend recipe.yml bad
    status 1 "an undeclared file in a container of $backend"
    like "$err" "written 'beside', which its cab does not declare" "it is named"
    try "$SPOOR" run --backend $backend recipe.yml lost
    status 1 "a program that the image does not have"
    like "$err" "no-such-tool" "it is named"
    [ ! -e .spoor/boxes ] || rmdir .spoor/boxes
    ok $? "nothing stays in the workspace"
done
finish
