#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Bad input: a clear message with its place, the right status, and nothing left half-made.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively
remember_nothing

# refused NAME STATUS REGEX WORD...: `check` and `run` both refuse with that message; nothing is made.
refused() {
    name=$1 want=$2 regex=$3
    shift 3
    before=$(listing)
    for command in $commands; do
        try "$SPOOR" "$command" "$@"
        status "$want" "$name ($command)"
        like "$err" "$regex" "$name ($command): message"
    done
    is "$(listing)" "$before" "$name: nothing was made or changed"
    unlike "$err" 'Assertion|runtime error|Sanitizer' "$name: no accident"
}
# lacking NAME REGEX-OF-ERROR WORD...: what this machine lacks stops `check` and `run`; `plan` shows what
# would run, and warns.
lacking() {
    commands="check run" name=$1 regex=$2
    shift 2
    refused "$name" 1 "$regex" "$@"
    commands="check run plan"
    try "$SPOOR" plan "$@"
    status 0 "$name (plan)"
    like "$err" "$(printf '%s' "$regex" | sed 's/: error: /: warning: /')" "$name (plan): message"
    like "$out" '^ *\$ ' "$name (plan): the command line is shown all the same"
}
commands="check run plan"
place() { # REGEX of the place in front of a message about it
    echo "^$1: error: $2"
}

cat >cabs.yml <<'END'
cabs:
  cat:
    command: cat
    inputs:
      file: {dtype: File, required: true, policies: {positional: true}}
      number: {dtype: int, default: 1, policies: {skip: true}}
      mode: {dtype: str, choices: [fast, slow], default: fast, policies: {skip: true}}
  absent: {command: no-such-program-anywhere}
  sh: {command: sh, policies: {positional: true}, inputs: {flag: str = -c, c: str}}
END
step() { # FILE LINE...: a recipe 'r' with these lines
    file=$1
    shift
    { echo '_include: cabs.yml'; echo 'r:'; printf '%s\n' "$@"; } >"$file"
}
echo text >there.txt

# --- mistakes in recipes --------------------------------------------------------------------------
step key.yml '  stpes:' '    a: {cab: cat, params: {file: there.txt}}'
refused "unknown key of a recipe" 2 "$(place key.yml:3:3 ".*stpes")" key.yml
like "$err" "did you mean 'steps'\?" "unknown key: nearest name"
step stepkey.yml '  steps:' '    a: {cab: cat, parms: {file: there.txt}}'
refused "unknown key of a step" 2 "$(place stepkey.yml:4:19 ".*parms")" stepkey.yml
like "$err" "did you mean 'params'\?" "unknown key of a step: nearest name"
step param.yml '  steps:' '    a: {cab: cat, params: {file: there.txt, nubmer: 2}}'
refused "unknown parameter" 1 "$(place param.yml:4:4[0-9] ".*nubmer")" param.yml
like "$err" "did you mean '(r.a.)?number'\?" "unknown parameter: nearest name"
like "$err" '^ +4 \|' "unknown parameter: the line is shown"
like "$err" '\^~*$' "unknown parameter: a caret"
step type.yml '  steps:' '    a: {cab: cat, params: {file: there.txt, number: many}}'
refused "wrong type" 1 "$(place type.yml:4:5[0-9] ".*number.*many|.*many.*int")" type.yml
step choice.yml '  steps:' '    a: {cab: cat, params: {file: there.txt, mode: fats}}'
refused "not a choice" 1 "$(place choice.yml:4:5[0-9] ".*mode")" choice.yml
like "$err" 'fast' "not a choice: names them"
step file.yml '  steps:' '    a: {cab: cat, params: {file: not-there.txt}}'
lacking "missing input file" "$(place file.yml:4:3[0-9] ".*not-there.txt")" file.yml
mkdir adirectory
step dir.yml '  steps:' '    a: {cab: cat, params: {file: adirectory}}'
refused "a directory instead of a file" 1 "$(place dir.yml:4:3[0-9] ".*adirectory")" dir.yml
like "$err" 'not a regular file|is a directory' "a directory: says so"
step tool.yml '  steps:' '    a: {cab: absent}'
lacking "missing tool" "$(place cabs.yml:8:21 ".*'no-such-program-anywhere'.*not installed")" tool.yml
like "$err" 'install it, or put its directory into PATH' "missing tool: what to do"
step formula.yml '  steps:' '    a: {cab: cat, params: {file: there.txt, number: "=1 + (2"}}'
refused "formula that cannot be parsed" 1 "$(place formula.yml:4:5[0-9] ".*formula '=1 \+ \(2'")" formula.yml
step reference.yml '  inputs: {value: int = 3}' '  steps:' \
    '    a: {cab: cat, params: {file: there.txt, number: =recipe.vlaue}}'
refused "formula that names nothing" 1 "$(place reference.yml:5:5[0-9] ".*vlaue")" reference.yml
like "$err" "did you mean '(recipe.)?value'\?" "formula that names nothing: nearest name"
step cab.yml '  steps:' '    a: {cab: cta, params: {file: there.txt}}'
refused "unknown cab" 1 "$(place cab.yml:4:[0-9]+ ".*cta")" cab.yml
like "$err" "did you mean 'cat'\?" "unknown cab: nearest name"
step required.yml '  inputs: {x: int *}' '  steps:' '    a: {cab: cat, params: {file: there.txt, number: =recipe.x}}'
refused "required parameter without value" 1 ".*'x'" required.yml
refused "unknown parameter on the command line" 1 ".*nubmer" param.yml nubmer=3
step loop.yml '  for_loop: {var: i}' '  steps:' '    a: {cab: cat, params: {file: there.txt}}'
refused "a loop without 'over'" 2 "$(place loop.yml:3:[0-9]+ ".*over")" loop.yml
printf '_include: nowhere.yml\nr: {steps: {}}\n' >include.yml
refused "missing include" 2 "$(place include.yml:1:11 ".*nowhere.yml")" include.yml

# --- all findings at once -----------------------------------------------------------------------------
step many.yml '  steps:' '    a: {cab: cat, params: {file: gone.txt, number: x}}' \
    '    b: {cab: absent}' '    c: {cab: cat, params: {file: there.txt, mode: none}}'
try "$SPOOR" check many.yml
status 1 "several mistakes"
is "$(grep -c ': error: ' "$err")" 4 "several mistakes: all are shown"
like "$out" '^r: 4 errors' "several mistakes: verdict"
try "$SPOOR" check --json many.yml
status 1 "check --json"
python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert d["valid"] is False and len(d["findings"]) == 4
f = d["findings"][0]
assert f["file"].endswith("many.yml") and f["line"] == 4 and f["column"] > 1 and f["code"][0] == "R"' "$out"
ok $? "check --json: file, line, column, code"

# --- files that are no recipes -----------------------------------------------------------------------
printf 'r:\n  steps:\n    a: {cab: cat\n    b: 1\n' >yaml.yml
refused "malformed YAML" 2 '^yaml.yml:[34]:[0-9]+: error: ' yaml.yml
printf 'r:\n\tsteps: {}\n' >tab.yml
refused "tab as indentation" 2 '^tab.yml:2:1: error: ' tab.yml
printf 'r: {steps: {}}\nr: {steps: {}}\n' >twice.yml
refused "a key twice" 2 "$(place twice.yml:2:1 ".*'r'")" twice.yml
printf -- '- a\n- b\n' >list.yml
refused "a list" 2 '^list.yml:1:[0-9]+: error: .*list' list.yml
: >empty.yml
refused "an empty file" 2 'empty.yml' empty.yml
head -c 4096 /dev/urandom >garbage.yml
refused "binary garbage" 2 'garbage.yml' garbage.yml
printf 'r: \200\377\n' >utf8.yml
refused "bytes that are not UTF-8" 2 'utf8.yml' utf8.yml
printf 'a: \001\n' >control.yml
refused "a control character" 2 'control.yml' control.yml
head -c 100000 /dev/zero | tr '\0' '[' >deep.yml
refused "100,000 brackets" 2 'deep.yml' deep.yml
{
    echo 'a: &a [x,x,x,x,x,x,x,x,x,x]'
    for pair in ba cb dc ed fe gf hg ih; do
        to=${pair%?} from=${pair#?}
        echo "$to: &$to [*$from,*$from,*$from,*$from,*$from,*$from,*$from,*$from,*$from,*$from]"
    done
} >bomb.yml
refused "an alias bomb" 2 'bomb.yml' bomb.yml
printf '_include: self.yml\nr: {steps: {}}\n' >self.yml
refused "a file that includes itself" 2 "$(place self.yml:1:11 ".*includes itself|.*recursive")" self.yml
printf '_include: two.yml\n' >one.yml
printf '_include: one.yml\n' >two.yml
refused "two files that include each other" 2 '^(one|two).yml:1:11: error: ' one.yml
refused "no such recipe file" 2 "'nothing.yml' doesn't match any YAML documents" nothing.yml
refused "a directory as recipe" 2 "'\./adirectory' is a directory, which doesn't match any YAML documents" ./adirectory
if [ "$(id -u)" -ne 0 ]; then
    cp key.yml secret.yml
    chmod 000 secret.yml
    refused "an unreadable recipe" 2 'secret.yml.*[Pp]ermission denied' secret.yml
    rm -f secret.yml
else
    skip "an unreadable recipe" "root may read everything"
fi
printf 'a: {steps: {}}\nb: {steps: {}}\n' >pair.yml
refused "two recipes, no name" 2 'name one of a, b' pair.yml
refused "a recipe that is not there" 2 "'c' does not refer to a recipe or a cab; available recipes: a, b" pair.yml c
refused "a bad assignment" 2 "no name before '='" pair.yml a =3
refused "a value that is not YAML" 2 "x=\[1" pair.yml a 'x=[1'

# A recipe that runs itself as a step.
printf 'r:\n  steps:\n    again: {recipe: r}\n' >recursive.yml
refused "a recipe inside itself" 2 'recursive.yml:3:' recursive.yml

# 1 MB: long, but right.
{
    echo 'cabs: {nothing: {command: "true", inputs: {a: str = x}}}'
    echo 'many:'
    echo '  steps:'
    i=0
    while [ $i -lt 10000 ]; do
        echo "    s$i: {cab: nothing, params: {a: 'value number $i of a long recipe, padded so that it weighs something'}}"
        i=$((i + 1))
    done
} >big.yml
try "$SPOOR" check big.yml
status 0 "a recipe of 10,000 steps"
like "$out" '^many: fine, 10000 tool runs$' "a recipe of 10,000 steps: verdict"
rm big.yml

# --- surroundings -----------------------------------------------------------------------------------
step good.yml '  steps:' '    a: {cab: cat, params: {file: there.txt}}'
(unset HOME; "$SPOOR" check good.yml) >"$out" 2>"$err"
rc=$?
status 0 "unset HOME"
(unset PATH; "$SPOOR" check good.yml) >"$out" 2>"$err"
rc=$?
status 0 "unset PATH"
echo 'opts: {log: {dri: x}}' >bad.conf
try "$SPOOR" check good.yml --config bad.conf
status 2 "a bad configuration file"
like "$err" "bad.conf:1:14: .*dri.*" "bad configuration: place"
try "$SPOOR" check good.yml --config gone.conf
status 2 "a configuration file that is not there"
try "$SPOOR" check good.yml --set opts.lgo.dir=x
status 2 "an unknown setting"
like "$err" "did you mean '(opts.)?log" "an unknown setting: nearest name"
try "$SPOOR" check good.yml --set opts.log
status 2 "a setting without a value"

echo file >.spoor
try "$SPOOR" run good.yml
status 4 "a file where the workspace should be"
like "$err" '\.spoor' "a file where the workspace should be: says so"
rm .spoor
mkdir ro
cp cabs.yml good.yml there.txt ro
chmod 555 ro
if [ "$(id -u)" -ne 0 ]; then
    before=$(listing)
    (cd ro && "$SPOOR" run good.yml) >"$out" 2>"$err"
    rc=$?
    status 4 "a read-only directory"
    like "$err" 'Permission denied|ead-only' "a read-only directory: says so"
    (cd ro && "$SPOOR" check good.yml) >"$out" 2>"$err"
    rc=$?
    status 0 "check needs no writable directory"
    is "$(listing)" "$before" "a read-only directory: nothing was made"
elif command -v unshare >/dev/null 2>&1 && unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c 'mount --bind ro ro && mount -o remount,ro,bind ro && cd ro && "$SPOOR" run good.yml' \
        >"$out" 2>"$err"
    rc=$?
    status 4 "a read-only file system"
    like "$err" 'Read-only file system' "a read-only file system: says so"
    is "$(ls -A ro)" "cabs.yml
good.yml
there.txt" "a read-only file system: nothing was made"
else
    skip "a read-only directory" "root may write everywhere, and mounting is not allowed"
fi
chmod 755 ro
rm -r ro

# --- a full disk -----------------------------------------------------------------------------------
cat >fill.yml <<'END'
cabs:
  sh: {command: sh, policies: {positional: true}, inputs: {flag: str = -c, c: str}}
r:
  steps:
    fill: {cab: sh, params: {c: 'dd if=/dev/zero of=ballast bs=4096 2>/dev/null; echo full'}}
    after: {cab: sh, params: {c: 'echo after #PADDING'}}
END
# One block of the journal is there already when the disk is full: the next step must not fit in it.
sed -i "s/PADDING/$(head -c 9000 /dev/zero | tr '\0' x)/" fill.yml
if command -v unshare >/dev/null 2>&1 && unshare -m true 2>/dev/null; then
    mkdir disk
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c '
        mount -t tmpfs -o size=256k tmpfs disk && cp fill.yml disk && cd disk || exit 99
        "$SPOOR" run fill.yml; echo "status $?"
        "$SPOOR" status; echo "status $?"
        rm ballast
        "$SPOOR" run fill.yml --set opts.log.enable=false r fill.c="echo fits"
        echo "status $?"
        find . -name "*.jsonl" -exec python3 -c "
import json, sys
for line in open(sys.argv[1]): json.loads(line)" {} \; && echo "journals are whole"' \
        >"$out" 2>"$err"
    rc=$?
    if [ $rc -eq 99 ]; then
        skip "a full disk" "mounting is not allowed"
    else
        is "$(sed -n 's/^status //p' "$out" | tr '\n' ' ')" "4 0 0 " "full disk: refused; then readable; then runs again"
        like "$err" 'No space left on device' "full disk: says so"
        like "$err" 'journal' "full disk: names the journal"
        like "$out" '^journals are whole$' "full disk: no line is torn"
        is "$(grep -c '^# after' "$out")" 1 "full disk: no step runs that is not recorded"
    fi
    rmdir disk
else
    skip "a full disk" "mounting is not allowed"
fi
ln -s /dev/full full.txt
try "$SPOOR" run good.yml --set opts.log.name=full --set opts.log.dir=.
status 0 "a log that cannot be written does not stop the run"
said 'full.txt.*No space left on device' "a log that cannot be written: says so"
rm -rf full.txt .spoor log-*
mkdir notlogs && : >notlogs/file
try "$SPOOR" run good.yml --set opts.log.dir=notlogs/file
status 0 "a log directory that is a file"
said 'notlogs/file' "a log directory that is a file: says so"
rm -rf .spoor log-* notlogs

# --- tools that say that all is well ------------------------------------------------------------------
cat >outputs.yml <<'END'
cabs:
  make:
    command: sh
    inputs: {script: {dtype: str, policies: {positional: true}}}
    outputs:
      result: {dtype: File, implicit: result.fits, must_exist: true}
      more: {dtype: 'List[File]', required: false, implicit: [more.fits], must_exist: false}
r:
  steps:
    make: {cab: make, params: {script: make.sh}}
    next: {cab: make, params: {script: next.sh}}
END
echo 'echo next' >next.sh
echo 'echo all is well' >make.sh
try "$SPOOR" run outputs.yml
status 1 "a tool that exits 0 and writes nothing"
said "result.fits" "writes nothing: names the output"
said 'outputs.yml:[0-9]+:[0-9]+: error' "writes nothing: place in the recipe"
unlike "$out" '^# next' "writes nothing: the recipe stops"
try "$SPOOR" status
like "$out" '^r.make +failed' "writes nothing: status"

cat >fits.py <<'END'
import struct, sys
def card(k, v): return f"{k:8}= {v:>20}".ljust(80)
header = "".join([card("SIMPLE", "T"), card("BITPIX", -32), card("NAXIS", 2), card("NAXIS1", 8),
                  card("NAXIS2", 8), "END".ljust(80)]).ljust(2880)
pixels = [float(w) for w in sys.argv[2:]] + [float("nan")] * 64
data = struct.pack(">64f", *pixels[:64])
open(sys.argv[1], "wb").write(header.encode() + data.ljust(2880, b"\0"))
END
echo 'python3 fits.py result.fits; echo done' >make.sh
try "$SPOOR" run outputs.yml
status 1 "an image of NaN"
said "result.fits has no valid pixel" "an image of NaN: says so"
said 'outputs.yml:[0-9]+:[0-9]+: error.*R0602' "an image of NaN: place in the recipe"
said "left behind: 'result.fits'.*do not trust it" "an image of NaN: left behind, and said so"
echo 'python3 fits.py result.fits 0 1.5' >make.sh
try "$SPOOR" run outputs.yml
status 0 "an image with valid pixels"
echo 'python3 fits.py result.fits 1; python3 fits.py more.fits' >make.sh
try "$SPOOR" run outputs.yml
status 1 "an image of NaN in a list"
said 'more.fits has no valid pixel' "an image of NaN in a list: says so"
printf 'SIMPLE  =  garbage' >garbage.fits
echo 'cp garbage.fits result.fits; rm -f more.fits' >make.sh
try "$SPOOR" run outputs.yml
status 0 "a damaged FITS file is not for us to judge"

# --- broken memories ------------------------------------------------------------------------------------
rm -rf .spoor
echo 'python3 fits.py result.fits 1' >make.sh
"$SPOOR" run outputs.yml >/dev/null
journal=$(echo .spoor/runs/*/journal.jsonl)
printf '{"v":1,"se' >>"$journal"
try "$SPOOR" status
status 0 "a torn last line"
sed -i '2s/.*/rubbish/' "$journal"
try "$SPOOR" status
status 4 "a corrupt journal"
like "$err" 'journal.jsonl:2|journal.jsonl.*line 2' "a corrupt journal: file and line"
try "$SPOOR" runs
status 0 "a corrupt journal does not hide the others"
try "$SPOOR" run outputs.yml
status 0 "a corrupt journal does not stop the next run"
rm "$journal"
try "$SPOOR" runs
status 0 "a run without a journal"
# --- where a mistake is, and what it is called --------------------------------------------------------
recipe() { # BODY...: of the recipe r, of a cab with one input n
    printf 'cabs: {say: {command: echo, inputs: {n: int}}}\nr:\n' >r.yml
    printf '  %s\n' "$@" >>r.yml
    try "$SPOOR" check r.yml
}
recipe 'inputs: {a: str = x}' 'steps: {s: {cab: say, params: {n: 1}}}'
try "$SPOOR" run r.yml a=
status 1 "a= for a text"
like "$err" '^<command line>:1:1: error: .r\.a.: expects a str' "points to the command line"
like "$err" '^ +1 \| a=$' "and shows the word"
try "$SPOOR" run r.yml nosuch=1
like "$err" '^ +1 \| nosuch=1$' "unknown name: shows the word"
printf 'nosuch: {x: 1}\ns: {m: 2}\n' >given.yml
try "$SPOOR" run -pf given.yml r.yml
like "$err" "given.yml:1:1: error: unknown parameter 'nosuch':" "a mapping under an unknown name: that name"
like "$err" "given.yml:2:.*unknown parameter 's\.m'" "a mapping under a step: the parameter"
recipe 'inputs: {a: str = x}' 'assign: {flag: true}' 'preamble: {p: =recipe.flga}' \
    'steps:' '  s: {cab: say, params: {n: 1}, skip: =recipe.flaag}' \
    '  t: {cab: say, params: {n: 1}, skip_if_outputs: "=IFSET(recipe.b)", preamble: {p: "=recipe.aa"}}'
status 1 "misspelt names in what only a run evaluates"
for name in flga flaag aa; do
    like "$err" "there is no '$name' in 'recipe\.$name'" "found before a run: $name"
done
like "$err" "did you mean 'flag'" "with the nearest"
recipe 'inputs: {a: int = 1, b: int = 2}' 'steps: {s: {cab: say, params: {n: =recipe.a-recipe.b}}}'
is "$(grep -c -E '^r.yml:' "$err")" 1 "a minus without blanks: one finding"
like "$err" '^hint: write blanks: recipe\.a - recipe\.b$' "and what to do"
recipe 'inputs: {n: {dtype: int, default: =recipe.m+1}, m: {dtype: int, default: =recipe.n+1}}' \
    'steps: {s: {cab: say, params: {n: 1}}}'
like "$err" "'r\.n': self-referencing formula or substitution" "formulas in a circle"
recipe 'assign: {c: =recipe.c + 1}' 'steps: {s: {cab: say, params: {n: 1}}}'
like "$err" "assigning 'c' .*self-referencing formula or substitution" "an assignment that needs itself"
printf 'cabs: {say: {command: echo}}\nvars: {steps: {a: {cab: say}}}\n' >v.yml
try "$SPOOR" check v.yml
like "$err" "'vars' has steps like a recipe" "a recipe that is called like a section"

finish
