#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What stands around a tool: virtual environments, variables, limits, backends, Slurm, permissions (spec
# stimela2.md 3.9, 4.10, 7.1, 7.2, 7.4).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
natively

tools_said() { # what tools have said in the last run
    grep '^# ' "$out" | sed 's/^# //'
}

# --- variables and limits ---------------------------------------------------------------------------
cat >around.yml <<'END'
cabs:
  show:
    command: sh -c
    inputs: {script: {dtype: str, required: true, policies: {positional: true}}}
    management:
      environment: {A: "{recipe.x}1", B: two words, N: 3, NONE: null}
  where:
    flavour: python-code
    command: |
      import os
      prefix, a = sys.prefix, os.environ.get('VIRTUAL_ENV', 'none')
    outputs: {prefix: str, a: str}
    inputs: {many: {dtype: 'List[int]', default: []}}
variables:
  inputs: {x: str = q}
  steps:
    one: {cab: show, params: {script: 'echo "$A|$B|$N|$NONE"'}}
    two: {cab: show, params: {script: 'echo "$B"'}, backend: {native: {env: {B: "{recipe.x}won"}}}}
limits:
  inputs: {x: str = q}
  steps:
    low: {cab: show, params: {script: ulimit -n}, backend: {rlimits: {NOFILE: 77}}}
    high: {cab: show, params: {script: 'test $(ulimit -n) -ne 77 && echo as before'}}
high: {inputs: {x: str = q}, steps: {s: {cab: show, params: {script: ':'}, backend: {rlimits: {CORE: null, NOFIL: 5}}}}}
venv:
  inputs: {x: str = q, dir: str = plain}
  steps:
    sh: {cab: show, params: {script: 'echo "$VIRTUAL_ENV|$EXTRA"; command -v python3'}}
    py: {cab: where}
    formula: {cab: show, params: {script: 'echo "{steps.py.prefix}|{steps.py.a}"'}}
  backend: {native: {virtual_env: "./{recipe.dir}"}}
long: {steps: {s: {cab: where, params: {many: =RANGE(60000)}}}}
END
try "$SPOOR" run around.yml variables
status 0 "variables"
is "$(tools_said)" "q1|two words|3|
qwon" "variables: substituted, those of the backend win"
like "$(find .spoor -name journal.jsonl | head -n 1)" '"env": \["A=q1", "B=two words", "N=3"\]' \
    "variables: in the journal"
try "$SPOOR" plan around.yml variables
like "$out" 'with B=two words' "variables: in the plan"
try "$SPOOR" run around.yml limits
is "$(tools_said)" "77
as before" "limits are those of one tool"
try "$SPOOR" run around.yml high
status 1 "an unknown limit"
like "$err" "unknown resource limit 'backend.rlimits.NOFIL'; did you mean 'NOFILE'?" "limits: nearest name"
try "$SPOOR" run around.yml long
status 0 "parameters longer than one word of a command line may be"

# --- virtual environments ---------------------------------------------------------------------------
try "$SPOOR" run around.yml venv
status 1 "no virtual environment"
like "$err" "virtual environment './plain' doesn't exist" "it is said before anything runs"
like "$err" "python3 -m venv ./plain" "and how to make one"
if python3 -m venv --without-pip plain >/dev/null 2>&1; then
    cp -r plain moved
    cp -r plain custom
    sed -i "s,$PWD/plain,$PWD/custom," custom/bin/activate
    echo 'export EXTRA="from the script"' >>custom/bin/activate
    for dir in plain custom moved; do
        try env PYTHONHOME= "$SPOOR" run around.yml venv dir=$dir
        [ $dir = custom ] && extra='from the script' || extra=
        # The script of a copy still names the original, and bash does what it says.
        [ $dir = moved ] && real=plain || real=$dir
        is "$(tools_said)" "$PWD/$real|$extra
$PWD/$real/bin/python3
$PWD/$dir|$PWD/$real" "a $dir virtual environment"
    done
else
    echo "# no python3 -m venv here"
fi

# --- backends -----------------------------------------------------------------------------------------
cat >backends.yml <<'END'
opts: {backend_varieties: {quiet: {verbose: 0, native: {env: {V: quiet}}}}}
cabs:
  plain: {command: 'sh -c "echo $V ran"'}
  boxed: {command: echo boxed, image: 'org/x:1'}
a: {steps: {s: {cab: boxed}}}
b: {steps: {s: {cab: plain}}, backend: {select: [singularity]}}
c: {steps: {s: {cab: boxed}}, backend: {select: 'native', native: {enable: false}}}
d: {steps: {s: {cab: plain, backend: {variety: quite}}}}
e: {steps: {s: {cab: plain, backend: {variety: quiet}}}}
f: {inputs: {r: str = local}, steps: {s: {cab: plain}}, backend: {verbose: 1, override_registries: {'{recipe.r}.io': LOCAL}}}
g: {steps: {s: {cab: plain}}, backend: {slurm: {enable: true, srun_opts: {mem: 8GB}}}}
END
PATH_BEFORE=$PATH
PATH=/usr/bin:/bin
export PATH
try "$SPOOR" run --backend native backends.yml a
is "$(tools_said)" boxed "an image does not matter to native"
try "$SPOOR" run backends.yml b
status 1 "no backend"
like "$err" 'unable to select a backend \(singularity: ' "no backend: why"
[ ! -e log-b.txt ]
ok $? "no backend: nothing was run"
try "$SPOOR" run backends.yml c
like "$err" 'unable to select a backend \(native: disabled\)' "disabled"
try "$SPOOR" run backends.yml d
like "$err" "backend variety 'quite' is not defined" "variety"
like "$err" "did you mean 'quiet'?" "variety: nearest name"
try "$SPOOR" run backends.yml e
is "$(tools_said)" "quiet ran" "variety: merged"
try "$SPOOR" run backends.yml f
like "$out" '"local.io": "LOCAL"' "keys are substituted, verbose shows them"
like "$out" 'full command line is sh -c' "verbose shows the command"
mkdir bin
printf '#!/bin/sh\necho "srun $*"\n' >bin/srun
chmod +x bin/srun
PATH=$PWD/bin:$PATH
try "$SPOOR" run backends.yml g
is "$(tools_said)" "srun -J s.g --mem 8GB sh -c echo \$V ran" "Slurm"
PATH=$PATH_BEFORE
if ! command -v srun >/dev/null; then
    try "$SPOOR" run backends.yml g
    like "$err" "slurm is enabled for step 'g.s', but 'srun' is not installed" "Slurm: not there"
fi

# --- permissions (4.10.8): root may do everything, so somebody else tries -----------------------------
cat >may.yml <<'END'
cabs:
  change:
    command: 'true'
    inputs: {ms: {dtype: MS, writable: true}, loose: {dtype: Directory, writable: true, path_policies: {check_permissions: false}}}
    outputs: {out: {dtype: File, must_exist: false}}
may: {steps: {s: {cab: change}}}
END
mkdir ro.ms rw.ms rodir
touch ro.txt
chmod 777 rw.ms
chmod 555 ro.ms rodir
chmod 444 ro.txt
as_nobody() {
    if [ "$(id -u)" -ne 0 ]; then
        try "$SPOOR" "$@"
    else
        try setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/tmp "$SPOOR" "$@"
    fi
}
chmod 755 "$scratch"
chmod 777 "$work"
rm -rf .spoor log-*.txt
as_nobody check may.yml s.ms=rw.ms
if [ $rc -eq 0 ]; then
    as_nobody run may.yml s.ms=rw.ms
    status 0 "what may be written"
    as_nobody run may.yml s.ms=ro.ms
    status 1 "an input that may not be changed"
    like "$err" "input 'ms' is not writable at 'ro.ms'" "an input that may not be changed: why"
    as_nobody run may.yml s.loose=ro.ms
    status 0 "check_permissions: false"
    as_nobody run may.yml s.out=ro.txt
    like "$err" "output 'out' is not writable at 'ro.txt'" "an output that may not be written"
    as_nobody run may.yml s.out=rodir/new.txt
    like "$err" "output 'out' parent directory is not writable: 'rodir'" "a directory that may not"
    rm -rf rodir/new.txt
else
    echo "# nobody cannot reach the program here"
fi
finish
