#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What users of Stimela have complained about (spec stimela2.md 11), where no other test shows it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
escape=$(printf '\033')

cat >recipe.yml <<'YAML'
cabs:
  say:
    command: printf
    inputs: {x: {dtype: str, policies: {positional: true}}}
    management: {wranglers: {'bad (?P<what>\w+)': ['SEVERITY:WARNING', 'REPLACE:BAD \g<what>']}}
  gone: {command: no-such-tool-here}
  read: {command: echo, inputs: {ms: MS *, n: int}}
  list: {command: echo, inputs: {l: {dtype: 'List[File]', required: true, policies: {repeat: list}}}}
  slurm: {command: echo slurm}
colours: {steps: {one: {cab: say, params: {x: '\033[1mfirst\033[0m\nbad \033[31mred\033[0m\nbad day\n'}},
                  two: {cab: say, params: {x: '10%%\r20%%\rsecond\n'}}}}
missing: {steps: {a: {cab: gone}}}
empty: {steps: {a: {cab: read, params: {ms: ''}}}}
number: {steps: {a: {cab: read, params: {ms: ., n: ''}}}}
none: {steps: {a: {cab: list, params: {l: =GLOB(*.nothing)}}}}
queue: {steps: {a: {cab: slurm, backend: {slurm: {enable: true, srun_path: ./my-srun}}}}}
YAML

# --- logs: no colour codes (CARACal #613), wranglers after a coloured line, one log (CARACal #1169) ---
try "$SPOOR" run recipe.yml colours
status 0 "coloured output"
unlike "$out" "$escape" "a console without colours has none of the tools either"
like "$out" '^(WARNING: )?# BAD day$' "a wrangler works behind a coloured line"
unlike log-colours.one.txt "$escape" "no colour codes in log files"
like log-colours.one.txt 'INFO: # first$' "the text stays"
like log-colours.one.txt 'WARNING: # ' "and so does the level of a wrangler"
like log-colours.two.txt '# second$' "of a progress bar the last state"
try "$SPOOR" log
is "$(grep -c '^==> ' "$out")" 2 "spoor log: all steps"
is "$(grep -n '^==> ' "$out" | cut -d: -f2 | tr '\n' ' ')" "==> colours.one ==> colours.two " "in order"
like "$out" "$escape\[1mfirst" "the whole output, as the tool wrote it"

# --- found before anything runs ------------------------------------------------------------------------
try "$SPOOR" run recipe.yml missing
status 1 "a missing program"
like "$err" 'no-such-tool-here' "is named"
unlike "$err" 'Traceback' "and no more"
try "$SPOOR" run recipe.yml colours -s thre
[ "$rc" -ne 0 ]
ok $? "a step that is not there"
said "'thre'" "is named"
try "$SPOOR" run recipe.yml empty
status 1 "an empty file name"
like "$err" "'empty.a.ms': the file name is empty" "is refused"
try "$SPOOR" run recipe.yml number
status 1 "an empty number"
like "$err" "'number.a.n': expects an int, got text ''" "is refused"
try "$SPOOR" run recipe.yml none
status 0 "a required list of no files"
like "$err" "warning: 'none.a.l': required, but the list of files is empty" "is warned about"

# --- includes of one name in two directories ------------------------------------------------------------
mkdir A B
for dir in A B; do
    echo '_include: (.)inc.yml' >$dir/top.yml
    echo "vars: {$dir: from-$dir}" >$dir/inc.yml
done
cat >both.yml <<'YAML'
_include: [A/top.yml, B/top.yml]
cabs: {t: {command: echo, inputs: {x: {dtype: str, policies: {positional: true}}}}}
r: {steps: {s: {cab: t, params: {x: '{config.vars.A} {config.vars.B}'}}}}
YAML
try "$SPOOR" run both.yml
like "$out" '^# from-A from-B$' "each file includes its own neighbour"

# --- Slurm ------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\nwhile [ "$1" != echo ]; do shift; done\nexec "$@"\n' >my-srun
chmod +x my-srun
try "$SPOOR" run recipe.yml queue
status 0 "srun_path"
like "$out" '^# slurm$' "is the program that is called"

finish
