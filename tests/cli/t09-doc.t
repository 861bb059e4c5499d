#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `spoor doc`: pages, lists and JSON about recipes and cabs (spec stimela2.md 6.5).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >tools.yml <<'YAML'
cabs:
  dirty:
    command: dirty-imager
    image: {name: imagers, version: '2.1'}
    info: |
      Makes a **dirty** image.

      * quick
      * dirty
    extra_info:
      See also: the *other* imager
      Notes on inputs: all of them matter
    inputs:
      ms: {dtype: MS, required: true, info: "what to image \e[31m"}
      cell: {dtype: float, default: 1.5, info: size of a pixel}
      kind: {dtype: str, choices: [a, b]}
      seed: {dtype: int, category: Obscure}
      mode: {dtype: str, implicit: fast}
      debug: {dtype: bool, category: Hidden}
    outputs:
      image: {dtype: File, implicit: x.fits}
  clean:
    command: cleaner
    dynamic_schema: some.function
    inputs: {ms: MS}
  dirt: {command: dirt}
YAML
cat >recipe.yml <<'YAML'
_include: ./tools.yml
night:
  name: the whole night
  info: Images every scan
  inputs: {scans: {dtype: 'List[MS]', required: true}}
  for_loop: {var: scan, over: scans, scatter: 4}
  steps:
    map: {cab: dirty, tags: [imaging, quick], info: first look, params: {ms: =recipe.scan}}
    deep: {recipe: deep, skip: true, params: {ms: =recipe.scan}}
    late: {cab: clean, skip: =recipe.fast, skip_if_outputs: exist}
deep:
  inputs: {ms: MS}
  steps:
    one: {cab: clean, params: {ms: =recipe.ms}, tags: [never]}
YAML

# --- one cab ------------------------------------------------------------------------------------------
try "$SPOOR" doc tools.yml dirty
status 0 "a cab"
like "$out" '^Cab: dirty$' "heading"
like "$out" '^  command: dirty-imager$' "command"
like "$out" '^  image: quay.io/stimela2/imagers:2.1$' "image, with its registry"
like "$out" '^    Makes a dirty image\.$' "Markdown without stars"
like "$out" '^    - quick$' "a list"
like "$out" '^  See also:$' "extra section"
like "$out" '^    ms +MS +what to image \?\[31m$' "a parameter; no control characters"
like "$out" 'size of a pixel \[default: 1\.5\]' "a default"
like "$out" '\[choices: a, b\]' "choices"
like "$out" '^  Implicit inputs: omitting 1$' "implicit inputs are counted"
like "$out" '^  Obscure inputs: omitting 1$' "obscure inputs are counted"
unlike "$out" 'Hidden|debug' "hidden ones are not even counted"
unlike "$out" "$(printf '\033')" "no colours in a file"
is "$(sed -n '/Notes on inputs/,/Required inputs/p' "$out" | tr -d ' \n')" \
    "Notesoninputs:allofthemmatterRequiredinputs:" "a section on inputs stands with their tables"
try "$SPOOR" doc -R tools.yml dirty
like "$out" 'Optional inputs: omitting 2' "-R: required only"
try "$SPOOR" doc -I tools.yml dirty
like "$out" '\[implicit: fast\]' "-I: implicit too"
like "$out" 'Obscure inputs: omitting 1' "-I: no obscure ones"
try "$SPOOR" doc -O tools.yml dirty
like "$out" '^    seed' "-O: obscure too"
unlike "$out" 'debug' "-O: not the hidden ones"
try "$SPOOR" doc -A tools.yml dirty
like "$out" '^    debug' "-A: all"
try "$SPOOR" doc tools.yml clean
like "$out" 'Dynamic schema' "a dynamic schema is told"
like "$out" 'some\.function' "with its function"
for columns in 20 40 80 200; do
    COLUMNS=$columns try "$SPOOR" doc -A tools.yml dirty
    long=$(awk -v most=$columns 'length($0) > most && most > 40' "$out")
    is "$long" "" "no line is longer than $columns columns"
done
CLICOLOR_FORCE=1 try "$SPOOR" doc tools.yml dirty
like "$out" "$(printf '\033')\\[1mdirty" "bold where colours are forced"

# --- what is shown without a name ---------------------------------------------------------------------
try "$SPOOR" doc tools.yml
status 0 "several cabs, no name"
like "$out" '^dirty +Makes a dirty image\.' "the list"
like "$out" "'spoor doc FILE NAME' explains" "how to go on"
try "$SPOOR" doc recipe.yml
like "$out" '^night +Images every scan' "several recipes: the list"
try "$SPOOR" doc -l recipe.yml
is "$(grep -cE '^(night|deep|dirty|clean|dirt)\b' "$out")" 5 "-l lists recipes and cabs"
try "$SPOOR" doc --names recipe.yml
is "$(sort "$out" | tr '\n' ' ')" "clean deep dirt dirty night " "--names"
printf 'DEFAULT: clean\n' >default.yml
try "$SPOOR" doc tools.yml default.yml
like "$out" '^Cab: clean$' "DEFAULT is shown"
printf 'cabs: {only: {command: only}}\n' >only.yml
try "$SPOOR" doc ./only.yml
like "$out" '^Cab: only$' "the only cab is shown"
printf 'r: {inputs: {x: int = 5}, steps: {}}\n' >r.yml
try "$SPOOR" doc r.yml only.yml
like "$out" '^Recipe: r$' "the only recipe is shown"

# --- patterns -----------------------------------------------------------------------------------------
try "$SPOOR" doc tools.yml 'dirt*'
is "$(grep '^Cab: ' "$out" | tr '\n' ' ')" "Cab: dirty Cab: dirt " "all cabs that match"
try "$SPOOR" doc -l tools.yml 'dirt*' clean
is "$(grep -cE '^(dirty|clean|dirt)\b' "$out")" 3 "a list of what matches"
try "$SPOOR" doc recipe.yml 'd*'
is "$(grep -E '^(Recipe|Cab): ' "$out" | tr '\n' ' ')" "Recipe: deep Cab: dirty Cab: dirt " \
    "recipes, then cabs"
try "$SPOOR" doc tools.yml dirtyy
status 2 "nothing matches"
like "$err" "no recipe or cab matches 'dirtyy'; did you mean 'dirty'\?" "the nearest name"
try "$SPOOR" doc recipe.yml 'q*'
status 2 "no pattern matches"
like "$err" "'-l' lists those there are" "what to do"
try "$SPOOR" doc nowhere.yml
status 2 "no such file"
like "$err" "nowhere.yml" "which is named"
try "$SPOOR" doc tools.yml simms
like "$out" '^Cab: simms$' "cabs of the library beside those of a file"
try "$SPOOR" doc 'sim*'
is "$(grep '^Cab: ' "$out" | tr '\n' ' ')" "Cab: simms Cab: simulator " "patterns in the library"

# --- recipes ------------------------------------------------------------------------------------------
try "$SPOOR" doc recipe.yml night
status 0 "a recipe"
like "$out" '^Recipe: the whole night$' "its title"
like "$out" '^  section: night$' "and its name"
like "$out" '^    scans +List\[MS\]' "its inputs"
like "$out" '^    over scans as scan, 4 at a time$' "its loop"
like "$out" '^    map +dirty +first look \[tags: imaging, quick\]$' "a step with tags"
like "$out" '^    deep +deep +\[skipped\]$' "a step that is skipped"
like "$out" '^    late +clean +\[skipped if =recipe\.fast\]' "a step that may be skipped"
like "$out" '\[skipped if outputs exist\]' "a step that may be skipped by its outputs"
try "$SPOOR" doc --steps recipe.yml night
is "$(sed -n 's|^    \([a-z.]*\) .*|\1|p' "$out" | grep . | tr '\n' ' ')" "map deep deep.one late " \
    "--steps: nested ones with dots"

# --- JSON ---------------------------------------------------------------------------------------------
json() { # EXPRESSION in which `d` is the document
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$out" "$1"
}
if command -v python3 >/dev/null 2>&1; then
    try "$SPOOR" doc --json recipe.yml night dirty
    status 0 "JSON"
    is "$(json "d['recipes'][0]['steps'][1]['steps'][0]['label']")" one "nested steps"
    is "$(json "d['recipes'][0]['for_loop']['scatter']")" 4 "the loop"
    is "$(json "d['recipes'][0]['inputs']['scans']['dtype']")" 'List[MS]' "inputs of a recipe"
    is "$(json "d['cabs'][0]['inputs']['debug']['category']")" Hidden "everything is in it"
    is "$(json "d['cabs'][0]['image']")" quay.io/stimela2/imagers:2.1 "the image"
    try "$SPOOR" doc --json -l recipe.yml
    is "$(json "[c['name'] for c in d['cabs']]")" "['dirty', 'clean', 'dirt']" "lists as JSON"
else
    skip "JSON" "no python3"
fi
# --- cabs in files of other names ------------------------------------------------------------------------
try "$SPOOR" doc taql.update
status 0 "a cab of the library in a file of another name"
like "$out" '^Cab: taql\.update$' "and it alone"
unlike "$out" '^Cab: taql$' "not the others of that file"
mkdir -p packages/cultcargo/casa
touch packages/cultcargo/__init__.py
printf 'cabs:\n  casa.flag.some:\n    info: flags some\n    command: echo\n    inputs: {n: int = 1}\n' \
    >packages/cultcargo/casa/flag.yml
try env PYTHONPATH=packages "$SPOOR" doc casa.flag.some
status 0 "a cab of cult-cargo by its name"
like "$out" 'flags some' "it is that one"
try env PYTHONPATH=packages "$SPOOR" run casa.flag.some n=2
status 0 "and it runs"
try env PYTHONPATH=packages "$SPOOR" run casa.flg.some
like "$err" "did you mean 'casa\.flag\.some'" "nearest: also there"
try "$SPOOR" run casa.flag.some
status 2 "without cult-cargo there is none"

finish
