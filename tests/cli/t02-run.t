#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Running recipes: what is printed, logged and remembered; what tools get.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively
remember_nothing

escape=$(printf '\033')
run_id() { "$SPOOR" runs | tail -n 1 | cut -d' ' -f1; }
json_lines() { # FILE: each line is a JSON object
    python3 -c 'import json, sys
for line in open(sys.argv[1]): assert type(json.loads(line)) is dict' "$1"
}

# --- the example of the language's specification --------------------------------------------------
cat >demo.yml <<'END'
cabs:
  say:
    command: echo
    policies: {prefix: '-', repeat: ','}
    inputs:
      word: {dtype: str, policies: {positional: true}}
      n: int = 1
      tags: List[str] = [a, b]
    outputs:
      out: {dtype: File, must_exist: false, policies: {skip: true}}
demo:
  inputs:
    base: str = hi
  assign:
    both: "{recipe.base}-{recipe.base}"
  for_loop: {var: i, over: [1, 2]}
  steps:
    one:
      cab: say
      params: {word: "{recipe.both}{recipe.i:02d}", n: =recipe.i * 10}
END
try "$SPOOR" plan demo.yml demo base=yo
status 0 "plan"
is "$(grep '\$ ' "$out" | sed 's/^ *//')" "\$ echo -n 10 -tags a,b yo-yo01
\$ echo -n 20 -tags a,b yo-yo02" "plan: the command lines"
like "$out" '^2 tool runs; nothing was run$' "plan: how many"
is "$(ls -A)" demo.yml "plan makes nothing"
cp "$out" "$scratch/plan"
try "$SPOOR" run --dry-run demo.yml demo base=yo
is "$(cat "$out")" "$(cat "$scratch/plan")" "run --dry-run is plan"
try "$SPOOR" plan --json demo.yml base=yo
python3 -c 'import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["valid"] and plan["runs"] == 2
assert plan["steps"][1]["argv"] == ["echo", "-n", "20", "-tags", "a,b", "yo-yo02"]' "$out"
ok $? "plan --json"
try "$SPOOR" check demo.yml
status 0 "check"
like "$out" '^demo: fine, 2 tool runs$' "check: verdict"
is "$(ls -A)" demo.yml "check makes nothing"

try "$SPOOR" run demo.yml demo base=yo
status 0 "run"
is "$(grep '^[$#] ' "$out")" "\$ echo -n 10 -tags a,b yo-yo01
# 10 -tags a,b yo-yo01
\$ echo -n 20 -tags a,b yo-yo02
# 20 -tags a,b yo-yo02" "run: command lines and output"
like "$out" '^run 20[0-9]{6}-[0-9]{6}, 2 tool runs$' "run: its id"
like "$out" '^\[1/2\] demo.one \(1/2\)  say$' "run: step, loop position, cab"
like "$out" '^step +result +time +cpu +memory +read +written$' "final table: heading"
like "$out" '^demo.1.one +done +[0-9.]+s +' "final table: a row for each tool run"
like "$out" '^run successful after 0:00:0[0-9]$' "run: verdict"
unlike "$out" "$escape" "no escape codes when not on a terminal"
unlike "$out" "$(printf '\r')" "no carriage returns either"
unlike "$out" ' $' "no trailing blanks"
is "$(cat "$err")" "" "nothing on stderr"
is "$(LC_ALL=C ls -A)" ".spoor
demo.yml
log-demo.one.txt
log-demo.txt" "run: logs and workspace, nothing else"

# --- logs in the layout of Stimela ------------------------------------------------------------------
stamp='^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'
unlike log-demo.one.txt "^([^2]|2[^0])" "log: each line begins with a time"
like log-demo.one.txt "$stamp SPOOR\.demo\.one INFO: # 10 -tags a,b yo-yo01\$" "log: a line of the tool"
for text in '### validated inputs' '  n: 10' '---INVOKING---' 'echo -n 10 -tags a,b yo-yo01' \
    'echo returns exit code 0 after 0:00:00'; do
    like log-demo.one.txt "INFO: $text\$" "log: $text"
done
like log-demo.txt "$stamp SPOOR\.demo INFO: recipe 'demo' executed successfully" "log of the recipe"
before=$(wc -l <log-demo.one.txt)
"$SPOOR" run demo.yml >/dev/null
is "$(wc -l <log-demo.one.txt)" "$before" "the next run begins its logs anew"
try "$SPOOR" run demo.yml --set opts.log.dir=logs/deep --set opts.log.name='l-{info.fqname}' --set opts.log.ext=.log
status 0 "--set opts.log"
is "$(LC_ALL=C ls logs/deep)" "l-demo.log
l-demo.one.log" "--set opts.log: directory, name, extension"
try "$SPOOR" run demo.yml --set opts.log.dir=flat --set opts.log.nest=0
is "$(ls flat)" "log-demo.txt" "nest=0: one file for recipe and steps"
like flat/log-demo.txt 'SPOOR.demo.one INFO: # 10' "nest=0: the tool's lines are in it"
for dir in first second; do
    try "$SPOOR" run demo.yml --set opts.log.dir=by-run/$dir --set opts.log.symlink=latest
done
is "$(readlink by-run/latest)" second "log.symlink: points to the newest directory"
: >file
try "$SPOOR" run demo.yml --set opts.log.dir=third --set opts.log.symlink=file
ok "$(test ! -h file; echo $?)" "log.symlink: never replaces a file"
try "$SPOOR" run demo.yml log.dir='~/logs'
ok "$(test -s "$HOME/logs/log-demo.one.txt"; echo $?)" "log.dir: ~ is the home directory"
try "$SPOOR" run demo.yml --set opts.log.enable=false --set opts.log.dir=off
[ ! -e off ]
ok $? "enable=false: no logs"
echo 'opts: {log: {dir: fromconf}}' >my.conf
try "$SPOOR" run demo.yml --config my.conf
[ -e fromconf/log-demo.one.txt ]
ok $? "--config"
echo 'opts: {log: {dir: fromhere}}' >spoor.conf
try "$SPOOR" run demo.yml
[ -e fromhere/log-demo.one.txt ]
ok $? "./spoor.conf"
try "$SPOOR" run demo.yml --no-sys-config --set opts.log.dir=none
[ -e none/log-demo.one.txt ]
ok $? "--set wins"
rm -r spoor.conf my.conf none fromhere fromconf flat logs

# --- looking back -----------------------------------------------------------------------------------
id=$(run_id)
try "$SPOOR" runs
status 0 "runs"
like "$out" "^$id +demo +done +2 " "runs: the newest last"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    "$SPOOR" run demo.yml base=number$i >/dev/null
done
"$SPOOR" runs | sed 1d | while read -r id _; do
    sed -n 's/.*"params": {"base": "number\([0-9]*\)".*/\1/p' ".spoor/runs/$id/journal.jsonl"
done >"$scratch/order"
is "$(tr '\n' ' ' <"$scratch/order")" "1 2 3 4 5 6 7 8 9 10 11 12 " "runs: in order, also within a second"
"$SPOOR" run demo.yml >/dev/null
id=$(run_id)
try "$SPOOR" status
status 0 "status"
like "$out" "^run $id of 'demo': done, 2 of 2 tool runs done" "status: a sentence"
like "$out" '^demo.0.one +done ' "status: a row"
try "$SPOOR" status "$("$SPOOR" runs | sed -n 2p | cut -d' ' -f1)"
status 0 "status of an earlier run"
try "$SPOOR" status 20200101-000000
status 1 "status of no run"
like "$err" "no run '20200101-000000'" "status of no run: says so"
try "$SPOOR" log
is "$(grep -c '^==> ' "$out")" 2 "log: every step"
try "$SPOOR" log one
like "$out" '^10 -tags a,b hi-hi01$' "log STEP: raw output"
try "$SPOOR" log 'demo.1.*'
is "$(grep -c '^==> ' "$out")" 1 "log PATTERN"
try "$SPOOR" log --path one
is "$(xargs cat <"$out" | wc -l)" 2 "log --path: the files are there"
try "$SPOOR" log oen
status 1 "log of no step"
like "$err" "no step 'oen'; did you mean 'one'\?" "log of no step: nearest name"
for command in runs status; do
    try "$SPOOR" $command --json
    python3 -m json.tool "$out" >/dev/null
    ok $? "$command --json is JSON"
done
like "$out" '"state": *"done"' "status --json: state"
like "$out" '"command": *"echo -n 10 -tags a,b hi-hi01"' "status --json: command"

# --- the journal ------------------------------------------------------------------------------------
journal=.spoor/runs/$id/journal.jsonl
json_lines "$journal"
ok $? "journal: each line is JSON"
is "$(sed 's/.*"event": "\([a-z-]*\)".*/\1/' "$journal" | tr '\n' ' ')" \
    "run-start step-start step-handle step-end step-start step-handle step-end run-end " "journal: the events"
python3 - "$journal" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [e["seq"] for e in lines] == list(range(1, len(lines) + 1))
assert all(e["v"] == 1 and e["time"].endswith("Z") for e in lines)
start, step, end = lines[0], lines[1], lines[3]
assert start["recipe"] == "demo" and start["files"] == ["demo.yml"] and start["total"] == 2
assert step["argv"] == ["echo", "-n", "10", "-tags", "a,b", "hi-hi01"] and step["cab"] == "say"
assert step["inputs"] == {"word": "hi-hi01", "n": 10, "tags": ["a", "b"]}
assert end["exit"] == 0 and end["success"] is True and end["read"] > 0 and end["write"] == 20
assert lines[-1]["success"] is True and lines[-1]["wall"] >= 0
END
ok $? "journal: parameters, command line, cost"

# --- run --json, -q -----------------------------------------------------------------------------------
try "$SPOOR" run --json demo.yml
status 0 "run --json"
json_lines "$out"
ok $? "run --json: each line is JSON"
is "$(sed 's/.*"event": "\([a-z-]*\)".*/\1/' "$out" | tr '\n' ' ')" \
    "run-start step-start output step-end step-start output step-end run-end " "run --json: the events"
is "$(cat "$err")" "" "run --json: nothing on stderr"
try "$SPOOR" run -q demo.yml
status 0 "run -q"
unlike "$out" '^# ' "run -q: no output of tools"
like log-demo.one.txt '# 10' "run -q: the log has it"
cat >fails.yml <<'END'
r: {steps: {s: {cab: {command: sh -c 'seq 30; echo no such telescope; exit 3'}}}}
END
try "$SPOOR" run -q fails.yml
status 1 "run -q: a failure"
like "$out" '^# no such telescope$' "run -q: the last lines of a tool that fails"
is "$(grep -c '^# ' "$out")" 10 "run -q: no more of them"
unlike "$err" '^spoor: sh returns' "a failure is told once"

# --- on a terminal ------------------------------------------------------------------------------------
if command -v script >/dev/null 2>&1; then
    # Two ticks of the status line go by while the tool waits for its own file.
    cat >wait.yml <<'END'
cabs:
  wait: {command: sh, inputs: {c: {dtype: str, policies: {positional: true}}}}
slow:
  steps:
    nap: {cab: wait, info: takes a while, params: {c: ./nap.sh}}
END
    printf 'printf "10%%%%\\r"; printf "50%%%%\\r"; sleep 1.2; printf "\\n"; echo finished\n' >nap.sh
    on_terminal() { TERM=xterm script -qec "stty cols 70 rows 20; $*" /dev/null </dev/null >"$out" 2>"$err"; }
    on_terminal "$SPOOR" run wait.yml
    rc=$?
    status 0 "run on a terminal"
    like "$out" "$escape\[[0-9;]*m" "terminal: colours"
    tr '\r' '\n' <"$out" | sed "s/$escape\[[0-9;]*[mK]//g" >"$scratch/plain"
    like "$scratch/plain" '^\[1/1\] slow.nap  wait  [0-9.]+s .*total [0-9.]+s' "terminal: status line"
    like "$scratch/plain" 'total [0-9.]+s  \| 50%' "terminal: progress of the tool in it"
    awk 'length > 70' "$scratch/plain" | grep -q 'total'
    is $? 1 "terminal: the status line fits"
    # shellcheck disable=SC2119 # no arguments
    on_terminal NO_COLOR=1 "$SPOOR" run wait.yml
    unlike "$out" "$escape\[[0-9;]*m" "NO_COLOR: no colours"
    like "$out" "$escape\[K" "NO_COLOR: a status line all the same"
    on_terminal TERM=dumb "$SPOOR" run demo.yml
    unlike "$out" "$escape" "a dumb terminal: no escape codes"
    on_terminal "$SPOOR" check demo.yml
    is "$?" 0 "check on a terminal"
    rm -f wait.yml nap.sh
else
    skip "on a terminal" "there is no script(1)"
fi

# --- exit statuses, failure ------------------------------------------------------------------------
cat >fail.yml <<'END'
cabs:
  sh: {command: sh, policies: {positional: true}, inputs: {flag: str = -c, c: str}}
broken:
  steps:
    first: {cab: sh, params: {c: echo one}}
    second: {cab: sh, params: {c: 'echo oh no; exit 3'}}
    third: {cab: sh, params: {c: echo never}}
signalled:
  steps:
    dies: {cab: sh, params: {c: 'kill -SEGV $$'}}
END
try "$SPOOR" run fail.yml broken
status 1 "a failing step"
like "$out" '^run failed after' "failure: verdict"
like "$out" '^broken.second +failed' "failure: table"
unlike "$out" 'never' "failure: later steps do not run"
said 'sh returns error code 3 after 0:00:0' "failure: why"
like "$err" "spoor log" "failure: where to look"
try "$SPOOR" status
like "$out" '^broken.second +failed .* sh returns error code 3' "status: why"
like "$out" 'failed, 1 of 3 tool runs done' "status: how far"
try "$SPOOR" runs
like "$out" 'broken +failed +2 +0 +1 .*returns error code 3' "runs: why"
try "$SPOOR" run fail.yml signalled
status 1 "a tool that crashes"
said 'ended by signal 11 \(Segmentation fault\)' "crash: says so"
try "$SPOOR" run -b nowhere fail.yml broken
status 2 "unknown backend"
like "$err" "no backend 'nowhere'" "unknown backend: says so"
try "$SPOOR" run fail.yml
status 2 "several recipes"
like "$err" 'name one of broken, signalled' "several recipes: names them"
echo 'cabs: {one: {command: echo}, two: {command: echo}}' >cabs.yml
try "$SPOOR" plan cabs.yml
status 2 "several cabs, no recipe"
like "$err" 'name one of one, two' "several cabs: names them"
try "$SPOOR" run fail.yml brokne
status 2 "unknown recipe"
like "$err" "did you mean 'broken'\?" "unknown recipe: nearest name"
try "$SPOOR" run
status 2 "run without words"

# --- nested recipes, outputs, loops over inputs --------------------------------------------------------
cat >nested.yml <<'END'
cabs:
  touch:
    command: touch
    inputs: {}
    outputs: {file: {dtype: File, required: true, policies: {positional: true}}}
inner:
  inputs: {tag: str, n: 'List[int]'}
  outputs: {made: 'List[File]'}
  for_loop: {var: i, over: n, output_elements: {made: '{steps.make.file}'}}
  steps:
    make: {cab: touch, params: {file: '{recipe.tag}{recipe.i}.dat'}}
outer:
  outputs: {all: {dtype: 'List[File]', aliases: [b.made]}}
  steps:
    a: {recipe: inner, params: {tag: x, n: [7]}}
    b: {recipe: inner, params: {tag: '{steps.a.tag}y', n: [1, 2]}}
    never: {cab: touch, skip: true, params: {file: never.dat}}
END
try "$SPOOR" run nested.yml outer
status 0 "nested recipes"
is "$(echo ./*.dat)" "./x7.dat ./xy1.dat ./xy2.dat" "nested: every file was made"
like "$out" "^all: \['xy1.dat', 'xy2.dat'\]" "nested: outputs at the end"
like "$out" '^outer.never +skipped' "nested: the skipped step is in the table"
like log-outer.b.make.txt 'SPOOR.outer.b.make INFO: touch xy2.dat' "nested: logs by full name"
try "$SPOOR" status
like "$out" "^all: \['xy1.dat', 'xy2.dat'\]" "nested: status has the outputs"
like "$out" '3 of 3 tool runs done' "nested: skipped steps are not counted as runs"
rm ./*.dat

# --- wranglers ----------------------------------------------------------------------------------------
cat >wrangle.yml <<'END'
cabs:
  noisy:
    command: sh
    policies: {positional: true}
    inputs: {script: str}
    outputs: {rms: float, count: int}
    management:
      wranglers:
        '^debug': [SUPPRESS]
        'rms=(?P<rms>\S+) count=(?P<count>\d+)': ['PARSE_OUTPUT:rms:float', 'PARSE_OUTPUT:count:int']
        'CATASTROPHE': ['ERROR:the tool says that it all went wrong']
        'careful': ['SEVERITY:WARNING']
        'foo': ['REPLACE:bar']
  say: {command: echo, inputs: {w: {dtype: str, policies: {positional: true}}}}
good:
  steps:
    one: {cab: noisy, params: {script: good.sh}}
    two: {cab: say, params: {w: 'twice {steps.one.rms} is {steps.one.count:03d}'}}
    three: {cab: say, params: {w: '=steps.one.rms * 2'}}
bad:
  steps:
    one: {cab: noisy, params: {script: bad.sh}}
END
printf 'echo debug: x\necho "rms=0.25 count=7"\necho be careful\necho a foo b >&2\n' >good.sh
printf 'echo CATASTROPHE\nexit 0\n' >bad.sh
try "$SPOOR" run wrangle.yml good
status 0 "wranglers"
unlike "$out" 'debug' "SUPPRESS: not shown"
unlike log-good.one.txt 'debug' "SUPPRESS: not logged"
"$SPOOR" log good.one >"$scratch/raw"
like "$scratch/raw" '^debug: x' "SUPPRESS: the raw output has it"
like "$out" '^# twice 0.25 is 007' "PARSE_OUTPUT: used by a later step"
like "$out" '^# 0.5$' "PARSE_OUTPUT: a number"
like log-good.one.txt 'WARNING: # be careful' "SEVERITY"
like "$out" '^# a bar b' "REPLACE"
try "$SPOOR" plan wrangle.yml good
status 0 "plan with values that only a run gives"
like "$out" 'nothing was run' "plan: to the end"
try "$SPOOR" run wrangle.yml bad
status 1 "ERROR: fails although the tool exits 0"
like "$out" '^! CATASTROPHE' "ERROR: the line is marked"
said 'the tool says that it all went wrong' "ERROR: its text"
rm good.sh bad.sh

# --- what a tool gets -----------------------------------------------------------------------------------
cat >args.py <<'END'
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "stdin": os.fstat(0).st_rdev,
                  "read": sys.stdin.read(), "leader": os.getpgid(0) == os.getpid(),
                  "path": os.environ["CARGO"] in os.environ["PATH"].split(":"), "home": os.environ["HOME"],
                  "mine": os.environ.get("MINE"), "fds": sorted(map(int, os.listdir("/proc/self/fd")))[:4]}))
END
cat >tool.yml <<'END'
cabs:
  show:
    command: python3 args.py
    policies: {positional: true, repeat: list}
    inputs: {words: 'List[str]'}
tool:
  inputs: {words: 'List[str]'}
  steps: {show: {cab: show, params: {words: =recipe.words}}}
END
# shellcheck disable=SC2016 # nothing is meant to be expanded
words='["a  b", "$HOME `id`", "* ?", "it'"'"'s \"q\"", "back\\slash", "é→", "-x", "", "tab\tend", "; rm -rf /", "{{x}}"]'
CARGO=$(dirname "$SPOOR")/cargo
export CARGO
MINE=yes try "$SPOOR" run tool.yml "words=$words"
status 0 "special characters"
"$SPOOR" log --path show | xargs cat >"$scratch/args.json"
WORDS=$words WORK=$PWD python3 - "$scratch/args.json" <<'END'
import json, os, sys
got = json.load(open(sys.argv[1]))
want = json.loads(os.environ["WORDS"])
want[-1] = "{x}"  # doubled braces are one
if got["argv"] != want: sys.exit(print("#", got["argv"]) or 1)
null = os.stat("/dev/null").st_rdev
for name, value in dict(cwd=os.environ["WORK"], stdin=null, read="", leader=True, mine="yes",
                        path=True, home=os.environ["HOME"]).items():
    if got[name] != value: sys.exit(print("#", name, got[name]) or 1)
END
ok $? "words reach the tool unharmed; stdin, directory, environment, process group"
(unset HOME MINE; "$SPOOR" run -b native tool.yml words=[x]) >"$out" 2>"$err"
rc=$?
status 0 "unset HOME"
like "$out" '"home": "/tmp"' "unset HOME: the tool gets one (casacore needs it)"

# --- much output ------------------------------------------------------------------------------------
cat >flood.yml <<'END'
cabs:
  flood:
    command: python3 flood.py
flood: {steps: {flood: {cab: flood}}}
END
printf 'for i in range(100000): print("%%0100d" %% i)\nprint("x" * 1000000)\nprint("end", end="")\n' >flood.py
try "$SPOOR" run flood.yml
status 0 "10 MB of output"
is "$(grep -c '^# 0' "$out")" 100000 "every line is shown"
is "$(grep -c '# 0' log-flood.flood.txt)" 100000 "every line is logged"
like "$out" '^# end$' "the last line needs no end"
is "$("$SPOOR" log flood | tail -n 1)" end "the raw output is whole"
# A reader that goes away must not leave the tool without its engine.
"$SPOOR" run flood.yml 2>"$err" | head -n 1 >"$out"
is "$("$SPOOR" runs | tail -n 1 | awk '{print $3}')" "done" "a reader that goes away: the run goes on"

# --- bytes that are no text --------------------------------------------------------------------------
printf 'import sys\nsys.stdout.buffer.write(b"a\\xff\\xfeb\\0c\\n")\n' >flood.py
try "$SPOOR" run flood.yml
status 0 "bytes that are not UTF-8"
iconv -f utf-8 -t utf-8 "$out" >/dev/null 2>&1
ok $? "what is shown is UTF-8"
try "$SPOOR" run --json flood.yml
json_lines "$out"
ok $? "and JSON"

# --- a single cab ---------------------------------------------------------------------------------------
cat >one.yml <<'END'
cabs:
  say: {command: echo, inputs: {w: {dtype: str, required: true, policies: {positional: true}}}}
END
try "$SPOOR" run one.yml w='two words'
status 0 "a cab without a recipe"
like "$out" '^# two words$' "a cab without a recipe: runs"
try "$SPOOR" run one.yml say
status 1 "a cab without its parameter"
like "$err" "'w'" "a cab without its parameter: names it"
try "$SPOOR" run one.yml w==1+1
like "$out" '^# 2$' "NAME==FORMULA"

# --- LOG() in formulas: warnings come again at the end ------------------------------------------------
cat >said.yml <<'END'
cabs:
  say: {command: echo, inputs: {w: {dtype: str, policies: {positional: true}}}}
said:
  for_loop: {var: i, over: [1, 2]}
  steps:
    s:
      cab: say
      params: {w: x}
      preamble:
        a: =LOG_WARNING("mind the gap")
        b: =LOG("only later", "only-summary")
        c: =LOG("just once", "no-repeat")
        d: =LOG("every time")
END
try "$SPOOR" run said.yml
status 0 "LOG"
is "$(grep -c '^WARNING: mind the gap$' "$out")" 3 "a warning: each time, and once at the end"
is "$(grep -c '^only later$' "$out")" 1 "only-summary: at the end"
is "$(grep -c '^just once$' "$out")" 1 "no-repeat: once"
is "$(grep -c '^every time$' "$out")" 2 "a plain one: each time, not at the end"
is "$(grep -A 2 '^accumulated warnings and errors$' "$out" | tail -n 1)" "only later" "in order"
finish
