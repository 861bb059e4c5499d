#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Who says what in which log, and what of it is seen (spec stimela2.md 4.10, 5.7, 8.3, appendix B).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

stimela=$scratch/stimela
ln -s "$SPOOR" "$stimela"

# --- a step speaks in its own log -------------------------------------------------------------------
cat >h.yml <<'END'
cabs:
  say: {command: echo, policies: {positional: true}, inputs: {a: str = x}}
  py: {flavour: python-code, command: "print(1)"}
inner:
  steps:
    one: {cab: say}
h:
  steps:
    u:
      cab: say
      preamble: {hello: "=LOG('before u')", b: "=LOG('again', 'no-repeat')", c: "=LOG('again', 'no-repeat')"}
    w: {cab: say, backend: {verbose: 1}, preamble: {a: "=LOG('again', 'no-repeat')"}}
    idle: {cab: say, skip: true}
    nested: {recipe: inner, preamble: {a: "=LOG('before nested')"}}
    p: {cab: py}
    v: {cab: say, preamble: {q: "=EXISTS('later')"}}
END
try "$SPOOR" run h.yml h
status 1 "a preamble that does not hold: exit 1"
like log-h.u.txt 'SPOOR\.h\.u INFO: before u$' "4.10: LOG in a preamble goes to the log of the step"
like log-h.w.txt 'SPOOR\.h\.w INFO: backend .*effective settings' "backend.verbose: to that of the step"
like log-h.nested.txt 'SPOOR\.h\.nested INFO: before nested' "of a nested recipe: to its own"
is "$(grep -l "there is no 'python' here" log-*.txt)" "$(command -v python >/dev/null || echo log-h.p.txt)" \
    "the note about python: to that of the step that needs it"
like log-h.txt "SPOOR\.h INFO: skipping step 'h.idle'" "a skipped step is noted in the log of the recipe"
is "$(grep -c again log-h.u.txt)$(grep -c again log-h.w.txt)" 11 \
    "5.7: no-repeat goes by logger and message"
like log-h.v.txt 'SPOOR\.h\.v CRITICAL: preamble: q: ' "why the preamble does not hold: in its log"
like log-h.v.txt "step 'h.v' has failed, aborting the recipe" "and that it has failed"
like "$out" '^CRITICAL: preamble: q: ' "preamble: on the console"
like "$out" "^h\.v +failed$" "preamble: in the final table"
is "$(grep -c "preamble: q: " "$err")" 1 "preamble: with its place, once"
is "$(grep -c '^h\.v: ' "$out")" 0 "preamble: not said twice in a row"
try "$SPOOR" status
like "$out" "^h\.v +failed +preamble: q: " "status has it"
try "$SPOOR" status --json
python3 -c 'import json, sys
last = json.load(open(sys.argv[1]))["steps"][-1]
assert last["task"] == "h.v" and last["result"] == "failed" and "preamble" in last["why"]' "$out"
ok $? "status --json has it"
try "$SPOOR" log
unlike "$out" 'h\.v' "log: it has no output"
try "$SPOOR" log v
like "$out" '^==> h\.v could not start: preamble: q: ' "log of it: why there is none"
try "$SPOOR" why v
like "$out" '^h\.v: could not start: preamble: q: ' "why: it did not run"
[ ! -e log-stimela.txt ]
ok $? "8.3: spoor has no log of the session"

# --- epilogue ---------------------------------------------------------------------------------------
cat >e.yml <<'END'
cabs:
  say: {command: echo, policies: {positional: true}, inputs: {a: str = x}}
e:
  steps:
    v: {cab: say, epilogue: {end: "=EXISTS('later')"}}
END
try "$SPOOR" run e.yml
status 1 "epilogue: exit 1"
unlike "$out" "e\.v: 'e\.v'" "epilogue: the step is named once"
like "$out" '^e\.v +failed .* epilogue: end: ' "epilogue: in the table"

# --- the log of the session -------------------------------------------------------------------------
try "$stimela" run h.yml h
status 1 "stimela: exit 1"
like "$out" '^run failed, exiting with error code 1$' "appendix B: run failed, exiting with error code 1"
like log-stimela.txt ' STIMELA ERROR: run failed after 0:00:0' "8.3: log-stimela.txt has what belongs to no recipe"
like log-stimela.txt 'STIMELA INFO: command line: .*h.yml h$' "8.3: log-stimela.txt: what was asked for"
unlike log-h.txt 'run failed' "which the log of the recipe has not"
try "$stimela" run h.yml inner -C opts.log.dir 'logs-{config.run.date}' -C opts.log.name 'at-{info.fqname}'
status 0 "stimela: other names"
like "$(echo logs-2*/at-stimela.txt)" 'run successful' "8.3: the log of the session is named like the others"

# --- settings that are none ---------------------------------------------------------------------
settings() { # TEXT: in assign of a recipe
    printf 'cabs: {say: {command: echo}}\ns:\n  assign: {%s}\n  steps: {a: {cab: say}}\n' "$1" >s.yml
    try "$SPOOR" check s.yml
}
settings 'log.level: LOUD'
status 2 "assign log.level: a word that is no level"
like "$err" "s.yml:3:.*log\.level must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not 'LOUD'" "and says which are"
settings 'log.level: warning'
status 0 "assign log.level: in small letters"
settings 'log.nmae: x'
status 1 "assign log.nmae"
like "$err" "did you mean 'name'" "and the nearest"
printf 'opts: {backend: {nosuch: 1}}\ncabs: {say: {command: echo}}\ns: {steps: {a: {cab: say}}}\n' >s.yml
try "$SPOOR" run s.yml
status 2 "1.9: an unknown setting of the backend: exit 2"
like "$err" "s.yml:1:.*unknown key 'nosuch' in 'opts\.backend'" "and names it"
printf 'cabs: {say: {command: echo}}\ns: {steps: {a: {cab: say, backend: {native: {virtul_env: x}}}}}\n' >s.yml
try "$SPOOR" run s.yml
status 2 "7.1: an unknown setting in a step: exit 2"
like "$err" "did you mean 'virtual_env'" "and the nearest"
printf 'opts: {backend: {select: apptainer}}\ncabs: {say: {command: echo}}\ns: {steps: {a: {cab: say}}}\n' >s.yml
try "$SPOOR" run s.yml
like "$err" 'apptainer: (not installed|container image|not supported)' "apptainer is a name of singularity"

# --- what is not selected is quiet ------------------------------------------------------------------
cat >sel.yml <<'END'
cabs: {say: {command: echo, policies: {positional: true}, inputs: {a: str = x}}}
sel:
  steps:
    a: {cab: say}
    b: {cab: say, tags: [t]}
    c: {cab: say, skip: true}
    d: {cab: say}
END
try "$SPOOR" run sel.yml -s b:c
status 0 "a selection"
unlike "$out" 'sel\.[ad]' "steps that are not selected: no line, no row"
like "$out" '^2 steps not selected$' "but their number"
like "$out" "^skipping step 'sel\.c'" "those that are skipped are named"
unlike log-sel.txt 'not selected' "the log has it for debugging only"
try "$SPOOR" status
like "$out" '^selection: --step b:c$' "status: how steps were chosen"
like "$out" '^2 steps not selected$' "status: how many were not"
unlike "$out" '^sel\.a' "status: no row of those"
try "$SPOOR" runs --json
python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))[-1]
assert run["selection"] == {"step": ["b:c"]}, run' "$out"
ok $? "runs --json: the selection"
try "$SPOOR" status --json
python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))
assert [s["task"] for s in run["steps"]] == ["sel.a", "sel.b", "sel.c", "sel.d"]' "$out"
ok $? "status --json: all steps"
try "$SPOOR" plan sel.yml -t t
like "$out" '^1 tool run, 3 not selected; nothing was run$' "plan: counts them"

# --- the table at the end ---------------------------------------------------------------------------
cat >long.yml <<'END'
cabs: {say: {command: "true"}}
long:
  for_loop: {var: i, over: n}
  inputs: {n: {dtype: "List[int]", default: =RANGE(120)}}
  steps: {s: {cab: say}}
END
try "$SPOOR" run -q long.yml
is "$(grep -c -E '^long\.[0-9]+\.s +done' "$out")" 50 "the table of a long loop has the newest rows"
like "$out" "^\(the first 70 steps are left out; see 'spoor status'\)$" "and says what is left out"
try "$SPOOR" run -p 1 long.yml
like "$out" '^long +120 ' "run -p: the profile"

# --- a file in each of many steps, none in the recipe around ----------------------------------------
{
    printf 'cabs: {say: {command: echo}}\nmany:\n  assign: {log.enable: false}\n  steps:\n'
    i=0
    while [ $i -lt 100 ]; do
        printf '    s%d: {cab: say, assign: {log.enable: true}}\n' $i
        i=$((i + 1))
    done
} >many.yml
try "$SPOOR" run many.yml
status 0 "8.3: a hundred logs below a recipe without one"

finish
