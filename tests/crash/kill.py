#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Killed at any instant, the next run ends where an undisturbed one would have.

    kill.py SPOOR [--all] [--fail] [--dir DIR] [--method copy|clone] [PART...]

Every fault site that a command passes (base/fault.h) is a place to die at: at the first arrivals and
the last, or with --all at every one. With --fail it does not die there, but what it does fails: then
it says so, or ends well nevertheless. What can be done to a workspace is a PART; see the end.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "science")]
import place as places  # noqa: E402
import tap  # noqa: E402

READS = ("tree.", "digest.", "keep.", "copy.read", "file.read", "file.open", "memo.read", "memo.open", "fetch.",
         "journal.read", "journal.open-read", "listing.", "lock.open", "loop.", "clone.")


def instants(sites, every, reads):
    """Arrivals to pick, numbered from 1. To die at those before something is written is enough."""
    picked = [n for n, name in enumerate(sites, 1) if reads or not name.startswith(READS)]
    if every:
        return [(n, sites[n - 1]) for n in picked] + [(len(sites), sites[-1])]
    of_name = {}
    for number in picked:
        of_name.setdefault(sites[number - 1], []).append(number)
    few = set()
    for numbers in of_name.values():
        few.update(numbers[:2] + numbers[len(numbers) // 2:len(numbers) // 2 + 1] + numbers[-1:])
    return [(n, sites[n - 1]) for n in sorted(few)]


class Sweep:
    def __init__(self, args):
        self.args = args
        self.place = places.Place(args.spoor, tempfile.mkdtemp(prefix="spoor-kill-", dir=args.dir),
                                  [f"opts.store.snapshot={args.method}"])
        self.deaths = 0

    def through(self, name, prepare, harm, words):
        """`harm` (the words of a command) dies at every instant; then the run `words` mends it all."""
        place = self.place
        place.fresh()
        prepare(place)
        place.ran()
        sites = place.sites(*harm[1:], command=harm[0])
        wrong = []
        tried = 0
        variable = "SPOOR_FAULT" if self.args.fail else "SPOOR_FAULT_KILL"
        for number, site in instants(sites, self.args.all, self.args.fail):
            place.fresh()
            prepare(place)
            place.ran()
            how = {variable: f"*:{number}"}
            status, said = (place.run(*harm[1:], **how) if harm[0] == "run" else place.spoor_says(*harm, **how))
            self.deaths += status == -9
            tried += 1
            what = self.judge(status, said, harm) if self.args.fail else ""
            what = what or self.check(words)
            if what:
                wrong.append(f"{site} ({number}, status {status}): {what}")
                if self.args.keep:
                    shutil.copytree(place.work, place.base / f"wrong-{name}-{number}", symlinks=True)
        tap.ok(not wrong, f"{name}: {tried} instants", "\n".join(wrong[:20]))

    def judge(self, status, said, harm):
        """It may fail, if it says why; what ends well has done what it should."""
        if self.args.show:
            print(f"# status {status}:", *[line for line in said.splitlines() if "warning" in line or "rror" in line or
                                          "spoor: " in line or "WARN" in line][:3], sep="\n#   ")
        if status not in (0, 1, 2, 3, 4):
            return f"exit status {status}:\n{said}"
        if status and not said.strip():
            return "it fails without a word"
        if status == 0 and harm[0] == "run":
            differs = self.place.differs(*harm[1:])
            return f"it ends well, elsewhere:\n{differs}\n{said}" if differs else ""
        return ""

    def check(self, words):
        """Empty: as if nothing had happened."""
        place = self.place
        status, said = place.run(*words)
        if status:
            return f"the next run fails:\n{said}"
        differs = place.differs(*words)
        if differs:
            return f"the next run ends elsewhere:\n{differs}\nit said:\n{said}"
        place.ran()
        status, said = place.run(*words)
        ran = place.ran()
        if status or ran or place.differs(*words):
            return f"a third run does something: {ran} {place.differs(*words)}\n{said}"
        status, said = place.spoor_says("fsck")
        return f"fsck finds something:\n{said}" if status else ""


def nothing(place):
    del place


def done(*words):
    def prepare(place):
        status, said = place.run(*words)
        if status:
            raise RuntimeError(said)
    return prepare


def twice(first, second):
    def prepare(place):
        done(*first)(place)
        done(*second)(place)
    return prepare


def removed(*names):
    """All is done, and then some of it is gone: what was recorded before is no news of the run that dies."""
    def prepare(place):
        done("all")(place)
        for name in names:
            path = place.work / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return prepare


PARTS = {
    # name: what was done before, what dies, what must come out
    "first": (nothing, ("run", "all"), ("all",)),
    "changed": (done("all"), ("run", "all", "v2=22"), ("all", "v2=22")),
    "changed-back": (done("all"), ("run", "all", "v2=22"), ("all",)),
    "hits": (twice(("all",), ("all", "v2=22")), ("run", "all"), ("all",)),
    "removed": (removed("look.txt", "made.ms"), ("run", "all"), ("all",)),
    "fresh": (removed("look.txt", "made.ms"), ("run", "all", "--fresh"), ("all",)),
    "restore": (done("all"), ("restore", "x.ms@1"), ("all",)),
    "gc": (twice(("all",), ("all", "v2=22")), ("gc", "--all"), ("all",)),
    "fsck": (done("all"), ("fsck", "--repair", "--data"), ("all",)),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("spoor")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--show", action="store_true", help="what it said of each failure")
    parser.add_argument("--dir", default=places.quick_dir())
    parser.add_argument("--method", default="copy")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_intermixed_args()
    sweep = Sweep(args)
    for name in args.parts or PARTS:
        prepare, harm, words = PARTS[name]
        sweep.through(name, prepare, harm, words)
    if not args.fail:
        tap.ok(sweep.deaths > 10, f"{sweep.deaths} times it died indeed")
    if not args.keep:
        shutil.rmtree(sweep.place.base)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
