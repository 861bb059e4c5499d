#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The command line of Stimela: its options, words, exit statuses and configuration files
# (spec stimela2.md 1.8, 1.9, 1.11, 6.1-6.3).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
unset VIRTUAL_ENV PYTHONPATH

mkdir "$scratch/bin"
ln -s "$SPOOR" "$scratch/bin/stimela"
stimela=$scratch/bin/stimela

cat >cabs.yml <<'END'
cabs:
  echo:
    command: echo
    inputs:
      a: {dtype: str, default: dflt}
      b: {dtype: int, default: 1}
      c: {dtype: Any}
      d: {dtype: 'List[str]'}
    policies: {key_value: true, prefix: ''}
END
cat >one.yml <<'END'
_include: ./cabs.yml
one:
  inputs:
    a: {dtype: str, default: dflt}
    b: {dtype: int, default: 1}
    c: {dtype: Any}
    d: {dtype: 'List[str]'}
  assign: {v: v}
  steps:
    s: {cab: echo, params: {a: =recipe.a, b: =recipe.b, c: =IFSET(recipe.c), d: =IFSET(recipe.d)}}
END
cat >two.yml <<'END'
_include: ./cabs.yml
first:
  steps: {s: {cab: echo, params: {a: first}}}
last:
  steps: {s: {cab: echo, params: {a: last}}}
END

# --- the program by its other name ------------------------------------------------------------
try "$stimela" --version
status 0 "stimela --version"
like "$out" '^stimela, version 2\.[0-9]+ \(spoor [0-9.]+\)$' "stimela --version: the language's, and ours"
try "$stimela" --help
status 0 "stimela --help"
like "$out" '^usage: stimela \[OPTIONS\] COMMAND' "stimela --help: its name"
try "$stimela"
status 2 "stimela alone"
try "$stimela" rnu
status 2 "stimela: unknown command"
like "$err" "^stimela: .*did you mean 'run'" "stimela: unknown command: nearest"
try "$stimela" --verbsoe run one.yml
status 2 "stimela: unknown option"
try "$stimela" run
status 2 "run without arguments"
like "$err" '^usage: stimela run ' "run without arguments: prints help"
try "$SPOOR" run
like "$err" '^usage: spoor run ' "run without arguments, as spoor"
try "$stimela" run --help
status 0 "run --help"
like "$out" '^usage: stimela run ' "run --help: its name"
try "$stimela" exec one.yml
status 0 "exec"
like "$out" '^# a=dflt b=1$' "exec is run"
try "$SPOOR" exec one.yml
status 0 "exec, as spoor"
try "$stimela" help two.yml first
status 0 "help"
cp "$out" "$scratch/help"
try "$stimela" doc two.yml first
is "$(cat "$out")" "$(cat "$scratch/help")" "help is doc"
try "$SPOOR" help run
like "$out" '^usage: spoor run' "help stays help for spoor"

# --- options in front of the command ------------------------------------------------------------
for program in "$stimela" "$SPOOR"; do
    name=$(basename "$program")
    for options in "-b native" "--backend native" "-sd" "-dd" "-B" "-v" "-C" "--clear-cache" \
        "--no-sys-config" "-I ." "-s opts.log.dir=logs" "--set=opts.log.dir=logs" \
        "-b native -sd -B -v" "-C -B --backend=native"; do
        # shellcheck disable=SC2086 # words on purpose
        try "$program" $options run one.yml
        status 0 "$name $options run"
        like "$out" '^# a=dflt b=1$' "$name $options run: runs"
    done
done
try "$stimela" -b nativ run one.yml
status 2 "-b with a misspelt name"
like "$err" "did you mean 'native'" "-b with a misspelt name: nearest"
try "$stimela" -b
status 2 "-b without a name"
like "$err" 'option -b needs a value' "-b without a name: says so"
echo 'vars: {x: 1}' >c.conf
mkdir inc
echo 'vars: {inc: 1}' >inc/inc.yml
try "$stimela" -c c.conf -s opts.log.dir=fromset run one.yml
[ -e fromset/log-one.s.txt ]
ok $? "-s changes a setting"
try "$stimela" -c gone.conf run one.yml
status 2 "-c with a file that is not there"
try "$stimela" -s opts.lgo.dir=x run one.yml
status 2 "-s with an unknown setting"
sed 's/^_include.*/_include: [cabs.yml, inc.yml]/' one.yml >includes.yml
try "$stimela" run includes.yml
status 2 "an include that is not on the path"
try "$stimela" -I inc run includes.yml
status 0 "-I"
STIMELA_INCLUDE=nowhere:inc "$stimela" run includes.yml >/dev/null 2>&1
ok $? "STIMELA_INCLUDE"
mkdir -p "$HOME/.stimela"
cp inc/inc.yml "$HOME/.stimela"
try "$stimela" run includes.yml
status 0 "a directory .stimela at home is on the path"
rm "$HOME/.stimela/inc.yml"
mkdir -p "$HOME/lib/stimela"
cp inc/inc.yml "$HOME/lib/stimela"
try "$stimela" run includes.yml
status 0 "a directory lib/stimela at home is on the path"
rm -r "${HOME:?}/lib"
try "$stimela" -s 'opts.include=[inc]' run includes.yml
status 0 "opts.include is on the path"

# --- options of run --------------------------------------------------------------------------------
said_a() { # WANT NAME OPTIONS...: what the tool was given
    want=$1
    name=$2
    shift 2
    try "$stimela" run "$@"
    status 0 "$name"
    like "$out" "^# $want\$" "$name: parameters"
}
said_a 'a=x b=1' "-a NAME VALUE" one.yml -a a x
said_a 'a=x b=7' "-a twice" -a a x -a b 7 one.yml
said_a 'a=-v b=1' "-a with what looks like an option" -a a -v one.yml
said_a 'a=y b=1' "words win over -a" a=y one.yml -a a x
said_a 'a=z b=1' "of words the last wins" a=y one.yml a=z
try "$stimela" run one.yml -a a
status 2 "-a with one value"
said_a 'a=dflt b=1' "-c A.B=VALUE" -c opts.log.dir=byc one.yml
[ -e byc/log-one.s.txt ]
ok $? "-c: the setting"
said_a 'a=dflt b=1' "-C A.B VALUE" -C opts.log.dir byC one.yml
[ -e byC/log-one.s.txt ]
ok $? "-C: the setting"
echo 'opts: {log: {dir: byfile}}' >log.conf
said_a 'a=dflt b=1' "-c FILE" -c log.conf one.yml
[ -e byfile/log-one.s.txt ]
ok $? "-c: a file"
try "$stimela" run one.yml -c opts.lgo.dir=x
status 2 "-c with an unknown setting"
said_a 'a=last b=1' "-l" -l two.yml
said_a 'a=first b=1' "a name" two.yml first
{
    cat two.yml
    echo 'DEFAULT: first'
} >default.yml
said_a 'a=first b=1' "DEFAULT" default.yml
said_a 'a=last b=1' "-l wins over DEFAULT" default.yml --last-recipe
said_a 'a=last b=1' "a name wins over DEFAULT" default.yml last
try "$stimela" run -l cabs.yml
status 2 "-l where there is no recipe"
said_a 'a=dflt b=1' "-N" -N one.yml
for options in -S -K; do
    try "$stimela" run $options one.yml
    status 1 "$options where it cannot be"
    said 'unable to select a backend' "$options: says so"
done
said_a 'a=dflt b=1' "-N wins over -b" -b kube -N one.yml
said_a 'a=dflt b=1' "-p" -p 0 one.yml
try "$stimela" run -p x one.yml
status 2 "-p without a number"
try "$stimela" run -d one.yml
status 0 "-d"
unlike "$out" '^# ' "-d: nothing is run"

# --- parameter files ---------------------------------------------------------------------------------
cat >p.yml <<'END'
a: fromfile
b: 5
c: 1e3
END
said_a 'a=fromfile b=5 c=1e3' "-pf" one.yml -pf p.yml
said_a 'a=x b=5 c=1e3' "-a wins over -pf" one.yml -a a x -pf p.yml
said_a 'a=y b=5 c=1e3' "words win over -pf" a=y one.yml --parameter-file p.yml
echo 'a: second' >q.yml
said_a 'a=second b=5 c=1e3' "of two files the last wins" one.yml -pf p.yml -pf q.yml
printf 's:\n  a: nested\n  b: 4\n' >nested.yml
said_a 'a=nested b=4' "a mapping stands for dotted names" two.yml first -pf nested.yml
said_a 'a=nested b=9' "words win inside it" two.yml first -pf nested.yml s.b=9
: >empty.yml
said_a 'a=dflt b=1' "an empty file" one.yml -pf empty.yml
try "$stimela" run one.yml -pf q.ymll
status 2 "-pf with a file that is not there"
like "$err" "no parameter file 'q.ymll'; did you mean 'q.yml'" "-pf: nearest file"
printf 'a: [1,\n' >bad.yml
try "$stimela" run one.yml -pf bad.yml
status 2 "-pf with bad YAML"
like "$err" '^bad.yml:[0-9]+:' "-pf with bad YAML: place"
echo '- a' >list.yml
try "$stimela" run one.yml -pf list.yml
status 2 "-pf with a list"
like "$err" 'must be a mapping' "-pf with a list: says so"
echo 'ab: 1' >unknown.yml
try "$stimela" run one.yml -pf unknown.yml
status 1 "-pf with an unknown name"
like "$err" '^unknown.yml:1:1: error: unknown parameter .ab.' "-pf with an unknown name: place"

# --- words ---------------------------------------------------------------------------------------------
said_a 'a=1e3 b=1' "a value that PyYAML takes for text" one.yml a=1e3
said_a 'a=2024-01-01 b=1' "a date is text" one.yml a=2024-01-01
said_a 'a=dflt b=1' "x==UNSET" one.yml a==UNSET
said_a 'a=dflt b=3' "x==FORMULA" one.yml b==1+2
said_a 'a=dflt b=1 d=p,q' "a list" one.yml 'd=[p,q]' -c cabs.echo.policies.repeat=,
said_a 'a=1 b=1' "x={recipe.y} is a substitution" one.yml 'a={recipe.b}'
like "$err" "warning: '\{recipe.b\}' is a mapping in YAML" "x={recipe.y}: a warning"
try "$stimela" run one.yml 'a=[1'
status 2 "a value that is no YAML"
try "$stimela" run one.yml first second
status 2 "two names"
like "$err" 'multiple recipe or cab names' "two names: says so"
try "$stimela" run two.yml frist
status 2 "a name that is not there"
like "$err" "'frist' does not refer to a recipe or a cab; did you mean 'first'" "a name that is not there: nearest"
try "$stimela" run two.yml zzzzzzzz
like "$err" 'available recipes: first, last; available cabs: echo' "a name like no other: what there is"
try "$stimela" run two.yml
status 2 "several recipes"
like "$err" 'first, last' "several recipes: names"
try "$stimela" run one
status 2 "a name without a file"
like "$err" 'for the file write ./one' "a name that is a file: hint"
said_a 'a=dflt b=1' "./NAME is a file" ./one
said_a 'a=dflt b=1' "a file of its own name" one.yml one
said_a 'a=dflt b=1' "a cab by its name" cabs.yml echo
said_a 'a=dflt b=1' "the only cab" cabs.yml
try "$stimela" run gone.yml
status 2 "a file that is not there"
like "$err" "doesn't match any YAML documents" "a file that is not there: says so"
mkdir dir listed
cp one.yml cabs.yml dir
echo 'one: {steps: {s: {params: {a: listed}}}}' >listed/b.yml
cp one.yml listed/a.yml
cp cabs.yml listed/cabs.yml
printf 'a.yml\nb.yml\n' >listed/MANIFEST.stimela
said_a 'a=dflt b=1' "a directory" ./dir one
said_a 'a=listed b=1' "a directory with a manifest, in its order" listed/
said_a 'a=dflt b=1' "wildcards" 'on*.yml'
cat >nested-lib.yml <<'END'
_include: ./cabs.yml
lib:
  recipes:
    inner: {steps: {s: {cab: echo, params: {a: inner}}}}
outer:
  steps: {s: {recipe: inner}}
END
said_a 'a=inner b=1' "a recipe of lib.recipes by its name" nested-lib.yml inner
echo 'one: {steps: {s: {params: {a: later}}}}' >later.yml
said_a 'a=later b=1' "a later file adds to an earlier" one.yml later.yml

# --- packages ------------------------------------------------------------------------------------------
site=$scratch/site
mkdir -p "$site/pack/sub"
touch "$site/pack/__init__.py" "$site/pack/sub/__init__.py"
cp one.yml cabs.yml "$site/pack"
cp two.yml cabs.yml "$site/pack/sub"
PYTHONPATH=$site
export PYTHONPATH
said_a 'a=dflt b=1' "(package)file" '(pack)one.yml'
said_a 'a=dflt b=1' "(package)/file" '(pack)/one'
said_a 'a=dflt b=1' "package::file" pack::one.yml
said_a 'a=last b=1' "(package.package)file" '(pack.sub)two.yml' last
said_a 'a=dflt b=1' "(package)" '(pack)' one
try "$stimela" run '(pack)oen.yml'
status 2 "(package)file that is not there"
like "$err" "did you mean 'one.yml'" "(package)file that is not there: nearest"
try "$stimela" run '(pakc)one.yml'
status 2 "(package) that is not there"
like "$err" "can't import package 'pakc'" "(package) that is not there: says so"
unset PYTHONPATH
try "$stimela" -I "$site" run '(pack)one.yml'
status 0 "(package) below -I"

# --- start-up files ------------------------------------------------------------------------------------
cat >show.yml <<'END'
_include: ./cabs.yml
show:
  steps:
    s: {cab: echo, params: {a: '{config.vars.who}', c: '{config.vars.all}'}}
END
venv=$scratch/venv
packages=$venv/lib/python3.11/site-packages
mkdir -p "$packages/stimela" "$packages/cultcargo/genesis" "$HOME/.config/spoor" "$HOME/.stimela"
touch "$packages/stimela/__init__.py" "$packages/cultcargo/__init__.py"
VIRTUAL_ENV=$venv
export VIRTUAL_ENV
conf() { echo "vars: {who: $1, all: all}" >"$2"; }
origin() { # WANT: who was last
    try "$stimela" run show.yml
    like "$out" "^# a=$1 b=1 c=all\$" "start-up files: $1 wins"
}
conf package "$packages/stimela/stimela.conf"
origin package
conf here stimela.conf
origin here
conf environment "$venv/stimela.conf"
origin environment
conf stimela-home "$HOME/.stimela/stimela.conf"
origin stimela-home
conf cult-cargo "$packages/cultcargo/stimela.conf"
origin cult-cargo
conf config-home "$HOME/.config/stimela.conf"
origin config-home
conf spoor-home "$HOME/.config/spoor/spoor.conf"
origin spoor-home
conf spoor-here spoor.conf
origin spoor-here
conf by-c by-c.conf
try "$stimela" -c by-c.conf run show.yml
like "$out" "^# a=by-c " "-c wins over start-up files"
try "$stimela" -c by-c.conf -s vars.who=by-s run show.yml
like "$out" "^# a=by-s " "-s wins over -c"
try "$stimela" --no-sys-config run show.yml
status 1 "--no-sys-config: none of them"
mkdir "$scratch/xdg" "$scratch/xdg/spoor"
conf xdg "$scratch/xdg/spoor/spoor.conf"
rm spoor.conf
XDG_CONFIG_HOME=$scratch/xdg "$stimela" run show.yml >"$out" 2>&1
like "$out" "^# a=xdg " "XDG_CONFIG_HOME"
printf 'vars: {who: [\n' >"$HOME/.config/spoor/spoor.conf"
try "$stimela" run show.yml
status 0 "a broken start-up file stops nobody"
like "$out" "^# a=config-home " "a broken start-up file: the others count"
like "$err" 'spoor.conf:[0-9]+:[0-9]+: warning: ' "a broken start-up file: what is wrong"
like "$err" "'.*spoor/spoor.conf' cannot be loaded and is left out" "a broken start-up file: says so"
echo '{opts: {lgo: 1}, vars: {who: half}}' >"$HOME/.config/spoor/spoor.conf"
try "$stimela" run show.yml
status 0 "a start-up file with an unknown key"
like "$out" "^# a=config-home " "a start-up file with an unknown key: none of it counts"
rm -r "$HOME/.config" "$HOME/.stimela" stimela.conf "$venv/stimela.conf"

# What cult-cargo brings is there without an include.
cat >"$packages/cultcargo/stimela.conf" <<'END'
_include: (.)genesis/base.yml
images:
  default-python: {_use: vars.cult-cargo.images, name: python-x}
END
cat >"$packages/cultcargo/genesis/base.yml" <<'END'
vars: {cult-cargo: {images: {registry: reg.io/x, version: cc9}}}
lib: {misc: {thing: {size: 7}}}
END
cat >pics.yml <<'END'
_include: ./cabs.yml
pics:
  steps:
    s:
      cab: echo
      params:
        a: =config.images.default-python.version + config.images.default-python.name
        b: =config.lib.misc.thing.size
END
try "$stimela" run pics.yml
status 0 "cult-cargo's images and lib.misc without an include"
like "$out" '^# a=cc9python-x b=7$' "cult-cargo's images and lib.misc: values"
unset VIRTUAL_ENV

# --- config.run ------------------------------------------------------------------------------------------
cat >runs.yml <<'END'
_include: ./cabs.yml
r:
  steps:
    s:
      cab: echo
      params:
        a: '{config.run.date} {config.run.time} {config.run.datetime} {config.run.env.SECRET}'
        b: '=config.run.ncpu + 0 * config.run.ncpu-logical + 0 * config.run.ncpu-physical'
        c: '{config.run.node} {config.run.hostname}'
END
# shellcheck disable=SC2016 # as it is
SECRET='x${y}' "$stimela" run runs.yml >"$out" 2>&1
like "$out" '^# a=[0-9]{8} [0-9]{6} [0-9]{8}-[0-9]{6} x\$\{y\} b=[0-9]+ c=[^. ]+ [^ ]+$' "config.run"

# --- logs ------------------------------------------------------------------------------------------------
try "$stimela" -s opts.log.dir=log1 run one.yml a=first
like log1/log-one.txt '^[-0-9]+ [:0-9]+ STIMELA.one INFO: command line: .*stimela -s opts.log.dir=log1 run one.yml a=first$' "log: how it was called"
like log1/log-one.s.txt 'STIMELA.one.s INFO: # a=first b=1$' "log: who speaks"
like log1/log-stimela.txt 'run successful after 0:00:0' "log: how it ended"
like "$out" '^run successful after 0:00:0' "end of the run"
like "$out" '^last log directory was log1$' "end of the run: where the logs are"
try "$SPOOR" -s opts.log.dir=log1 run one.yml a=second
like log1/log-one.s.txt 'SPOOR.one.s INFO: # a=second b=1$' "log: who speaks, as spoor"
like log1/log-one.s.txt~ 'STIMELA.one.s INFO: # a=first b=1$' "log: the earlier one is kept"
unlike log1/log-one.s.txt 'first' "log: and not mixed with the new one"
# shellcheck disable=SC2016 # as it is
try "$stimela" -s opts.log.dir=log2 run one.yml log.name='x+y@{info.fqname}:1 $2'
[ -e 'log2/x+y@one.s:1__2.txt' ]
ok $? "log.name: only what shells stumble over is replaced"
for level in WARNIN 3 ''; do
    try "$stimela" -s "opts.log.level='$level'" run one.yml
    status 2 "log.level '$level'"
    like "$err" 'must be DEBUG, INFO, WARNING, ERROR or CRITICAL' "log.level '$level': which there are"
done
try "$stimela" -s opts.log.level=error -s opts.log.dir=log3 run one.yml
status 0 "log.level in small letters"
[ ! -s log3/log-one.s.txt ]
ok $? "log.level: lines of lower levels are left out"
for place in "run -v" "run --verbose"; do
    # shellcheck disable=SC2086 # words
    try "$stimela" $place one.yml
    like "$out" '^### validated inputs$' "$place: the same as -v in front"
done
try "$stimela" -v run one.yml
like "$out" '^### validated inputs$' "-v: inputs"
like "$out" '^full command line is echo a=dflt b=1$' "-v: the command line"
like "$out" '^echo returns exit code 0 after' "-v: exit code"
like "$out" "^recipe 'one' executed successfully$" "-v: the recipe"
try "$stimela" run one.yml
unlike "$out" '^###|^full command' "without -v: none of it"
try "$stimela" run -dc -c opts.log.dir=dump one.yml a=x
status 0 "-dc"
grep -q '"default-python"' dump/stimela.recipe.config.yaml
ok $? "-dc: the configuration"
try "$stimela" run -d -dc -c opts.log.dir=dump2 one.yml
[ -s dump2/stimela.recipe.config.yaml ]
ok $? "-dc with -d"

finish
