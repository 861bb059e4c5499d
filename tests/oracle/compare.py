#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares Spoor with the real Stimela 2 on every case of the conformance suite.

    compare.py [-k REGEX] [-v] [--fresh] VERSION=DIR... [FILE.cases...]

DIR is a virtual environment with that version (tools/oracle-install makes them). Compared are exit
status, recorded tool runs in order, and the files left behind, of every run of every case. What the
reference did is kept below build/oracle/cache, keyed by the text of the case and the version.

A case may say that the reference differs on purpose, and why; then it must differ. Where both
refuse, but the reference by a Python traceback, that counts apart ("crash"). Prints one line for
each difference and a table of counts; the exit status is 0 if every difference is intended.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "conformance"))

import cases as suite  # noqa: E402
import run as suite_run  # noqa: E402

WORKERS = 2
TIMEOUT_S = 60
FORMAT = 4  # of what the cache holds
KINDS = ("agree", "crash", "intended", "todo", "differ", "stale")
TRACEBACK = "Traceback (most recent call last)"


class Reference:
    """One process with the reference imported, and a home directory of its own."""

    def __init__(self, venv, top):
        self.home = tempfile.mkdtemp(prefix="home-", dir=top)
        self.venv = venv
        env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "LC_ALL": "C.UTF-8", "COLUMNS": "4000",
               "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(
            [os.path.join(venv, "bin", "python"), os.path.join(HERE, "reference.py")],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.kept = set()
        place = suite.Place(tempfile.mkdtemp(dir=top), self.home)
        self.run(place, ["run", "nosuch.yml"], "")
        self.kept = set(os.listdir(self.cache()))

    def cache(self):
        """Where the reference keeps parsed configuration, by name and modification time."""
        return os.path.join(self.home, ".cache", "stimela-configs")

    def run(self, place, words, folder):
        """A runner for suite.carry_out."""
        out = os.path.join(place.top, "out")
        env = dict(place.environment(), COLUMNS="4000", PYTHONWARNINGS="ignore")
        job = {"dir": os.path.join(place.work, folder), "args": ["-B", *words], "env": env,
               "out": out, "timeout_s": TIMEOUT_S}
        self.process.stdin.write((json.dumps(job) + "\n").encode())
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        with open(out, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return suite.Outcome(answer["rc"], text, place.recorded())

    def empty_home(self):
        """Between cases. What it has cached about its own files stays: that saves much time."""
        for name in os.listdir(self.home):
            if name != ".cache":
                path = os.path.join(self.home, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for name in set(os.listdir(self.cache())) - self.kept:
            os.remove(os.path.join(self.cache(), name))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def portable(place, value):
    """`value` with the directories of the case named, so that two runs can be compared."""
    text = json.dumps(value)
    for name, path in (("%WORK%", place.work), ("%HOME%", place.home), ("%BIN%", place.bin),
                       ("%TOP%", place.top)):
        text = text.replace(path, name)
    return json.loads(text)


def perform(case, runner, home=None):
    """What a program does with a case: facts that can be compared, and its last words."""
    place = suite.Place(tempfile.mkdtemp(prefix="spoor-case-"), home)
    try:
        _, outcomes = suite.carry_out(case, place, runner)
        missing = [op[1] for op in case.ops if op[0] == "both"
                   and not any(suite.found(place.names(op[1]), out.text) for out in outcomes)]
        runs = [{"rc": out.rc, "argv": out.argv} for out in outcomes]
        facts = {"runs": runs, "files": place.produced(), "unsaid": missing}
        return {"facts": portable(place, facts),
                "text": portable(place, [out.text[-6000:] for out in outcomes])}
    finally:
        place.remove()


def cached(case, version, cache, ask):
    both = [op[1] for op in case.ops if op[0] == "both"]
    name = hashlib.sha256(json.dumps([FORMAT, version, case.key(), both]).encode()).hexdigest()[:32]
    path = os.path.join(cache, name + ".json")
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        pass
    result = ask()
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(path + ".part", path)
    return result


def differences(case, ours, theirs):
    """Lines that say how two outcomes differ."""
    out = []
    loose = any(op[0] == "unordered" for op in case.ops)
    pairs = list(zip(ours["runs"], theirs["runs"]))
    for number, (mine, other) in enumerate(pairs, 1):
        where = f"run {number}: " if len(pairs) > 1 else ""
        if mine["rc"] != other["rc"]:
            out.append(f"{where}exit status {mine['rc']}, reference {other['rc']}")
        left, right = mine["argv"], other["argv"]
        if (sorted(left) != sorted(right)) if loose else (left != right):
            out.append(f"{where}spoor ran:     {suite.show_argv(left)}")
            out.append(f"{where}reference ran: {suite.show_argv(right)}")
    if ours["files"] != theirs["files"]:
        for title, one, two in (("spoor", ours, theirs), ("the reference", theirs, ours)):
            only = sorted(set(one["files"]) - set(two["files"]))
            if only:
                out.append(f"only {title} leaves {' '.join(only)}")
    out += [f"the reference does not say: {text}" for text in theirs["unsaid"]]
    return out


def reason_of(case, version):
    return case.facts.get("ref" + version[:3]) or case.facts.get("ref")


def crashed(ours, theirs):
    """Both refuse, but the reference by a Python traceback: nothing to be compatible with."""
    return ([bool(run["rc"]) for run in ours["runs"]] == [bool(run["rc"]) for run in theirs["runs"]]
            and [run["argv"] for run in ours["runs"]] == [run["argv"] for run in theirs["runs"]]
            and ours["files"] == theirs["files"])


def compare_all(chosen, venvs, cache, program):
    """(case, version, differences, reference's text) for each case and version."""
    top = tempfile.mkdtemp(prefix="spoor-oracle-")
    pools = {version: queue.Queue() for version, _ in venvs}
    started = []

    def with_reference(version, venv, case):
        try:
            reference = pools[version].get_nowait()
        except queue.Empty:
            reference = Reference(venv, top)
            started.append(reference)
        try:
            return perform(case, reference.run, reference.home)
        finally:
            reference.empty_home()
            pools[version].put(reference)

    def one(case):
        ours = perform(case, lambda *args: suite.run_program(args[0], program, *args[1:]))
        return [(case, version, ours,
                 cached(case, version, cache, lambda: with_reference(version, venv, case)))
                for version, venv in venvs]

    try:
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for answers in pool.map(one, chosen):
                for case, version, ours, theirs in answers:
                    found = differences(case, ours["facts"], theirs["facts"])
                    text = "\n".join(theirs["text"])
                    if found and TRACEBACK in text and crashed(ours["facts"], theirs["facts"]):
                        found.insert(0, TRACEBACK)
                    yield case, version, found, text
    finally:
        for reference in started:
            reference.close()
        shutil.rmtree(top, ignore_errors=True)


def report(results, verbose):
    """Print the findings; the counts by version come back."""
    counts = {}
    for case, version, found, text in results:
        count = counts.setdefault(version, dict.fromkeys(KINDS, 0))
        reason = reason_of(case, version)
        if not found:
            kind = "stale" if reason else "agree"
        elif found[0] == TRACEBACK:
            kind = "crash"
        elif reason:
            kind = "intended"
        else:
            kind = "todo" if "todo" in case.facts else "differ"
        count[kind] += 1
        if kind in ("agree", "crash") or (kind == "intended" and not verbose):
            continue
        print(f"{kind.upper()} {version} {case.title}")
        if reason:
            print(f"    reason: {reason}")
        for line in found:
            print(f"    {line}")
        if verbose:
            for line in [line for line in text.splitlines() if line.strip(" |")][-6:]:
                print(f"    | {line[:200].rstrip()}")
        sys.stdout.flush()
    return counts


def print_reasons(chosen, versions):
    reasons = {}
    for case in chosen:
        for version in versions:
            if reason_of(case, version):
                reasons.setdefault(reason_of(case, version), set()).add(case.title)
    print("\nintended differences, with the number of cases")
    for reason, titles in sorted(reasons.items()):
        print(f"  {len(titles):4}  {reason}")


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", metavar="REGEX", default="")
    parser.add_argument("-v", action="store_true", help="show what the reference said")
    parser.add_argument("--fresh", action="store_true", help="ask the reference again")
    parser.add_argument("--cache", default=os.path.join(ROOT, "build", "oracle", "cache"))
    parser.add_argument("words", nargs="+", metavar="VERSION=DIR or FILE.cases")
    return parser.parse_intermixed_args()


def main():
    opts = options()
    venvs = [tuple(word.split("=", 1)) for word in opts.words if "=" in word]
    files = [word for word in opts.words if "=" not in word]
    if opts.fresh:
        shutil.rmtree(opts.cache, ignore_errors=True)
    os.makedirs(opts.cache, exist_ok=True)
    program = os.path.abspath(os.environ.get("SPOOR", os.path.join(ROOT, "build", "spoor")))
    chosen = suite_run.select(files, opts.k)
    counts = report(compare_all(chosen, venvs, opts.cache, program), opts.v)
    print_reasons(chosen, [version for version, _ in venvs])
    print("\n" + " " * 8 + "".join(f"{kind:>10}" for kind in KINDS))
    for version, count in counts.items():
        print(f"{version:8}" + "".join(f"{count[kind]:10}" for kind in KINDS))
    bad = sum(count["differ"] + count["stale"] for count in counts.values())
    print(f"{len(chosen)} cases, {bad} unexplained")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
