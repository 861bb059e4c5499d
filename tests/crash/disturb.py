#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Others at the same files: tools that outlive their engine, people who edit while a recipe runs, and a
second Spoor.

    disturb.py SPOOR
"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "science")]
import place as places  # noqa: E402
import tap  # noqa: E402
from private import wait_for  # noqa: E402


class Disturbance:
    def __init__(self, spoor, base):
        self.place = places.Place(spoor, base)

    def same(self, what, *words):
        """The workspace is that of a clean run, and stays so."""
        place = self.place
        differs = place.differs(*words)
        tap.ok(not differs, f"{what}: the result of a clean run", differs)
        place.ran()
        status, said = place.run(*words)
        tap.ok(status == 0 and not place.ran() and not place.differs(*words), f"{what}: and again nothing runs", said)

    def begin(self, step, *words):
        """A run whose tool for `step` is in the middle of its work."""
        process = self.place.start("run", "r.yml", *words, TOOL_WAITS=step)
        wait_for(f"step {step}", self.place.at.exists)
        return process

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def orphans(self):
        place = self.place
        place.fresh()
        self.kill(self.begin("s2", "all"))
        status, said = place.run("all")
        tap.ok(status == 0 and "has been ended" in said, "an orphan is ended, and that is told", said)
        place.go.touch()
        self.same("beside an orphan", "all")

        place.fresh()
        place.run("all")
        self.kill(self.begin("s2", "all", "v2=22"))
        status, said = place.spoor_says("restore", "x.ms@1")
        tap.ok(status == 0 and "has been ended" in said, "restore ends an orphan first", said)
        place.go.touch()
        status, said = place.run("all", "v2=22")
        tap.ok(status == 0, "and the run can go on", said)
        self.same("after restore beside an orphan", "all", "v2=22")

        place.fresh()
        sites = place.sites("all")
        spawn = [n for n, name in enumerate(sites, 1) if name == "spawn.spawn"][2]
        # By name: how often what a tool has left is looked for depends on the time.
        behind, arrival = sites[spawn], sites[:spawn + 1].count(sites[spawn])
        place.fresh()
        place.run("all", SPOOR_FAULT_KILL=f"{behind}:{arrival}", TOOL_WAITS="s2")
        wait_for("the tool", place.at.exists)
        status, said = place.run("all")
        tap.ok(status == 0 and "been ended" in said, "an orphan that nobody had written down is ended, too", said)
        place.go.touch()
        self.same("beside an unknown orphan", "all")

    def killed_tool(self):
        place = self.place
        place.fresh()
        process = self.begin("s2", "all")
        found = [p for p in pathlib.Path("/proc").glob("[0-9]*") if self.is_tool(p)]
        for path in found:
            try:
                os.kill(int(path.name), signal.SIGKILL)
            except ProcessLookupError:
                pass
        said, _ = process.communicate(timeout=60)
        tap.ok(found and process.returncode == 1 and "signal 9" in said, "a tool that is killed has failed", said)
        place.at.unlink()
        status, said = place.run("all")
        ran = place.ran()
        tap.ok(status == 0 and ran.count("s1") == 1 and ran.count("s2") == 2, "its step runs again, from the state before",
               f"{ran}\n{said}")
        self.same("after a killed tool", "all")

    def is_tool(self, path):
        try:
            return str(self.place.tools / "mutate").encode() in (path / "cmdline").read_bytes()
        except OSError:
            return False

    def edits(self):
        place = self.place
        cases = [("a dataset that the next step changes", "x.ms/column", "x.ms"),
                 ("a file that the next steps read", "look.txt", "look.txt")]
        for what, name, path in cases:
            place.fresh()
            process = self.begin("change", "all")
            (place.work / name).write_text("by hand\n")
            place.go.touch()
            said, _ = process.communicate(timeout=60)
            tap.ok(process.returncode == 1 and f"{name} was changed by something else while the run was under way" in said
                   and f"{path} was made by step" in said, f"{what}, edited under way: refused", said)
            tap.ok((place.work / name).read_text() == "by hand\n", f"{what}: the edit is left alone")
            place.at.unlink()
            place.go.unlink()
            status, said = place.run("all", "--edits", "restore")
            tap.ok(status == 0 and "is now at" in said, f"{what}: and goes to the attic when asked", said)
            self.same(what, "all")

        place.fresh()
        process = self.begin("s1", "all")
        (place.work / "made.ms").mkdir()
        (place.work / "made.ms" / "mine").write_text("by hand\n")
        place.go.touch()
        said, _ = process.communicate(timeout=60)
        attic = [p.read_text() for p in (place.work / ".spoor" / "attic").rglob("mine")]
        mine = place.work / "made.ms" / "mine"
        tap.ok(attic == ["by hand\n"] or mine.exists(), "what somebody puts where a product will be is not lost", said)

    def has_told(self, where, word):
        return any(word in p.read_text() for p in where.glob(".spoor/runs/*/journal.jsonl"))

    def two(self):
        """Two workspaces that share a store run the same recipe at once."""
        place = self.place
        place.fresh()
        other = place.base / "other"
        place.fill(other)
        shared = ["-c", f"opts.store.dir={place.base / 'shared'}"]
        first = place.start("run", *shared, "r.yml", "all", TOOL_WAITS="s2")
        wait_for("the first at s2", place.at.exists)
        second = place.start("run", *shared, "r.yml", "all", where=other)
        running = place.base / "shared" / "running"
        wait_for("the second begins", lambda: self.has_told(other, "run-start"))
        tap.ok(second.poll() is None and place.ran_file.read_text().count("s2") == 1 and any(running.iterdir()),
               "the same step elsewhere is waited for")
        status, said = place.spoor_says("run", *shared, "r.yml", "all")
        tap.ok(status == 4 and "another spoor (pid" in said, "a second run in one workspace is refused", said)
        place.go.touch()
        said_first, _ = first.communicate(timeout=60)
        said_second, _ = second.communicate(timeout=60)
        tap.ok(first.returncode == 0 and second.returncode == 0, "both end well", said_first + said_second)
        ran = sorted(place.ran())
        tap.ok(len(ran) == len(set(ran)) == 10, "every step has run once", f"{ran}")
        differs = place.differs("all") + place.differs("all", where=other)
        tap.ok(not differs, "with the results of a clean run, here and there", differs)
        status, said = place.spoor_says("fsck", "--data", *shared)
        tap.ok(status == 0, "the store is sound", said)
        shutil.rmtree(other)

        place.fresh()
        place.fill(other)
        first = place.start("run", *shared, "r.yml", "all", "v2=7", TOOL_WAITS="s2")
        wait_for("the first at s2", place.at.exists)
        second = place.start("run", *shared, "r.yml", "all", "v2=7", where=other)
        wait_for("the second begins", lambda: self.has_told(other, "run-start"))
        self.kill(first)
        place.go.touch()
        said, _ = second.communicate(timeout=60)
        tap.ok(second.returncode == 0, "when the one that is waited for dies, the other goes on", said)
        differs = place.differs("all", "v2=7", where=other)
        tap.ok(not differs, "to the result of a clean run", differs)
        status, said = place.spoor_says("run", *shared, "r.yml", "all", "v2=7")
        tap.ok(status == 0 and not place.differs("all", "v2=7"), "and so does its next run", said)

        place.fresh()
        status, said = place.spoor_says("run", *shared, "r.yml", "all", SPOOR_FAULT="store.probe-lock:1")
        tap.ok(status == 4 and "locks do not keep anybody out" in said, "no sharing where locks do not work", said)


def main():
    base = pathlib.Path(tempfile.mkdtemp(prefix="spoor-disturb-", dir=places.quick_dir()))
    disturbance = Disturbance(sys.argv[1], base)
    disturbance.orphans()
    disturbance.killed_tool()
    disturbance.edits()
    disturbance.two()
    shutil.rmtree(base)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
