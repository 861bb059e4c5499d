# SPDX-License-Identifier: BSD-3-Clause
"""recompute.py SPOOR: never computing twice, with real tools on real tables (TAP; spec recompute.md A8).

Self-calibration on a simulated Measurement Set: simms, simulator, AOFlagger, WSClean and Python change it in
place, time and again. What is reused, restored and refused is judged by the values of all cells of all tables
and by the pixels of the images, against runs of the same recipe that remember nothing.
"""
import os
import pathlib
import shutil
import subprocess
import sys

from tap import done, ok

try:
    import casacore.tables as pt
    import numpy
    from workspace import (Workspace, edit, file_systems, image_differences, row_counts, table,
                           table_differences)
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

SPOOR = str(pathlib.Path(sys.argv[1]).resolve())

CALIBRATE = '''
import numpy
from casacore.tables import table, makecoldesc

def calibrate(ms, damping):
    """CORRECTED_DATA is DATA over its mean gain; says so in two subtables, whose new number of rows stays in table.lock."""
    with table(ms, readonly=False, ack=False) as rows:
        if 'CORRECTED_DATA' not in rows.colnames():
            rows.addcols(makecoldesc('CORRECTED_DATA', rows.getcoldesc('DATA')))
        data, model, good = rows.getcol('DATA'), rows.getcol('MODEL_DATA'), ~rows.getcol('FLAG')
        gain = numpy.vdot(model[good], data[good]).real / numpy.vdot(model[good], model[good]).real
        rows.putcol('CORRECTED_DATA', (data / gain ** damping).astype(data.dtype))
    for name, column in (('HISTORY', 'MESSAGE'), ('FLAG_CMD', 'COMMAND')):
        with table(f'{ms}/{name}', readonly=False, ack=False) as notes:
            notes.addrows(1)
            notes.putcell(column, notes.nrows() - 1, f'damping {damping}')

def mean(ms, column, text):
    with table(ms, ack=False) as rows, open(text, 'w') as file:
        print(abs(rows.getcol(column)).mean(), rows.getcol('FLAG').mean(), file=file)

def liar(ms, text):
    """Is declared to read."""
    with table(ms, readonly=False, ack=False) as rows:
        rows.putcol('DATA', 2 * rows.getcol('DATA'))
    open(text, 'w').write('done')

def model(ms, value):
    with table(ms, readonly=False, ack=False) as rows:
        rows.putcol('MODEL_DATA', 0 * rows.getcol('MODEL_DATA') + value)

def flags(ms, lies):
    """Is declared to write FLAG."""
    with table(ms, readonly=False, ack=False) as rows:
        rows.putcol('FLAG', ~rows.getcol('FLAG'))
        if lies:
            rows.putcol('DATA', 3 * rows.getcol('DATA'))
'''

FILES = {
    "antennas.txt": "a 0 0 0\nb 500 0 0\nc 0 700 0\nd -300 -900 5\ne 200 350 0\nf -600 100 0\n",
    "sky.txt": "90.0 -45.0 2.0\n90.02 -45.01 0.5\n",
    "tools.py": CALIBRATE,
    "r.yml": r'''
_include:
  - (spoor)simms.yml
  - (spoor)simulator.yml
  - (spoor)wsclean.yml
  - (spoor)aoflagger.yml
  - (spoor)taql.yml
cabs:
  calibrate:
    command: (tools.py)calibrate
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true, writable: true}, damping: float = 1.0}
  mean:
    command: (tools.py)mean
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true}, column: str = DATA}
    outputs: {text: {dtype: File, required: true}}
    recompute: {columns: {ms: {reads: ['{current.column}', FLAG], writes: []}}}
  whole:
    command: (tools.py)mean
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true}, column: str = DATA}
    outputs: {text: {dtype: File, required: true}}
  liar:
    command: (tools.py)liar
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}}
  model:
    command: (tools.py)model
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true, writable: true}, value: float = 1}
    recompute: {columns: {ms: {reads: [], writes: [MODEL_DATA]}}}
  flags:
    command: (tools.py)flags
    flavour: {kind: python, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true, writable: true}, lies: bool = false}
    recompute: {columns: {ms: {reads: [FLAG], writes: [FLAG]}}}
  copy:
    command: cp -r
    inputs: {from: {dtype: Directory, required: true, policies: {positional: true}}}
    outputs: {to: {dtype: Directory, required: true, policies: {positional: true}}}
selfcal:
  inputs:
    ms: str = obs.ms
    niter: int = 50
    damping: float = 0.5
    seed: int = 1
    strategy: {dtype: File}
    threads: int = 1
  steps:
    make:
      cab: simms
      params:
        msname: =recipe.ms
        antenna_file: antennas.txt
        coord_sys: enu
        lon_lat_elv: 21.44deg,-30.71deg,1050m
        telescope: test
        direction: J2000,90deg,-45deg
        synthesis: 10min
        dtime: 10s
        freq0: 1.4GHz
        dfreq: 1MHz
        nchan: 16
    fill: {cab: simulator, params: {msname: =recipe.ms, skymodel: sky.txt, column: DATA, addnoise: true, noise: 0.1, seed: =recipe.seed}}
    flag: {cab: aoflagger, params: {ms: ['=recipe.ms'], read-mode: memory, threads: =recipe.threads, strategy: =IFSET(recipe.strategy)}}
    image1: {cab: wsclean, params: {ms: ['=recipe.ms'], prefix: round1, size: 64, scale: 20asec, niter: =recipe.niter, mgain: 0.8, no-update-model-required: false, threads: 1}}
    cal1: {cab: calibrate, params: {ms: =recipe.ms, damping: =recipe.damping}}
    image2: {cab: wsclean, params: {ms: ['=recipe.ms'], prefix: round2, column: CORRECTED_DATA, size: 64, scale: 20asec, niter: =recipe.niter * 2, mgain: 0.8, no-update-model-required: false, threads: 1}}
    cal2: {cab: calibrate, params: {ms: =recipe.ms, damping: =recipe.damping / 2}}
    final: {cab: wsclean, params: {ms: ['=recipe.ms'], prefix: final, column: CORRECTED_DATA, size: 128, scale: 10asec, niter: 200, threads: 1}}
large:
  steps:
    make:
      cab: simms
      params:
        msname: large.ms
        antenna_file: antennas.txt
        coord_sys: enu
        lon_lat_elv: 21.44deg,-30.71deg,1050m
        direction: J2000,90deg,-45deg
        synthesis: 4h
        nchan: 256
look:
  inputs: {ms: str = obs.ms, column: str = DATA}
  steps:
    mean: {cab: mean, params: {ms: =recipe.ms, column: =recipe.column, text: mean.txt}}
    whole: {cab: whole, params: {ms: =recipe.ms, column: =recipe.column, text: whole.txt}}
lie:
  backend: {select: native}
  steps:
    liar: {cab: liar, params: {ms: obs.ms, text: liar.txt}}
    after: {cab: mean, params: {ms: obs.ms, text: after.txt}}
columns:
  inputs: {value: float = 1}
  steps:
    one: {cab: model, params: {ms: obs.ms, value: =recipe.value}}
    data: {cab: mean, params: {ms: obs.ms, text: data.txt}}
    model: {cab: mean, params: {ms: obs.ms, column: MODEL_DATA, text: model.txt}}
flags:
  inputs: {lies: bool = false}
  steps:
    flags: {cab: flags, params: {ms: obs.ms, lies: =recipe.lies}}
    data: {cab: mean, params: {ms: obs.ms, text: data2.txt}}
threads:
  inputs: {threads: int = 1, layers: {dtype: int}}
  steps:
    image: {cab: wsclean, params: {ms: [obs.ms], prefix: threads, size: 64, scale: 20asec, use-wgridder: false, threads: =recipe.threads, nwlayers: =IFSET(recipe.layers)}}
select:
  steps:
    image: {cab: wsclean, params: {ms: [sub/ref.ms], prefix: part, size: 64, scale: 20asec, threads: 1}}
    mean: {cab: mean, params: {ms: sub/ref.ms, text: part.txt}}
through:
  inputs: {value: float = 1}
  steps:
    one: {cab: model, params: {ms: sub/ref.ms, value: =recipe.value}}
    model: {cab: mean, params: {ms: base.ms, column: MODEL_DATA, text: through.txt}}
before:
  inputs: {column: str = DATA}
  steps:
    look: {cab: mean, params: {ms: obs.ms, column: =recipe.column, text: before.txt}}
    one: {cab: model, params: {ms: obs.ms, value: 7}}
directory:
  steps:
    copy: {cab: copy, params: {from: folder, to: folder-copy}}
''',
}
MADE = ["make", "fill", "flag", "image1", "cal1", "image2", "cal2", "final"]
IMAGES = [f"{run}-{kind}.fits" for run in ("round1", "round2", "final")
          for kind in ("dirty", "image", "model", "psf", "residual")]


class Reference:
    """What comes out where nothing is remembered, each once for the same words."""

    def __init__(self, base):
        self.base, self.known = base, {}

    def get(self, *words):
        if words not in self.known:
            place = Workspace(SPOOR, self.base / f"clean-{len(self.known)}", FILES)
            if place.run("-c", "opts.store.enable=false", *words) is None:
                ok(False, f"a clean run of {' '.join(words)}", place.said)
            self.known[words] = place
        return self.known[words]


def same_tables(place, clean, what, name="obs.ms"):
    found = table_differences(place / name, clean / "obs.ms")
    ok(not found, f"{what}: all cells of all tables", "\n".join(found))


def same_results(place, clean, what):
    same_tables(place, clean, what)
    found = [d for name in IMAGES for d in image_differences(place / name, clean / name)]
    ok(not found, f"{what}: all pixels of all images", "\n".join(found))
    ok(row_counts(place / "obs.ms") == row_counts(clean / "obs.ms"), f"{what}: rows of all tables")


def ran(place, want, what, *words, env=None):
    got = place.run(*words, env=env)
    ok(got == want, what, f"ran {got}, not {want}\n{place.said}")


def without_lock(path, scratch):
    """Rows of all tables when table.lock is gone."""
    shutil.copytree(path, scratch)
    for lock in pathlib.Path(scratch).rglob("table.lock"):
        lock.unlink()
    counts = row_counts(scratch)
    shutil.rmtree(scratch)
    return counts


# --- 1: the whole way ---------------------------------------------------------------------------------

def check_selfcal(place, reference, where):
    first = ("selfcal",)
    other = ("selfcal", "damping=0.7")
    ran(place, MADE, f"{where}: eight steps", *first)
    ok("does not declare" not in place.said, f"{where}: all cabs say what they write", place.said)
    same_results(place, reference.get(*first), f"{where}: as without a store")
    counts = row_counts(place / "obs.ms")
    bare = without_lock(place / "obs.ms", place / "bare.ms")
    ok(counts["FLAG_CMD"] == 2 and bare["FLAG_CMD"] != 2,
       f"{where}: only table.lock knows how many rows FLAG_CMD has", f"{counts}\n{bare}")

    before = {name: place.listing(name) for name in ("obs.ms", *IMAGES)}
    ran(place, [], f"{where}: the second time none", *first)
    ok(before == {name: place.listing(name) for name in before}, f"{where}: nothing is touched")

    ran(place, MADE[4:], f"{where}: a parameter in the middle", *other)
    same_results(place, reference.get(*other), f"{where}: what a clean run gives")
    why = place.why("cal1")
    ok("damping: 0.5 -> 0.7" in why, f"{where}: why says it", why)
    ran(place, [], f"{where}: once more", *other)
    ran(place, [], f"{where}: and back", *first)
    same_results(place, reference.get(*first), f"{where}: the first results again")
    ran(place, [], f"{where}: forth", *other)
    same_results(place, reference.get(*other), f"{where}: the second ones again")
    ran(place, [], f"{where}: and back", *first)


def check_versions(place, reference):
    ok(place.call("restore", "--to", "before.ms", "obs.ms@3") == 0, "an earlier state beside it", place.said)
    clean = reference.get("selfcal", "-s", ":flag")
    same_tables(place, clean, "as AOFlagger left it", "before.ms")
    ok(place.call("restore", "obs.ms@3") == 0, "an earlier state in its place", place.said)
    same_tables(place, clean, "as AOFlagger left it")
    ran(place, [], "the recipe goes on from there without running anything", "selfcal")
    same_results(place, reference.get("selfcal"), "and ends where it did")


# --- 2: by hand ---------------------------------------------------------------------------------------

def flip_flag(rows):
    cell = rows.getcell("FLAG", 7)
    cell[3, 1] = not cell[3, 1]
    rows.putcell("FLAG", 7, cell)


def times(path):
    return {p: p.stat().st_mtime_ns for p in [path, *path.rglob("*")]}


def put_back(marks):
    for path, mtime in marks.items():
        if path.exists():
            os.utime(path, ns=(mtime, mtime))


def check_edits(place, reference):
    clean = reference.get("selfcal")
    for quiet in (False, True):
        marks = times(place / "obs.ms")
        edit(place / "obs.ms", flip_flag)
        if quiet:
            put_back(marks)
        how = "its times put back" if quiet else "one cell of FLAG"
        ok(place.run("selfcal") is None and "obs.ms was made by step 'selfcal.cal2'" in place.said
           and "table.f" in place.said, f"an edit by hand is refused: {how}", place.said)
        ok(table_differences(place / "obs.ms", clean / "obs.ms") == ["MAIN.FLAG"], "and left alone")
        ran(place, [], "--edits restore", "selfcal", "--edits", "restore")
        same_tables(place, clean, "brings it back")

    mark = (place / "obs.ms").stat().st_mtime_ns
    edit(place / "obs.ms/ANTENNA", lambda t: t.putcell("DISH_DIAMETER", 2, 13.5))
    ok((place / "obs.ms").stat().st_mtime_ns == mark, "a row of ANTENNA leaves the time of the directory alone")
    ok(place.run("selfcal") is None and "ANTENNA/table.f" in place.said, "but is found", place.said)
    ran(place, [], "--edits restore", "selfcal", "--edits", "restore")
    same_tables(place, clean, "brings it back")


def add_history(t):
    t.addrows(1)
    t.putcell("MESSAGE", t.nrows() - 1, "looked at on a Sunday")


def check_history(place, reference):
    """A note in HISTORY means nothing for results: nobody computes for it, and nobody loses it."""
    mark = (place / "obs.ms").stat().st_mtime_ns
    edit(place / "obs.ms/HISTORY", add_history)
    ok((place / "obs.ms").stat().st_mtime_ns == mark, "a row of HISTORY leaves the time of the directory alone")
    ran(place, [], "no step runs for it", "selfcal")
    ok(messages(place / "obs.ms")[-1] == "looked at on a Sunday", "it is still there")
    ran(place, MADE[6:], "another way to the end", "selfcal", "-s", "cal2:", "damping=0.9")
    kept = [messages(path)[-1] for path in (place / ".spoor/attic").rglob("obs.ms*") if path.is_dir()
            and (path / "HISTORY").exists()]
    ok("looked at on a Sunday" in kept or "HISTORY" in place.said,
       "is not lost without a word when the table is replaced", f"{kept}\n{place.said}")
    ran(place, [], "and back", "selfcal")
    same_results(place, reference.get("selfcal"), "as before")


def messages(ms):
    t = table(ms / "HISTORY")
    found = list(t.getcol("MESSAGE")) if t.nrows() else [""]
    t.close()
    return found


def check_noise(place):
    """What readers, waiting lockers and AOFlagger leave in files."""
    ms = place / "obs.ms"
    t = table(ms)
    t.getcol("DATA")
    t.close()
    t = table(ms, readonly=False, lockoptions="permanent")
    t.close()
    ran(place, [], "opened to be read and to be written: none runs", "selfcal")
    wait_for_lock(ms)
    ran(place, [], "none runs for it", "selfcal")
    t = table(ms, readonly=False)
    t.putcol("FLAG", t.getcol("FLAG"))
    t.close()
    ran(place, [], "nor for equal values written again", "selfcal")
    dat = ms / "ANTENNA/table.dat"
    inode = dat.stat().st_ino
    subprocess.run([sys.executable, "-c", "import casacore.tables as pt\n"
                    f"t = pt.table({str(dat.parent)!r}, readonly=False, ack=False, lockoptions='permanent')"], check=True)
    ok(dat.stat().st_ino != inode, "a program that only reads ANTENNA writes its table.dat anew")
    ran(place, [], "none runs for it", "selfcal")


def check_large(place, where):
    """Where states are kept by cloning, large files are not read: noise is still told from edits."""
    ran(place, ["make"], f"{where}: a large table", "large")
    wait_for_lock(place / "large.ms")
    ran(place, [], f"{where}: none runs for what a waiting process has left", "large")
    edit(place / "large.ms/ANTENNA", lambda t: t.putcell("DISH_DIAMETER", 2, 13.5))
    ok(place.run("large") is None and "ANTENNA/table.f0" in place.said, f"{where}: an edit is found", place.said)
    ran(place, [], f"{where}: --edits restore", "large", "--edits", "restore")
    t = table(place / "large.ms/ANTENNA")
    ok(t.getcell("DISH_DIAMETER", 2) != 13.5, f"{where}: brings it back")
    t.close()


def wait_for_lock(ms):
    """One process holds the table, another waits for it. This one must not open table.lock itself: closing it
    would give its locks up."""
    hold = subprocess.Popen([sys.executable, "-c", "import casacore.tables as pt\n"
                             f"t = pt.table({str(ms)!r}, readonly=False, ack=False, lockoptions='user')\n"
                             "t.lock(True)\nprint('held', flush=True)\ninput()\nt.unlock()\n"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    hold.stdout.readline()
    before = (ms / "table.lock").read_bytes()
    wait = subprocess.Popen([sys.executable, "-c", "import casacore.tables as pt\n"
                             f"t = pt.table({str(ms)!r}, readonly=False, ack=False, lockoptions='user')\n"
                             "t.lock(True, 50)\nt.unlock()\n"])
    while (ms / "table.lock").read_bytes() == before and wait.poll() is None:
        pass
    hold.communicate("\n")
    wait.wait()
    ok((ms / "table.lock").read_bytes() != before, "a process that waited has left its number in table.lock")


# --- 3, 4: what cabs say, and what they do ------------------------------------------------------------

def check_lie(place):
    ran(place, ["mean"], "two readers, which ask for the same", "look")
    one = float((place / "mean.txt").read_text().split()[0])
    ran(place, ["liar", "after"], "a tool that changes what it is to read", "lie")
    ok("obs.ms/table.f" in place.said and "read only" in place.said, "is reported, by file", place.said)
    after = float((place / "after.txt").read_text().split()[0])
    ok(abs(after - 2 * one) < 1e-9 * one, "the next step has its result", f"{one} {after}")
    ran(place, ["liar"], "it runs again, on what it ran on before: the next step need not", "lie")
    ok(float((place / "after.txt").read_text().split()[0]) == after, "and the result is the same")
    ran(place, [], "the recipe before that", "selfcal")


def check_columns(place, reference):
    ran(place, ["one", "model"], "a step that writes MODEL_DATA: nothing for a reader of DATA", "columns")
    ran(place, ["one", "model"], "another MODEL_DATA", "columns", "value=2")
    ok((place / "model.txt").read_text().startswith("2.0 "), "its reader has the new one")
    ran(place, [], "and back", "columns")
    ok((place / "model.txt").read_text().startswith("1.0 "), "the old one is there")
    ran(place, ["one"], "a reader of DATA before MODEL_DATA is changed", "before")
    ran(place, ["look"], "a reader of WEIGHT", "before", "column=WEIGHT")
    restored = [e for e in place.events() if e["event"] == "restore" and e["path"] == "obs.ms"]
    ok(not restored, "for it nobody brings the old MODEL_DATA back", restored)
    ran(place, [], "back to the start", "selfcal")
    same_results(place, reference.get("selfcal"), "as ever")


def check_flags(place, reference):
    """A cab says that it writes FLAG. Where DATA has files of its own, it is found out when it writes that, too."""
    mean = place / "data2.txt"
    ran(place, ["flags", "data"], "a step that writes FLAG, and a reader", "flags")
    honest = float(mean.read_text().split()[0])
    ran(place, [], "once", "flags")
    ran(place, ["flags", "data"], "it writes DATA, too", "flags", "lies=true")
    ok("has changed DATA (table.f" in place.said and "does not declare" in place.said, "which is told", place.said)
    ok(abs(float(mean.read_text().split()[0]) - 3 * honest) < 1e-5 * honest, "the reader has it")
    ran(place, ["flags"], "it runs every time, the reader does not", "flags", "lies=true")
    ran(place, [], "the honest one again", "flags")
    ok(float(mean.read_text().split()[0]) == honest, "with its result")
    ran(place, [], "back to the start", "selfcal")
    same_results(place, reference.get("selfcal"), "as ever")


# --- 5: one thing by several names --------------------------------------------------------------------

def check_parents(place):
    shutil.copytree(place / "obs.ms", place / "base.ms")
    (place / "sub").mkdir()
    pt.taql(f"select from {place.path}/base.ms where ANTENNA1 == 1 giving {place.path}/sub/ref.ms").close()
    ran(place, ["image", "mean"], "a selection of a table", "select")
    ran(place, [], "once", "select")
    row = table(place / "sub/ref.ms").rownumbers()[0]
    edit(place / "base.ms", lambda t: t.putcell("DATA", int(row), 5 * t.getcell("DATA", int(row))))
    ran(place, ["image", "mean"], "its data are in the other table", "select")
    ok("base.ms has changed" in place.said and "base.ms" in place.why("mean"), "which is named", place.said)
    ran(place, ["one", "model"], "a step that changes the selection", "through")
    first = (place / "through.txt").read_text()
    ran(place, [], "once", "through")
    ran(place, ["one", "model"], "another value", "through", "value=4")
    ok((place / "through.txt").read_text() != first, "is in the other table")
    ran(place, [], "and back", "through")
    ok((place / "through.txt").read_text() == first, "both are as before")
    t = table(place / "sub/ref.ms")
    ok(abs(t.getcol("MODEL_DATA") - 1).max() == 0, "to read, too")
    t.close()


def check_names(place, reference):
    (place / "a.ms").symlink_to("obs.ms")
    (place / "sub/b.ms").symlink_to(place / "obs.ms")
    place.run("look")
    for name in ("a.ms", "sub/b.ms", "./obs.ms"):
        ran(place, [], f"{name} is obs.ms", "look", f"ms={name}")
    shutil.copytree(place / "obs.ms", place / "here.ms")
    ran(place, [], "a copy is the same data", "look", "ms=here.ms")
    (place / "here.ms").rename(place / "sub/there.ms")
    ran(place, [], "moved, too", "look", "ms=sub/there.ms")
    other = Workspace.__new__(Workspace)
    other.spoor, other.path, other.said = SPOOR, place.path.parent / "elsewhere/deep/copy", ""
    shutil.copytree(place.path, other.path, symlinks=True)
    ran(other, [], "the workspace as a whole, copied with its store", "selfcal")
    same_results(other, reference.get("selfcal"), "in the copy")
    ran(other, [], "also what it had been before", "selfcal", "damping=0.7")
    same_results(other, reference.get("selfcal", "damping=0.7"), "in the copy")
    ran(place, [], "the original knows nothing of that", "selfcal")
    same_results(place, reference.get("selfcal"), "in the original")


# --- 6, 9: what makes a difference ----------------------------------------------------------------------

def versions(place, run=0):
    """role -> version of outputs, by step, of a run."""
    return {e["step"]: {o["role"]: o.get("version") for o in e["outputs"]} for e in place.events()
            if e["event"] == "step-versions" and "outputs" in e}


def check_wsclean(place):
    ran(place, ["image"], "WSClean with its default gridder", "threads")
    ran(place, ["image"], "makes w-layers by threads, which count", "threads", "threads=2")
    ran(place, ["image"], "a number of layers", "threads", "layers=5")
    ran(place, [], "with which they do not", "threads", "layers=5", "threads=2")


def check_fresh(place):
    ran(place, [], "as it was", "selfcal")
    before = versions(place)
    ran(place, MADE, "--fresh runs all", "selfcal", "--fresh")
    ok(versions(place) == before, "the same versions come out of every tool",
       "\n".join(f"{s}: {before[s]} {v}" for s, v in versions(place).items() if before.get(s) != v))
    ran(place, [], "and then none", "selfcal")


def check_causes(place):
    for words in (["threads=2"], ["damping=5e-1"], ["niter=50", "seed=1", "ms=./obs.ms"]):
        ran(place, [], f"{' '.join(words)} makes no difference", "selfcal", *words)
    shutil.copy("/usr/share/aoflagger/strategies/generic-default.lua", place / "own.lua")
    ran(place, MADE[2:5], "another strategy, which finds the same", "selfcal", "strategy=own.lua")
    ok("strategy" in place.why("flag"), "why names it", place.said)
    with open(place / "own.lua", "a") as file:
        file.write("-- changed\n")
    ran(place, MADE[2:5], "a strategy that has changed", "selfcal", "strategy=own.lua")
    ok("own.lua" in place.why("flag"), "why names it", place.said)

    (place / "measures").mkdir()
    shutil.copytree("/usr/share/casacore/data/geodetic", place / "measures/geodetic")
    shutil.copytree("/usr/share/casacore/data/ephemerides", place / "measures/ephemerides")
    (place / "casarc").write_text(f"measures.directory: {place.path}/measures\n")
    env = {"CASARCFILES": f"{place.path}/casarc"}
    got = place.run("selfcal", env=env)
    ok(got and "make" in got, "measures data from elsewhere", place.said)
    ran(place, [], "once", "selfcal", env=env)
    (place / "measures/geodetic/note").write_text("newer")
    got = place.run("selfcal", env=env)
    ok(got and "make" in got, "measures data that have changed", place.said)
    ok("measures" in place.why("make"), "why names them", place.said)
    ran(place, [], "back to those of the system", "selfcal")

    text = (place / "tools.py").read_text()
    (place / "tools.py").write_text(text + "\n# changed\n")
    ran(place, ["cal1", "cal2"], "a program that has changed; what it makes has not, so that nothing else runs", "selfcal")
    ok("tools" in place.why("cal1"), "why names it", place.said)
    (place / "tools.py").write_text(text)
    ran(place, [], "and back", "selfcal")


# --- 7, 18: where others fail -----------------------------------------------------------------------------

def check_others(place):
    folder = place / "folder"
    folder.mkdir()
    (folder / "a").write_text("one")
    (folder / "b").write_text("two")
    ran(place, ["copy"], "a directory", "directory")
    ran(place, [], "once", "directory")
    marks = times(folder)
    (folder / "a").write_text("ONE")
    put_back(marks)
    ran(place, ["copy"], "one byte of a file in it, with all times as before", "directory")
    ok((place / "folder-copy/a").read_text() == "ONE" and not (place / "folder-copy/folder").exists(),
       "is in the copy")
    (folder / "c").write_text("three")
    ran(place, ["copy"], "a new file", "directory")
    (folder / "c").unlink()
    ran(place, [], "and gone again", "directory")
    ok(not (place / "folder-copy/c").exists(), "also in the copy")
    os.utime(folder / "b")
    os.utime(place / "sky.txt")
    ran(place, [], "times that are newer than the results", "directory")
    ran(place, [], "are no change", "selfcal")
    (place / "sky.txt").write_text(FILES["sky.txt"].replace("2.0", "3.0"))
    os.utime(place / "sky.txt", (1, 1))
    ran(place, MADE[1:], "a sky model that is older than the results, and another one", "selfcal")
    (place / "sky.txt").write_text(FILES["sky.txt"])
    ran(place, [], "and back", "selfcal")


def main():
    missing = [tool for tool in ("wsclean", "aoflagger", "taql") if not shutil.which(tool)]
    if missing:
        print(f"1..0 # SKIP needs {' '.join(missing)}")
        return 0
    reference = None
    for kind, folder in file_systems():
        if folder is None:
            ok(True, f"{kind} # SKIP needs root and mkfs.{kind}")
            continue
        reference = reference or Reference(folder)
        place = Workspace(SPOOR, folder / "work", FILES)
        check_selfcal(place, reference, kind)
        if reference.base != folder:
            check_large(place, kind)
        else:
            check_versions(place, reference)
            check_edits(place, reference)
            check_history(place, reference)
            check_noise(place)
            check_lie(place)
            check_columns(place, reference)
            check_flags(place, reference)
            check_parents(place)
            check_names(place, reference)
            check_wsclean(place)
            check_fresh(place)
            check_causes(place)
            check_others(place)
    return done()


sys.exit(main())
