#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The conformance suite: runs the cases of *.cases through the program that $SPOOR names.

    run.py [-k REGEX] [-v] [--keep] [FILE.cases...]

Prints TAP. -k takes only the cases whose name matches, -v shows what the program said, --keep
leaves the directories of failed cases. See cases.py for the format.
"""

import argparse
import concurrent.futures
import os
import re
import sys
import tempfile

import cases as suite

HERE = os.path.dirname(os.path.abspath(__file__))


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", metavar="REGEX", default="")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def all_files():
    return sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".cases"))


def select(files, pattern):
    out = []
    for path in files or all_files():
        stem = os.path.basename(path)[: -len(".cases")]
        for case in suite.load(path):
            case.title = f"{stem} {case.facts['spec']}: {case.name}".replace("#", "")
            if re.search(pattern, case.title):
                out.append(case)
    return out


def run_case(case, program, keep):
    place = suite.Place(tempfile.mkdtemp(prefix="spoor-case-"))
    try:
        runner = lambda place, words, folder: suite.run_program(place, program, words, folder)
        wrong, outcomes = suite.carry_out(case, place, runner)
        return wrong, outcomes, place.top
    finally:
        if not keep:
            place.remove()


def main():
    opts = options()
    program = os.path.abspath(os.environ.get("SPOOR", "build/spoor"))
    chosen = select(opts.files, opts.k)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda case: run_case(case, program, opts.keep), chosen)
        for number, (case, (wrong, outcomes, top)) in enumerate(zip(chosen, done), 1):
            todo = case.facts.get("todo")
            verdict = "not ok" if wrong else "ok"
            mark = f" # TODO {todo}" if todo and wrong else ""
            note = " (no longer todo)" if todo and not wrong else ""
            print(f"{verdict} {number} - {case.title}{note}{mark}")
            failed += bool(wrong and not todo)
            shown = [text for outcome in outcomes for text in outcome.text.splitlines()]
            for line in wrong + (shown[:60] if (wrong and not todo) or opts.v else []):
                print(f"#   {line}")
            if wrong and opts.keep:
                print(f"#   in {top}")
    print(f"1..{len(chosen)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
