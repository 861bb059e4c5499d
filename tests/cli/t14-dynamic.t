#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Cabs whose parameters depend on their parameters (spec stimela2.md 2.9): functions in Python.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

unset VIRTUAL_ENV PYTHONPATH
cat >bands.py <<'END'
class Parameter:
    """As other programs have them: attributes, most of them empty."""
    def __init__(self, dtype, default=None, policies=None, category=None):
        self.dtype = dtype
        self.default = default
        self.policies = policies or {}
        self.category = category
        self._private = object()

calls = open("calls", "a")

def by_name(params, inputs, outputs):
    print("noise on stdout", params, file=calls)
    print("noise on stdout")
    inputs = dict(inputs)
    for band in params.get("bands", []):
        inputs[f"{band}.width"] = Parameter("int", default=1)
    inputs["late"] = {"dtype": "str", "policies": {"positional": True}}
    assert inputs["bands"].dtype == "List[str]"
    outputs = {"image": {"dtype": "File", "implicit": "{current.first}.fits", "must_exist": False}}
    return inputs, outputs

def broken(params, inputs, outputs):
    return params["no such key"]

def odd(params, inputs, outputs):
    return {"x": {"dtype": "nit"}}, outputs
END
cat >r.yml <<'END'
cabs:
  tool:
    command: echo
    dynamic_schema: bands.by_name
    inputs: {bands: {dtype: 'List[str]', policies: {repeat: ','}}, first: str = a}
    outputs: {gone: File}
  broken: {command: echo, dynamic_schema: bands.broken}
  odd: {command: echo, dynamic_schema: bands.odd}
  absent: {command: echo, dynamic_schema: no_such_module.f}
main:
  inputs: {bands: 'List[str] = [u, g]'}
  outputs: {result: {aliases: [one.image]}}
  for_loop: {var: i, over: [1, 2, 3]}
  steps:
    one: {cab: tool, params: {bands: [K, L], K: {width: 5}, L.width: 6, late: x}}
    two: {cab: tool, params: {bands: =recipe.bands, u: {width: 7}, late: "{previous.image}"}}
fails: {steps: {s: {cab: broken}}}
strange: {steps: {s: {cab: odd}}}
missing: {steps: {s: {cab: absent}}}
slip: {steps: {s: {cab: tool, params: {bands: [K], K.wdith: 5}}}}
END

try "$SPOOR" plan r.yml main
status 0 "a function in Python"
like "$out" '\$ echo --bands K,L --first a --K\.width 5 --L\.width 6 x$' "parameters were added"
like "$out" '\$ echo --bands u,g --first a --u\.width 7 --g\.width 1 a\.fits$' \
    "evaluated values count, outputs are known"
is "$(sort calls | uniq -d)" "" "the same question is asked once"
is "$(wc -l <calls | tr -d ' ')" 5 "however often the loop goes round"
try "$SPOOR" run r.yml main
status 0 "run"
try "$SPOOR" check r.yml slip
status 1 "a misspelt name"
like "$err" "unknown parameter 'slip.s.K.wdith'" "the name is said"
like "$err" "did you mean 'K.width'" "the nearest is said"
try "$SPOOR" check r.yml fails
status 2 "a function that raises"
like "$err" "error evaluating dynamic schema bands.broken: KeyError: 'no such key' \(.*bands.py:" \
    "what, and where"
try "$SPOOR" check r.yml strange
status 2 "a bad definition"
like "$err" "error evaluating dynamic schema bands.odd: .*'x'.*nit" "which"
try "$SPOOR" check r.yml missing
status 2 "no such module"
like "$err" "dynamic schema no_such_module.f: ModuleNotFoundError: No module named 'no_such" "which"
try env PATH=/nowhere "$SPOOR" check r.yml slip
like "$err" 'it is a Python function, and there is no Python here' "no Python"

finish
