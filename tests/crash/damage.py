#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Damage: found, named, and it costs at most a recomputation.

    damage.py SPOOR
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "science")]
import place as places  # noqa: E402
import tap  # noqa: E402


def flip(path):
    data = bytearray(path.read_bytes())
    if data:
        data[len(data) // 2] ^= 4
    put(path, bytes(data))


def cut(path):
    put(path, path.read_bytes()[:path.stat().st_size // 2])


def put(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


class Damage:
    def __init__(self, spoor, base):
        self.place = places.Place(spoor, base)
        self.work = self.place.work
        self.store = self.work / ".spoor" / "store"

    def ready(self):
        """Twice the recipe with different parameters, and back."""
        self.place.fresh()
        for words in (("all",), ("all", "v2=22"), ("all",)):
            status, said = self.place.run(*words)
            if status:
                raise RuntimeError(said)
        self.place.ran()

    def files(self, kind):
        return sorted(p for p in (self.store / kind).rglob("*") if p.is_file())

    def each(self, kind, harm):
        for path in self.files(kind):
            harm(path)

    def is_source(self, path):
        """An object that nobody can make again."""
        return path.read_bytes() in [b"raw\n", b"goes away\n", b""] + [b"%d\n" % i for i in range(40)]

    def each_product(self, harm):
        for path in self.files("objects"):
            if not self.is_source(path):
                harm(path)

    def gone(self, *names):
        for name in names:
            path = self.work / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def mended(self, what, harm, said, *words, runs=None):
        """After the harm the run says `said` (a pattern; empty: nothing is to be said) and mends it."""
        self.ready()
        harm()
        words = words or ("all",)
        status, text = self.place.run(*words)
        ran = self.place.ran()
        differs = self.place.differs(*words)
        tap.ok(status == 0 and not differs, f"{what}: mended", f"{differs}\n{text}")
        tap.ok(re.search(said, text) if said else "WARN" not in text, f"{what}: {'is told' if said else 'quietly'}", text)
        if runs is not None:
            tap.ok(sorted(ran) == sorted(runs), f"{what}: what has to run runs", f"{ran}")
        status, text = self.place.run(*words)
        ran = self.place.ran()
        tap.ok(status == 0 and not ran and not self.place.differs(*words), f"{what}: once", f"{ran}\n{text}")

    def refused(self, what, harm, said, status, *words):
        """After the harm nothing is done, and `said` (a pattern) says why and what to do."""
        self.ready()
        harm()
        before = places.tree(self.work)
        got, text = self.place.run(*(words or ("all",)))
        tap.ok(got == status and re.search(said, text), f"{what}: refused", f"status {got}\n{text}")
        tap.ok(places.tree(self.work) == before and not self.place.ran(), f"{what}: nothing is touched")

    def records(self):
        everything = ["s1", "digest look.txt", "s2", "create", "change", "copy out/1.txt", "copy out/2.txt",
                      "copy out/3.txt", "s3", "count"]
        for what, harm in (("flipped", flip), ("cut", cut), ("emptied", lambda p: put(p, b""))):
            self.mended(f"records {what}", lambda h=harm: self.each("records", h), "record .* is damaged",
                        runs=everything)

        def swap():
            paths = self.files("records")
            texts = [p.read_bytes() for p in paths]
            for path, text in zip(paths, texts[1:] + texts[:1]):
                put(path, text)
        self.mended("records in each other's places", swap, "is of another key", runs=everything)

    def objects(self):
        gone = "is no longer whole in the store: it is made again"
        for what, harm, said in (("flipped", flip, "the object .* is damaged"), ("cut", cut, gone),
                                 ("removed", lambda p: p.unlink(), gone)):
            self.mended(f"objects {what}, products removed",
                        lambda h=harm: (self.each_product(h), self.gone("made.ms", "out", "look.txt")), said)
        self.mended("objects flipped, and another parameter", lambda: self.each_product(flip), "the object .* is damaged",
                    "all", "v2=33")

        def manifests():
            sources = {m for m in self.files("trees") if "part-" not in m.read_text() and "scratch" in m.read_text()}
            for path in set(self.files("trees")) - sources:
                flip(path)
            self.gone("made.ms", "out", "sum.txt")
        self.mended("manifests flipped", manifests, gone)

        def source():
            for path in self.files("objects"):
                if self.is_source(path):
                    path.unlink()
        self.refused("the source lost from the store", source, "put it back from where it came", 1, "all", "v1=11")

    def state(self):
        trees = self.work / ".spoor" / "trees"
        self.mended("stat indices removed", lambda: shutil.rmtree(trees), "", runs=[])
        self.mended("stat indices flipped", lambda: [flip(p) for p in trees.iterdir()], "", runs=[])

        def index():
            self.place.spoor_says("runs", "x.ms")
            (self.work / ".spoor" / "index.sqlite").write_bytes(b"no database" * 100)
        self.mended("the index replaced by nonsense", index, "", runs=[])
        for words in (("runs",), ("why", "s1"), ("versions", "x.ms")):
            index()
            status, said = self.place.spoor_says(*words)
            tap.ok(status == 0, f"spoor {words[0]} with such an index", said)

    def ledger(self):
        path = self.work / ".spoor" / "ledger"

        def change(number, how):
            lines = path.read_bytes().split(b"\n")
            how(lines, number)
            path.write_bytes(b"\n".join(lines))

        def flip_line(lines, number):
            lines[number] = lines[number][:20] + bytes([lines[number][20] ^ 1]) + lines[number][21:]

        def cut_in(lines, number):
            lines[number:] = [lines[number][:30]]
        self.ready()
        count = path.read_bytes().count(b"\n")
        for number in sorted({*range(0, count, max(1, count // 12)), count - 1}):
            self.mended(f"line {number} of the ledger flipped", lambda n=number: change(n, flip_line),
                        "damaged lines? of the ledger", runs=[])
        for number in (count // 2, count * 3 // 4, count - 1):
            self.mended(f"the ledger cut in line {number}", lambda n=number: change(n, cut_in), ".", runs=[])
        self.mended("the ledger gone", path.unlink, "the ledger of this workspace is gone", runs=[])
        self.mended("the ledger gone, and another parameter", path.unlink, "is gone", "all", "v2=22", runs=[])
        self.mended("the ledger gone, and a new parameter", path.unlink, "is gone", "all", "v3=33", runs=["s3"])

        def unknown():
            path.unlink()
            (self.work / "x.ms" / "column").write_text("nobody knows\n")
        self.refused("the ledger gone, and a dataset that nobody knows", unknown, "what x.ms holds is no longer known", 1)
        status, said = self.place.spoor_says("fsck", "--repair")
        tap.ok(status == 0, "fsck --repair", said)
        status, said = self.place.run("all", "--edits", "adopt")
        ran = self.place.ran()
        tap.ok(status == 0 and "s1" in ran, "--edits adopt takes it as it is", f"{ran}\n{said}")

    def formats(self):
        fmt = self.store / "format"
        self.refused("a store of the next format", lambda: put(fmt, b"spoor-store 2\n"), "written by a newer spoor", 4)
        self.refused("a store without a format", lambda: put(fmt, b"hello\n"), "is damaged, or .* is not a store: if it is one, write 'spoor-store 1' into", 4)

    def tools(self):
        place = self.place
        place.fresh()
        place.tool("digest", "#!/bin/sh\nexit 0\n")
        status, said = place.run("all")
        tap.ok(status == 1 and "look.txt" in said, "exit 0 without its output is a failure", said)
        place.tool("digest", places.DIGEST + "exit 1\n")
        status, said = place.run("all")
        tap.ok(status == 1 and "error code 1" in said, "exit 1 with its output, too", said)
        place.ran()
        status, said = place.run("all")
        tap.ok(status == 1 and place.ran() == ["digest look.txt"], "it is not reused, but the step before is", said)
        place.tool("digest", places.DIGEST)
        status, said = place.run("all")
        tap.ok(status == 0 and not place.differs("all"), "mended: the result of a clean run", said)

    def gc(self):
        """What is evicted is made again from the nearest state that is left; what is there stays."""
        place = self.place
        for options in (("--all",), ("--all", "--last-runs"), ("--budget", "1K")):
            what = f"gc {' '.join(options)}"
            self.ready()
            before = places.tree(self.work)
            status, said = place.spoor_says("gc", *options)
            tap.ok(status in (0, 1) and places.tree(self.work) == before, f"{what}: leaves the files", said)
            status, said = place.run("all")
            tap.ok(status == 0 and not place.ran(), f"{what}: nothing runs", said)
            status, said = place.spoor_says("versions", "x.ms")
            tap.ok(status == 0 and "all.s2" in said, f"{what}: what there was is still known", said)
            status, said = place.run("all", "v2=22")
            ran = place.ran()
            differs = place.differs("all", "v2=22")
            tap.ok(status == 0 and not differs and "s2" in ran, f"{what}: what is gone is made again", f"{ran}\n{differs}\n{said}")
            if "--last-runs" not in options:
                tap.ok("s1" not in ran, f"{what}: from the nearest state that is left", f"{ran}")
            status, said = place.run("all")
            tap.ok(status == 0 and not place.differs("all"), f"{what}: and back", said)
            status, said = place.spoor_says("fsck", "--data")
            tap.ok(status == 0, f"{what}: the store is sound", said)

    def by_hand(self):
        work = self.work

        def moved():
            (work / "x.ms").rename(work / "y.ms")
            (work / "y.ms").rename(work / "x.ms")
        self.mended("x.ms moved away and back", moved, "", runs=[])
        self.mended("x.ms replaced by a copy", lambda: (shutil.copytree(work / "x.ms", work / "y.ms"), self.gone("x.ms"),
                                                        (work / "y.ms").rename(work / "x.ms")), "", runs=[])
        self.mended("products removed", lambda: self.gone("made.ms", "look.txt", "out", "sum.txt"), "", runs=[])
        for what, when in (("the past", "1999-01-01"), ("the future", "2099-01-01")):
            def dated(when=when):
                for path in list(work.rglob("*")):
                    if ".spoor" not in path.parts:
                        subprocess.run(["touch", "-d", when, path], check=True)
            self.mended(f"files with times in {what}", dated, "", runs=[])
        self.ready()
        os.symlink("x.ms", work / "link.ms")
        text = (work / "r.yml").read_text().replace("ms: x.ms, name: s3", "ms: link.ms, name: s3")
        (work / "r.yml").write_text(text)
        status, said = self.place.run("all")
        (work / "link.ms").unlink()
        (work / "r.yml").write_text(text.replace("link.ms", "x.ms"))
        tap.ok(status == 0 and not self.place.differs("all"), "two names of one dataset", f"{self.place.differs('all')}\n{said}")


    def names(self):
        place = self.place
        for name in ("a b.ms", "a%b.ms", "\u00fcn\u00ef.ms", "a\nb.ms", "a'b\"c.ms", "-x.ms"):
            place.fresh()
            (self.work / "x.ms").rename(self.work / name)
            recipe = (self.work / "r.yml").read_text().replace("ms: x.ms", "ms: " + json.dumps(name, ensure_ascii=False))
            (self.work / "r.yml").write_text(recipe)
            ran = []
            for words in ((), (), ("v2=5",), ()):
                status, said = place.spoor_says("run", "r.yml", "inplace", *words)
                ran.append(" ".join(place.ran()) if status == 0 else said)
            tap.ok(ran == ["s1 s2", "", "s2", ""], f"a dataset called {name!r}", f"{ran}")
            status, said = place.spoor_says("fsck")
            tap.ok(status == 0, f"and fsck of {name!r}", said)

    def writer(self):
        """Somebody who does not stop writing to a dataset."""
        place = self.place
        place.fresh()
        cell = self.work / "x.ms" / "SUB" / "cell"
        script = "while :; do date +%N >\"$1\"; done"
        process = subprocess.Popen(["sh", "-c", script, "sh", str(cell)])
        try:
            status, said = place.run("all")
        finally:
            process.kill()
            process.wait()
        tap.ok(status == 1 and "SUB/cell" in said and not place.ran(), "a dataset that somebody writes to is not used", said)
        cell.unlink()
        status, said = place.run("all")
        tap.ok(status == 0 and not place.differs("all"), "until he has ended", said)


def main():
    base = pathlib.Path(tempfile.mkdtemp(prefix="spoor-damage-", dir=places.quick_dir()))
    damage = Damage(sys.argv[1], base)
    for part in ("records", "objects", "state", "ledger", "formats", "tools", "gc", "by_hand", "names", "writer"):
        if not sys.argv[2:] or part in sys.argv[2:]:
            getattr(damage, part)()
    shutil.rmtree(base)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
