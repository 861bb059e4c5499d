#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Times whole commands, beside Stimela where it is installed: against.py SPOOR [VENV]

VENV is a virtual environment with stimela and cult-cargo (`make check-oracle` makes build/oracle).
Every line is the best of three runs of spoor and one of stimela, wall clock, in the same minute on the same machine.
Recipes are generated; those with cult-cargo cabs need the package in VENV.
"""
import glob
import os
import subprocess
import sys
import tempfile
import time

SPOOR = os.path.realpath(sys.argv[1])
VENV = os.path.realpath(sys.argv[2]) if len(sys.argv) > 2 else None
STIMELA = os.path.join(VENV, "bin", "stimela") if VENV else None
CULT_CARGO = VENV and (glob.glob(os.path.join(VENV, "lib/python*/site-packages/cultcargo")) or [None])[0]

ECHO = "cabs: {e: {command: echo, inputs: {n: int, text: str = hello}}}\n"


def steps(count, cab="e"):
    return "".join(f"    s{i}: {{cab: {cab}, params: {{n: {i}}}}}\n" for i in range(count))


def library_recipe(count):
    """A self-calibration of `count` steps with the cabs of cult-cargo."""
    kinds = [
        ("wsclean", "ms: =recipe.ms, prefix: 'im-{info.label}', size: 4096, scale: 1.5asec, niter: 10000, nchan: 4"),
        ("breizorro", "restored-image: im.fits, threshold: 6.5, outfile: 'mask-{info.label}.fits'"),
        ("cubical", "data.ms: =recipe.ms, sol.jones: [G], out.dir: out"),
        ("quartical", "input_ms.path: =recipe.ms, solver.terms: [G], output.gain_directory: gains"),
        ("taql.update", "ms: =recipe.ms, commands: [set FLAG=false]"),
        ("casa.flagdata", "ms: =recipe.ms, mode: unflag"),
    ]
    text = "_include: {(cultcargo): [wsclean.yml, breizorro.yml, cubical.yml, quartical.yml, taql.yml, casa/flag.yml]}\n"
    text += "selfcal:\n  inputs: {ms: {dtype: MS, required: true}}\n  steps:\n"
    for i in range(count):
        cab, params = kinds[i % len(kinds)]
        text += f"    step-{i}: {{cab: {cab}, params: {{{params}}}}}\n"
    return text


RECIPES = {
    "echo-200.yml": ECHO + "r:\n  steps:\n" + steps(200),
    "echo-1.yml": ECHO + "r:\n  steps:\n" + steps(1),
    "loop-200.yml": ECHO + "r:\n  for_loop: {var: i, over: =RANGE(200)}\n".replace("=RANGE(200)", str(list(range(200))))
    + "  steps:\n    s: {cab: e, params: {n: =recipe.i}}\n",
    "steps-16000.yml": ECHO + "r:\n  steps:\n" + "".join(
        f"    s{i}: {{cab: e, params: {{n: {i}, text: 'x{i:05d} {{info.label}}'}}}}\n" for i in range(16000)),
    "loop-10000.yml": "cabs: {t: {command: 'true', inputs: {n: int}}}\n"
    f"r:\n  inputs: {{over: {{dtype: 'List[int]', default: '=RANGE(10000)'}}}}\n"
    "  for_loop: {var: i, over: over, scatter: 8}\n  assign: {log.name: 'log-r'}\n"
    "  steps:\n    s: {cab: t, params: {n: =recipe.i}}\n",
    "library-60.yml": library_recipe(60),
}

CASES = [  # what, arguments of spoor, arguments of stimela, needs cult-cargo, runs of spoor
    ("start the program", ["--version"], ["--version"], False, 3),
    ("one echo", ["run", "-q", "echo-1.yml"], ["-b", "native", "run", "echo-1.yml"], False, 3),
    ("200 steps of echo", ["run", "-q", "echo-200.yml"], ["-b", "native", "run", "echo-200.yml"], False, 3),
    ("200 steps of echo, dry", ["plan", "echo-200.yml"], ["-b", "native", "run", "-d", "echo-200.yml"], False, 3),
    ("loop of 200 echos", ["run", "-q", "loop-200.yml"], ["-b", "native", "run", "loop-200.yml"], False, 3),
    ("60 steps of library cabs, check", ["check", "library-60.yml", "ms=obs.ms"],
     ["-b", "native", "run", "-d", "library-60.yml", "ms=obs.ms"], True, 3),
    ("load the whole cab library", ["doc", "-l", "cultcargo::"], ["doc", "-l", "cultcargo::"], True, 3),
    ("16,000 steps, check", ["check", "steps-16000.yml"], None, False, 3),
    ("loop of 10,000, scatter 8", ["run", "-q", "loop-10000.yml"], None, False, 1),
]


def timed(words, cwd, env):
    """Wall seconds, peak memory in MiB, exit status of a command."""
    with open(os.path.join(cwd, "said"), "wb") as said:
        begin = time.monotonic()
        process = subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
    return seconds, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def best(words, cwd, env, runs):
    return min((timed(words, cwd, env) for _ in range(runs)), key=lambda result: result[0])


def show(result):
    if result is None:
        return f"{'-':>12}"
    seconds, _, status = result
    text = f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
    return f"{text if status == 0 else 'exit ' + str(status):>12}"


def main():
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    if VENV:
        env.update(VIRTUAL_ENV=VENV, PATH=os.path.join(VENV, "bin") + ":" + os.environ["PATH"])
    with tempfile.TemporaryDirectory() as directory:
        env["HOME"] = directory
        os.mkdir(os.path.join(directory, "obs.ms"))
        open(os.path.join(directory, "im.fits"), "wb").close()
        tools = os.path.join(directory, "tools")  # they are looked for, never run
        os.mkdir(tools)
        for name in ("wsclean", "breizorro", "gocubical", "goquartical", "taql", "python3.10"):
            with open(os.path.join(tools, name), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o755)
        env["PATH"] += ":" + tools
        for name, text in RECIPES.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        print(f"{'':34}{'spoor':>12}{'peak MiB':>10}{'stimela':>12}{'ratio':>8}")
        for what, ours, theirs, library, runs in CASES:
            if library and not CULT_CARGO:
                print(f"{what:34}{'(needs cult-cargo)':>12}")
                continue
            mine = best([SPOOR, *ours], directory, env, runs)
            other = timed([STIMELA, *theirs], directory, env) if STIMELA and theirs else None
            ratio = f"{other[0] / mine[0]:.0f} x" if other and other[2] == mine[2] == 0 else "-"
            peak = f"{mine[1]:.0f}" if mine[1] > 30 else ""  # below that it is this program's own
            print(f"{what:34}{show(mine)}{peak:>10}{show(other)}{ratio:>8}", flush=True)


main()
