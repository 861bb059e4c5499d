# SPDX-License-Identifier: BSD-3-Clause
"""A workspace of the program under test, and what a user could see of it and of its data."""
import json
import os
import pathlib
import shutil
import subprocess

import casacore.tables as pt
import numpy
from astropy.io import fits

TIMES = {"TIME"}  # of HISTORY: when somebody wrote


def table(path, **options):
    return pt.table(str(path), ack=False, **options)


def edit(path, action):
    """Open the table at `path`, change it, and close it as well-behaved programs do."""
    rows = table(path, readonly=False)
    action(rows)
    rows.close()


class Workspace:
    def __init__(self, spoor, path, files):
        self.spoor, self.path = spoor, pathlib.Path(path)
        self.path.mkdir()
        for name, text in files.items():
            (self.path / name).write_text(text)
        self.said = ""

    def __truediv__(self, name):
        return self.path / name

    def call(self, *words, env=None):
        """Run spoor; its exit status. What it said is in `said`."""
        result = subprocess.run([self.spoor, *words], capture_output=True, text=True, timeout=300,
                                cwd=self.path, stdin=subprocess.DEVNULL,
                                env={**os.environ, **(env or {})})
        self.said = result.stdout + result.stderr
        return result.returncode

    def run(self, *words, env=None):
        """Run a recipe; the labels of the steps whose tools ran, or None when it failed."""
        if self.call("run", "-q", "r.yml", *words, env=env):
            return None
        return [e["step"].split(".", 1)[1] for e in self.events() if e["event"] == "step-start"]

    def events(self):
        """Of the newest run."""
        runs = sorted((self.path / ".spoor/runs").iterdir(), key=lambda p: (p / "journal.jsonl").stat().st_mtime_ns)
        return [json.loads(line) for line in (runs[-1] / "journal.jsonl").read_text().splitlines()]

    def why(self, step):
        self.call("why", step)
        return self.said

    def listing(self, name):
        """Every file with all that stat says of it."""
        found = {}
        for path in [self.path / name, *sorted((self.path / name).rglob("*"))]:
            s = path.lstat()
            found[str(path)] = (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_mode)
        return found


def subtables(path):
    return sorted(p.name for p in pathlib.Path(path).iterdir() if (p / "table.dat").is_file())


def row_counts(path):
    counts = {}
    for name in ["", *subtables(path)]:
        t = table(pathlib.Path(path) / name)
        counts[name] = t.nrows()
        t.close()
    return counts


def cells(t, column):
    """All of a column; None where a row has no value."""
    return [t.getcell(column, row) if t.iscelldefined(column, row) else None
            for row in range(t.nrows())]


def is_same_column(a, b, name):
    if a.isvarcol(name) or b.isvarcol(name):
        one, two = cells(a, name), cells(b, name)
        return len(one) == len(two) and all(
            (x is None) == (y is None) and (x is None or numpy.array_equal(x, y))
            for x, y in zip(one, two))
    if a.nrows() == b.nrows() == 0:
        return True
    return numpy.array_equal(numpy.asarray(a.getcol(name)), numpy.asarray(b.getcol(name)))


def table_differences(one, two):
    """Of two tables with all their subtables, by value; [] when there are none."""
    found = []
    if subtables(one) != subtables(two):
        return [f"subtables {subtables(one)} and {subtables(two)}"]
    for sub in ["", *subtables(one)]:
        a, b = table(pathlib.Path(one) / sub), table(pathlib.Path(two) / sub)
        if a.nrows() != b.nrows():
            found.append(f"{sub or 'MAIN'}: {a.nrows()} and {b.nrows()} rows")
        elif sorted(a.colnames()) != sorted(b.colnames()):
            found.append(f"{sub or 'MAIN'}: columns {a.colnames()} and {b.colnames()}")
        else:
            skipped = TIMES if sub == "HISTORY" else ()
            found += [f"{sub or 'MAIN'}.{name}" for name in a.colnames()
                      if name not in skipped and not is_same_column(a, b, name)]
        a.close()
        b.close()
    return found


def image_differences(one, two):
    """Pixels of two FITS files, bit for bit."""
    a, b = fits.getdata(one), fits.getdata(two)
    return [] if a.shape == b.shape and a.tobytes() == b.tobytes() else [f"{one} and {two}"]


def file_systems():
    """Yield (name, directory): where we are, and, for root, XFS and btrfs in files."""
    import tempfile
    base = pathlib.Path(tempfile.mkdtemp(prefix="spoor-recompute-"))
    try:
        here = subprocess.run(["stat", "-f", "-c", "%T", base], capture_output=True, text=True)
        yield here.stdout.strip() or "here", base
        for kind in ("xfs", "btrfs"):
            mount = base / kind
            if os.geteuid() or not shutil.which(f"mkfs.{kind}"):
                yield kind, None
                continue
            image = base / f"{kind}.img"
            with open(image, "wb") as file:
                file.truncate(1 << 30)
            mount.mkdir()
            made = (subprocess.run([f"mkfs.{kind}", "-q", image], capture_output=True).returncode == 0 and
                    subprocess.run(["mount", "-o", "loop", image, mount], capture_output=True).returncode == 0)
            if not made:
                yield kind, None
                continue
            try:
                yield kind, mount
            finally:
                subprocess.run(["umount", mount], check=False)
                image.unlink()
    finally:
        shutil.rmtree(base, ignore_errors=True)
