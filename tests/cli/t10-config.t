#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `spoor config`: settings in force, where they come from, changing them (spec stimela2.md 6.2).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

from() { # KEY WANT NAME
    is "$(awk -v key="$1" '$1 == key {$1 = ""; print substr($0, 2)}' "$out")" "$2" "$3"
}

# --- showing ------------------------------------------------------------------------------------------
try "$SPOOR" config
status 0 "config"
from opts.log.dir ". built in" "a built-in setting"
try "$SPOOR" config show log --set opts.log.nest=2
status 0 "config show KEY"
from opts.log.nest "2 command line" "a setting of the command line"
is "$(grep -cv '^opts.log\.\|^setting' "$out")" 0 "nothing but what was asked for"
try "$SPOOR" config log.dir --no-origin
is "$(tail -n 1 "$out" | tr -s ' ')" "opts.log.dir ." "--no-origin"
try "$SPOOR" config run.ncpu run.env.HOME
from run.ncpu "$(nproc --all 2>/dev/null || getconf _NPROCESSORS_ONLN) this machine" "facts about the machine"
from run.env.HOME "$HOME environment" "the environment"
try "$SPOOR" config lgo.dir
status 2 "unknown key"
like "$err" "'opts.lgo.dir' is not set; did you mean 'opts.log.dir'\?" "unknown key: the nearest"
try "$SPOOR" config backend.native.virtual_env
status 0 "a setting that nobody has set"
from opts.backend.native.virtual_env "null not set" "is said to be so"
try "$SPOOR" config --known
like "$out" '^opts.log.dir +a text +directory of log files' "--known explains"
printf 'opts:\n  log: {dir: from-recipe}\nr: {steps: {a: {cab: {command: "true"}}}}\n' >recipe.yml
try "$SPOOR" config recipe.yml log.dir
from opts.log.dir "from-recipe recipe.yml:2:14" "what holds for a recipe"
try "$SPOOR" config --json recipe.yml log.dir log.nest
like "$out" '"line": 2' "JSON: the line"
like "$out" '"from": "built in"' "JSON: built in"

# --- setting ------------------------------------------------------------------------------------------
try "$SPOOR" config set log.dir=logs opts.log.nest=3
status 0 "config set"
like "$out" '^opts.log.dir: logs$' "says what"
like "$out" '^written to spoor.conf$' "says where"
try "$SPOOR" config
from opts.log.dir "logs spoor.conf:3:10" "is read back"
from opts.log.nest "3 spoor.conf:4:11" "and the other one"
cat >spoor.conf <<'YAML'
# my settings
opts:
  log:
    dir: logs   # beside the data
vars:
  telescope: meerkat
YAML
try "$SPOOR" config set log.dir=other vars.band=L profile.print_depth=2
status 0 "a file with comments"
is "$(cat spoor.conf)" "# my settings
opts:
  log:
    dir: other   # beside the data
  profile:
    print_depth: 2
vars:
  telescope: meerkat
  band: L" "keeps them, and the rest"
cp spoor.conf before
for words in "log.dri=x" "log.nest=many" "log.enable=perhaps" "cabs.x.command=y" "log.dir" "=5" \
    "log.nest=2 log.level=loud" "log=x" "log.dir=[" "backend.rlimits=5"; do
    # shellcheck disable=SC2086 # words
    try "$SPOOR" config set $words
    status 2 "set $words"
    is "$(wc -l <"$out")" 0 "set $words: says nothing of success"
    cmp -s before spoor.conf
    ok $? "set $words: the file is as before"
done
try "$SPOOR" config set log.dri=x
like "$err" "did you mean 'opts.log.dir'\?" "unknown key: the nearest"
printf '# odd\nopts: {log: {dir: x}}\n' >spoor.conf
try "$SPOOR" config set log.dir=y
status 2 "a layout that cannot be kept"
like "$err" "with an editor" "is refused politely"
is "$(cat spoor.conf)" "# odd
opts: {log: {dir: x}}" "and the file is as before"
printf 'opts: {log: {dir: x}}\n' >spoor.conf
try "$SPOOR" config set log.dir=y
status 0 "without comments it is written anew"
try "$SPOOR" config log.dir
from opts.log.dir "y spoor.conf:3:10" "and read back"
printf 'opts: [\n' >spoor.conf
try "$SPOOR" config set log.dir=y
status 2 "a broken file"
is "$(cat spoor.conf)" "opts: [" "is left alone"
rm spoor.conf

try "$SPOOR" config set --user log.ext=.log
status 0 "set --user"
is "$(cat "$HOME/.config/spoor/spoor.conf")" "opts:
  log:
    ext: .log" "writes the user's file"
try "$SPOOR" config log.ext
from opts.log.ext ".log $HOME/.config/spoor/spoor.conf:3:10" "which is read"
XDG_CONFIG_HOME=$PWD/xdg try "$SPOOR" config set -u log.ext=.txt
[ -s xdg/spoor/spoor.conf ]
ok $? "XDG_CONFIG_HOME counts"
mkdir venv
VIRTUAL_ENV=$PWD/venv try "$SPOOR" config set -v log.ext=.txt
[ -s venv/stimela.conf ]
ok $? "--virtual-env"
VIRTUAL_ENV='' try "$SPOOR" config set -v log.ext=.txt
status 2 "--virtual-env without one"
try "$SPOOR" config set -v -u log.ext=.txt
status 2 "two places"
if [ "$(id -u)" -ne 0 ]; then
    mkdir shut && chmod a-w shut
    (cd shut && try "$SPOOR" config set log.dir=x && [ "$rc" -eq 1 ])
    ok $? "a directory that cannot be written"
fi

# Stimela's form
try "$SPOOR" config log.dir=here
status 0 "KEY=VALUE without 'set'"
try "$SPOOR" config log.dir
from opts.log.dir "here spoor.conf:3:10" "sets too"
finish
