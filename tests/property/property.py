#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""property.py - random recipes, random changes, random accidents: what is in the workspace must be what a clean run makes, what
runs again must be what has to (doc/design/store.md). The model is lab.py, the recipes recipes.py.

    property.py --spoor build/spoor --tool build/tests/property/property_tool [--seed N] [--count N] [--seconds S]

Each seed is a case of its own. A case that fails is made shorter, and printed as a shell script. Prints TAP."""
import argparse
import copy
import json
import os
import random
import shutil
import sys
import tempfile
import time

import lab
import recipes

OPS = 14
SHRINK_SECONDS = 60


class Case:
    """Chooses what to do next, and does it."""

    def __init__(self, seed, bench):
        self.rng = random.Random(seed)
        self.lab = bench
        self.maker = recipes.Maker(self.rng)
        self.ops = []

    def do(self, op):
        self.ops.append(copy.deepcopy(op))
        return self.lab.do(op)

    def params(self, name):
        """As last time, but for one; or the very same."""
        last = dict(self.lab.last.get(name, {}))
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            last[self.rng.choice(recipes.PARAMS)] = self.rng.randrange(4)
        return last

    def foreign(self, name):
        return sorted(a for a, chain in self.lab.lineage.items()
                      if len(chain) > 1 and a.endswith(".txt") and chain[-1][1] and chain[-1][0] != name)

    def begin(self):
        for name in ("r0", "r1"):
            for _ in range(6):
                self.do(["recipe", name, self.maker.recipe(self.foreign(name))])
                self.do(["run", name, {}, []])
                if name in self.lab.last:
                    break

    def step(self):
        names = sorted(self.lab.last)
        if not names:
            return
        name = self.rng.choice(names)
        roll = self.rng.random()
        if roll < 0.08:
            self.do(["run", name, self.lab.last[name], []])
        elif roll < 0.15:
            self.do(["rest", name])
        elif roll < 0.4:
            self.do(["run", name, self.params(name), []])
        elif roll < 0.62:
            self.do(["recipe", name, self.maker.vary(self.lab.recipes[name], self.foreign(name))])
            self.do(["run", name, self.params(name), []])
        elif roll < 0.68:
            self.do(["run", name, self.params(name), [self.rng.choice(["--fresh", "--on-top"])]])
        elif roll < 0.78:
            self.edit()
            self.do(["run", name, self.params(name), []])
        elif roll < 0.84:
            made = sorted(a for a, chain in self.lab.lineage.items() if len(chain) > 1)
            if made:
                self.do(["remove", self.rng.choice(made)])
        elif roll < 0.9:
            order = f"{self.rng.randrange(1, 5)}:{self.rng.choice(['tool', 'engine', 'both'])}"
            self.do(["kill", name, self.params(name), order])
        elif roll < 0.94:
            self.do(["fail", name, {**self.lab.last[name], self.rng.choice(recipes.PARAMS): 13}])
        elif roll < 0.97:
            self.do(["gc", self.rng.choice([["--all"], ["--all", "--last-runs"], ["--budget", "2K"]])])
        else:
            labels = [s["label"] for s in self.lab.recipes[name]["steps"]]
            label = self.rng.choice(labels)
            self.do(["part", name, self.params(name), ["-s", f":{label}"]])

    def edit(self):
        states = lab.snapshot(self.lab.work)
        artefact = self.rng.choice(sorted(states))
        inner = self.rng.choice(sorted(states[artefact]))
        path = f"{artefact}/{inner}" if inner else artefact
        self.do(["edit", path, f"by hand {self.rng.random()}", self.rng.choice(["adopt", "restore"])])


def play(ops, options, root):
    """The failure that the operations lead to, or None; and the transcript."""
    bench = lab.Lab(options.spoor, options.tool, root)
    try:
        for op in ops:
            bench.do(copy.deepcopy(op))
    except lab.GiveUp:
        pass
    except lab.Mismatch as mismatch:
        return mismatch, bench.transcript
    return None, bench.transcript


def smaller(ops):
    """Cases with something left out, the largest pieces first."""
    size = len(ops) // 2
    while size >= 1:
        for at in range(0, len(ops), size):
            yield ops[:at] + ops[at + size:]
        size //= 2
    for at, op in enumerate(ops):
        if op[0] == "recipe":
            for place in range(len(list(recipes.walk(op[2]["steps"])))):
                shorter = copy.deepcopy(op)
                where, index = list(recipes.walk(shorter[2]["steps"]))[place]
                if len(where) > 1:
                    label = where[index]["label"]
                    del where[index]
                    yield ops[:at] + [shorter] + ops[at + 1:]
                    # ... and everywhere else
                    rest = copy.deepcopy(ops)
                    for other in rest:
                        if other[0] == "recipe":
                            for steps, i in reversed(list(recipes.walk(other[2]["steps"]))):
                                if i < len(steps) and steps[i]["label"] == label and len(steps) > 1:
                                    del steps[i]
                    yield rest
        elif op[0] == "run":
            for key in op[2]:
                yield ops[:at] + [[op[0], op[1], {k: v for k, v in op[2].items() if k != key}, op[3]]] + ops[at + 1:]


def shrink(ops, kind, options, root):
    end = time.monotonic() + options.shrink
    again = True
    while again and time.monotonic() < end:
        again = False
        for candidate in smaller(ops):
            if time.monotonic() > end:
                break
            mismatch, _ = play(candidate, options, root)
            if mismatch and mismatch.kind == kind:
                ops, again = candidate, True
                break
    return ops


def report(seed, ops, options, root):
    mismatch, transcript = play(ops, options, root)
    print(f"# seed {seed}: {len(ops)} operations; spoor and the tool in PATH, in an empty directory:")
    print("# --------\n#!/bin/sh")
    print(f"cat >cabs.yml <<'END'\n{recipes.definition('property_tool', {})[0]}\nEND")
    print("mkdir work && cd work && PROPERTY_LOG=../log && export PROPERTY_LOG")
    print("\n".join(transcript))
    print("# --------")
    for line in str(mismatch).splitlines():
        print("# " + line)
    if options.keep:
        with open(options.keep, "w", encoding="utf-8") as file:
            json.dump(ops, file, indent=1)


def one(seed, options, root):
    """Runs of spoor that it took, and those that were known to have nothing to do; None: it failed."""
    bench = lab.Lab(options.spoor, options.tool, root)
    case = Case(seed, bench)
    try:
        case.begin()
        for _ in range(OPS):
            case.step()
    except lab.GiveUp:
        pass
    except lab.Mismatch as mismatch:
        print(f"not ok - seed {seed}: {mismatch.kind}", flush=True)
        ops = shrink(case.ops, mismatch.kind, options, root)
        report(seed, ops, options, root)
        return None
    return bench.runs, bench.repeats


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spoor", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--seed", type=int, default=1, help="of the first case")
    parser.add_argument("--count", type=int, default=100000, help="cases at most")
    parser.add_argument("--seconds", type=float, default=1e9, help="no new case after that")
    parser.add_argument("--shrink", type=float, default=SHRINK_SECONDS, help="seconds to make a failing case shorter")
    parser.add_argument("--failures", type=int, default=1, help="stop after so many")
    parser.add_argument("--keep", help="write the operations of a failing case to this file")
    parser.add_argument("--replay", help="do what such a file says")
    options = parser.parse_args()
    options.spoor = os.path.abspath(options.spoor)
    options.tool = os.path.abspath(options.tool)
    root = tempfile.mkdtemp(prefix="spoor-property-")
    if options.replay:
        with open(options.replay, encoding="utf-8") as file:
            report("replay", json.load(file), options, os.path.join(root, "lab"))
        shutil.rmtree(root, ignore_errors=True)
        return 0
    end = time.monotonic() + options.seconds
    cases = runs = repeats = failures = 0
    try:
        while cases < options.count and time.monotonic() < end and failures < options.failures:
            result = one(options.seed + cases, options, os.path.join(root, "lab"))
            cases += 1
            failures += result is None
            runs += result[0] if result else 0
            repeats += result[1] if result else 0
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if not failures:
        print(f"ok 1 - {cases} cases, {runs} runs of spoor, {repeats} known to have nothing to do, first seed {options.seed}")
    print("1..1")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
