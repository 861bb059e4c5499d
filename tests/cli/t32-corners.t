#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What tools do that no cab tells: they leave processes and links behind (doc/design/store.md 8).
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

begin() { # name of a case
    mkdir "../$1" && cd "../$1" && echo raw >in && cp ../work/cabs.yml .
}
reused() { # how many, name
    like "$out" "^$1 steps? not run again" "$2"
}

cat >cabs.yml <<'YAML'
cabs:
  cat:
    command: sh -c 'cat {current.f} >{current.o}'
    inputs: {f: {dtype: File, policies: {skip: true}}}
    outputs: {o: {dtype: File, policies: {skip: true}}}
  add:
    command: sh -c 'echo {current.n} >>{current.d}'
    inputs: {d: {dtype: File, writable: true, policies: {skip: true}}, n: {dtype: str, policies: {skip: true}}}
  late:
    command: sh -c '(sleep 0.5; echo late >{current.o}) >/dev/null 2>&1 & echo early >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
  session:
    command: sh -c 'setsid sh -c "sleep 0.5; echo late >{current.o}" >/dev/null 2>&1 & echo early >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
  daemon:
    command: sh -c 'setsid sh -c "while :; do echo more >>{current.o}; sleep 0.02; done" >/dev/null 2>&1 & echo x >{current.o}'
    outputs: {o: {dtype: File, policies: {skip: true}}}
YAML

# --- what a tool leaves running
for cab in late session; do
    begin "$cab" || exit 99
    cat >r.yml <<YAML
_include: cabs.yml
r: {steps: {a: {cab: $cab, params: {o: x}}, b: {cab: cat, params: {f: x, o: y}}}}
YAML
    try "$SPOOR" run r.yml
    status 0 "$cab: a tool that leaves somebody writing"
    is "$(cat y)" late "$cab: who comes next waits for what is written"
    try "$SPOOR" run r.yml
    reused 2 "$cab: it is a result like others"
done

begin daemon || exit 99
cat >r.yml <<'YAML'
_include: cabs.yml
r: {steps: {a: {cab: daemon, params: {o: x}}, b: {cab: cat, params: {f: x, o: y}}}}
YAML
try "$SPOOR" run r.yml
status 0 "a tool that leaves a daemon"
said "process [0-9]+ \(.*while .*it has been ended, and the result is not reused" "says so"
cmp -s x y
ok $? "nobody writes while the next one reads"
try "$SPOOR" run r.yml
unlike "$out" "^2 steps not run again" "the result is not reused"
said "it has been ended" "the tool runs again"

finish
