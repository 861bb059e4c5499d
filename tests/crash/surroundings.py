#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where a workspace lies, who works in it, and what time it is: bind mounts, moved and copied workspaces, clocks that are
wrong, data that nobody may write.

    surroundings.py SPOOR [PART...]
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "science")]
import kill  # noqa: E402
import place as places  # noqa: E402
import private  # noqa: E402
import tap  # noqa: E402

STEPS = ["s1", "digest look.txt", "s2", "create", "change", "copy out/1.txt", "copy out/2.txt", "copy out/3.txt", "s3", "count"]
AFTER_V2 = ["s2", "change", "s3"]
YEAR = 365

PARTS = """#!/bin/sh
mkdir -p "$1"
for i in $(seq "$2"); do echo "$i of $2" >"$1/p$i"; done
[ -z "${TOOL_WAITS-}" ] || { : >"@AT@"; while [ ! -e "@GO@" ]; do sleep 0.02; done; }
"""
PARTS_RECIPE = """cabs:
  parts:
    command: @TOOLS@/parts
    inputs: {n: {dtype: int, default: 1, policies: {positional: true}}}
    outputs: {dir: {dtype: Directory, required: true, policies: {positional_head: true}}}
all:
  inputs: {n: int = 1}
  steps: {parts: {cab: parts, params: {dir: parts, n: =recipe.n}}}
"""


def skip(what, why):
    tap.ok(True, f"{what} # SKIP {why}")


class Surroundings:
    def __init__(self, spoor, base):
        self.place = places.Place(spoor, base)
        self.base, self.work = base, base / "work"

    def runs(self, what, want, *words, where=None, **env):
        """A run of these words runs the tools `want`, and leaves what a clean one leaves."""
        place = self.place
        place.ran()
        status, said = place.run(*words, where=where, **env)
        ran = place.ran()
        differs = place.differs(*[w for w in words if not w.startswith("-") and w not in ("adopt", "restore")], where=where)
        tap.ok(status == 0 and sorted(ran) == sorted(want) and not differs, what, f"status {status}, ran {ran}\n{differs}\n{said}")
        return said

    def fresh(self, *runs):
        self.place.fresh()
        for words in runs:
            status, said = self.place.run(*words)
            if status:
                raise RuntimeError(said)
        self.place.ran()

    def sound(self, what, where=None):
        status, said = self.place.spoor_says("fsck", "--data", where=where)
        tap.ok(status == 0, f"{what}: the store is sound", said)

    # --- one thing at two places ----------------------------------------------------------------------

    def bind(self):
        if not private.is_private():
            return skip("bind mounts", "needs root")
        self.fresh(("all",))
        with private.bound(self.work, self.base / "bound") as bound:
            self.runs("the workspace by another path: none runs", [], "all", where=bound)
            self.runs("a parameter, there", AFTER_V2, "all", "v2=22", where=bound)
            self.runs("known here, too", [], "all", "v2=22")
            self.runs("and back", [], "all")
            self.runs("which is known there", [], "all", where=bound)
        self.source_mounted()
        self.other_mounted()
        self.two_names()
        return None

    def source_mounted(self):
        """The dataset is a mount point: its directory cannot be renamed."""
        place = self.place
        place.fresh()
        shutil.copytree(self.work / "x.ms", self.base / "data.ms")
        with private.bound(self.base / "data.ms", self.work / "x.ms"):
            self.runs("a dataset that is mounted into the workspace", STEPS, "all")
            self.runs("once", [], "all")
            self.runs("a parameter", AFTER_V2, "all", "v2=22")
            self.runs("and back", [], "all")
        shutil.rmtree(self.base / "data.ms")

    def other_mounted(self):
        """Other data at the path of a result: they are somebody's, and another dataset."""
        self.fresh(("all",))
        place = self.place
        other = self.base / "other.ms"
        shutil.copytree(self.work / "x.ms", other, symlinks=True)
        (other / "column").write_text("other data\n")
        with private.bound(other, self.work / "x.ms"):
            status, said = place.run("all")
            tap.ok(status == 1 and "x.ms was made by step" in said and not place.ran(),
                   "other data mounted over a result: refused", said)
            tap.ok((other / "column").read_text() == "other data\n", "and left alone")
        self.runs("unmounted: as before", [], "all")
        shutil.rmtree(other)

    def two_names(self):
        """One dataset at two paths: what a step does at one of them, the other has, too."""
        place = self.place
        place.fresh()
        alias = self.work / "alias.ms"
        alias.mkdir()
        reading = (self.work / "r.yml").read_text()
        changing = reading.replace("ms: x.ms, name: s3", "ms: alias.ms, name: s3")
        reading = reading.replace("ms: x.ms, text", "ms: alias.ms, text")
        with private.bound(self.work / "x.ms", alias):
            for what, text in (("read", reading), ("changed", changing)):
                for words in (("all",), ("all", "v2=22"), ("all",)):
                    (self.work / "r.yml").write_text(text)
                    status, said = place.run(*words)
                    tap.ok(status == 1 and "'alias.ms' is 'x.ms' by another name" in said,
                           f"a dataset that is changed by one name, and {what} by another: refused", said)
            (self.work / "r.yml").write_text(reading.replace("ms: x.ms, ", "ms: alias.ms, "))
            self.by_one_name("alias.ms")
        alias.rmdir()
        (self.work / "r.yml").write_text(places.RECIPE.replace("@TOOLS@", str(place.tools)))
        self.by_one_name("x.ms")

    def by_one_name(self, name):
        place = self.place
        status, said = place.run("all", "--edits", "adopt")
        place.ran()
        again, said_again = place.run("all")
        tap.ok(status == again == 0 and not place.ran(), f"by the name {name} alone: it runs, and once", said + said_again)

    # --- moved, copied ------------------------------------------------------------------------------

    def moved(self):
        place = self.place
        away = self.base / "deep" / "elsewhere"
        away.parent.mkdir()
        self.fresh(("all",))
        self.work.rename(away)
        self.runs("a workspace that was moved: none runs", [], "all", where=away)
        self.runs("a parameter", AFTER_V2, "all", "v2=22", where=away)
        self.runs("and back", [], "all", where=away)
        away.rename(self.work)
        self.runs("moved back, the other parameter is known", [], "all", "v2=22")
        self.sound("moved twice")

        for what in ("killed, then moved", "moved, then killed"):
            place.fresh()
            process = self.begin("s2", "all")
            if what == "killed, then moved":
                self.kill(process)
            self.work.rename(away)
            if what == "moved, then killed":
                self.kill(process)
            status, said = place.run("all", where=away)
            place.go.touch()
            tap.ok(status == 0 and not place.differs("all", where=away), f"{what}: the result of a clean run",
                   f"{place.differs('all', where=away)}\n{said}")
            self.runs(f"{what}: once", [], "all", where=away)
            tap.ok(not self.work.exists(), f"{what}: nothing is left where it was")
            shutil.rmtree(away)

        place.fresh()
        process = self.begin("s2", "all")
        self.work.rename(away)
        place.go.touch()
        said, _ = process.communicate(timeout=60)
        tap.ok(not self.work.exists(), "moved while it runs: nothing is made where it was", said)
        status, said = place.run("all", where=away)
        tap.ok(status == 0 and not place.differs("all", where=away), "moved while it runs: the next ends as a clean run",
               f"{place.differs('all', where=away)}\n{said}")
        self.runs("moved while it runs: once", [], "all", where=away)
        shutil.rmtree(away.parent)

    def begin(self, step, *words):
        process = self.place.start("run", "r.yml", *words, TOOL_WAITS=step)
        private.wait_for(f"step {step}", self.place.at.exists)
        return process

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def copied(self):
        place = self.place
        other = self.base / "copy"
        third = self.base / "third"
        self.fresh(("all",), ("all", "v2=22"))
        subprocess.run(["cp", "-a", self.work, other], check=True)
        self.runs("a copy of a workspace: none runs", [], "all", "v2=22", where=other)
        self.runs("other parameters in the original", AFTER_V2, "all", "v2=5")
        self.runs("others in the copy", AFTER_V2, "all", "v2=6", where=other)
        for turn in range(2):
            self.work.rename(third)
            other.rename(self.work)
            third.rename(other)
            self.runs("they change places: the first", [], "all")
            self.runs("the second", [], "all", where=other)
            self.runs("what only one of them knows", [], "all", "v2=6", where=self.work if turn == 0 else other)
            self.runs("what only the other knows", [], "all", "v2=5", where=other if turn == 0 else self.work)
        self.crossed(other)
        self.torn_copy(other)

    def crossed(self, other):
        """The data of one with the memory of the other."""
        place = self.place
        self.fresh(("all",), ("all", "v2=22"), ("all",))
        shutil.rmtree(other)
        subprocess.run(["cp", "-a", self.work, other], check=True)
        self.runs("the original goes on", ["s3"], "all", "v3=33")
        self.runs("the copy goes on", ["s3"], "all", "v3=44", where=other)
        shutil.rmtree(self.work / ".spoor")
        subprocess.run(["cp", "-a", other / ".spoor", self.work], check=True)
        status, said = place.run("all", "v3=44")
        tap.ok(status == 1 and "x.ms was made by step" in said and not place.ran(),
               "data with the memory of another workspace: refused", said)
        self.runs("--edits restore", [], "all", "v3=44", "--edits", "restore")

    def torn_copy(self, other):
        """Copied while a run is under way, at every step."""
        place = self.place
        for step in ("s1", "s2", "change", "s3"):
            place.fresh()
            shutil.rmtree(other)
            process = self.begin(step, "all")
            subprocess.run(["cp", "-a", self.work, other], check=True)
            place.go.touch()
            said, _ = process.communicate(timeout=60)
            tap.ok(process.returncode == 0 and not place.differs("all"), f"copied while {step} runs: the original", said)
            place.at.unlink()
            place.ran()
            status, said = place.run("all", where=other)
            differs = place.differs("all", where=other)
            tap.ok(status == 0 and not differs, "the copy", f"{differs}\n{said}")
            self.runs("once", [], "all", where=other)

    # --- clocks ---------------------------------------------------------------------------------------

    def clock(self):
        if not shutil.which("faketime"):
            return skip("clocks", "needs faketime")
        probe = subprocess.run([self.place.spoor, "--version"], capture_output=True, text=True, check=False,
                               env={**os.environ, **self.at(0, "1")})
        if "ASan runtime" in probe.stderr:
            return skip("clocks", "faketime and the address sanitizer both want to come first")
        for stats in ("1", "0"):
            self.clock_of(stats)
        self.clock_kills()
        self.clock_leftovers()
        return None

    @staticmethod
    def clear_shared():
        """faketime names what its processes share by their number; of those that were killed it stays, in the way of later ones."""
        for path in pathlib.Path("/dev/shm").glob("*faketime_*_*"):
            if not os.path.exists(f"/proc/{path.name.rsplit('_', 1)[1]}"):
                path.unlink(missing_ok=True)

    def at(self, days, stats):
        """The environment of a process whose clock is wrong by so many days; and what it is told of times of files."""
        self.clear_shared()
        probe = subprocess.run(["faketime", "-f", "+0d", "env"], capture_output=True, text=True, check=True)
        found = dict(line.split("=", 1) for line in probe.stdout.splitlines() if "=" in line)
        env = {"LD_PRELOAD": found["LD_PRELOAD"], "FAKETIME": f"{days:+d}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return {**env, "NO_FAKE_STAT": "1"} if stats == "1" else env

    def clock_of(self, stats):
        how = "files keep their times" if stats == "1" else "times of files go with it"
        place = self.place
        back, ahead = self.at(-YEAR, stats), self.at(YEAR, stats)
        self.fresh()
        self.runs(f"a first run ({how})", STEPS, "all")
        self.runs("a year back: none runs", [], "all", **back)
        self.runs("a year back, a parameter", AFTER_V2, "all", "v2=22", **back)
        self.runs("today", [], "all", "v2=22")
        self.runs("a year ahead", [], "all", **ahead)
        self.runs("a year ahead, a parameter", ["s3"], "all", "v3=33", **ahead)
        self.runs("today", [], "all", "v3=33")
        self.runs("today, another", ["s3"], "all", "v3=34")
        status, said = place.spoor_says("why", "s3")
        tap.ok(status == 0 and "33 -> 34" in said, "why tells of the run before, though its time is to come", said)
        self.runs("the first parameters", [], "all")
        (self.work / "look.txt").write_text("by hand\n")
        status, said = place.run("all", **back)
        tap.ok(status == 1 and "look.txt was made by step" in said, "an edit, seen a year ago: refused", said)
        self.runs("restored", [], "all", "--edits", "restore", **back)
        self.sound(how)
        status, said = place.spoor_says("gc", "--all", **back)
        tap.ok(status == 0, "gc, a year ago", said)
        self.runs("and nothing has to run", [], "all")

    def clock_kills(self):
        """Died by one clock, gone on with by another."""
        place = self.place
        self.fresh(("all",))
        sites = [(n, name) for n, name in enumerate(place.sites("all", "v2=22"), 1) if not name.startswith(kill.READS)]
        days = [(-YEAR, 0), (0, -YEAR), (YEAR, 0)]
        died = 0
        for i, (number, name) in enumerate(sites[::len(sites) // 24]):
            first, then = days[i % len(days)]
            self.fresh(("all",))
            status, said = place.run("all", "v2=22", SPOOR_FAULT_KILL=f"*:{number}", **self.at(first, "1"))
            if status == 0:
                continue  # how often what a tool has left is looked for depends on the time: this run had fewer sites
            died += 1
            if status != -signal.SIGKILL:
                tap.ok(False, f"it dies at {name}", said)
            status, said = place.run("all", "v2=22", **self.at(then, "1"))
            differs = place.differs("all", "v2=22")
            tap.ok(status == 0 and not differs, f"died at {name} {first:+d} days from now, gone on with {then:+d}: "
                   "the result of a clean run", f"{differs}\n{said}")
            self.runs("and nothing runs", [], "all", "v2=22")
        tap.ok(died > 20, f"nearly all have died: {died}")

    def clock_leftovers(self):
        """What a step that was killed has left in a directory, where the disk has another clock than Spoor."""
        place = self.place
        place.tool("parts", PARTS)
        for days in (0, YEAR, -YEAR):
            place.fresh()
            (self.work / "r.yml").write_text(PARTS_RECIPE.replace("@TOOLS@", str(place.tools)))
            place.run("n=1")
            process = place.start("run", "r.yml", "n=3", TOOL_WAITS="parts", **self.at(days, "1"))
            private.wait_for("the tool", place.at.exists)
            self.kill(process)
            status, said = place.run("n=2")
            found = sorted(path.name for path in (self.work / "parts").iterdir())
            tap.ok(status == 0 and found == ["p1", "p2"] and "before ''" not in said, f"what is left in a directory, {days:+d} days from now, goes",
                   f"{found}\n{said}")


def main():
    private.mounts()
    base = pathlib.Path(tempfile.mkdtemp(prefix="spoor-surroundings-", dir=places.quick_dir()))
    surroundings = Surroundings(sys.argv[1], base)
    for part in ("bind", "moved", "copied", "clock"):
        if not sys.argv[2:] or part in sys.argv[2:]:
            getattr(surroundings, part)()
    shutil.rmtree(base)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
