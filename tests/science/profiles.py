# SPDX-License-Identifier: BSD-3-Clause
"""profiles.py PROBE: what casacore, AOFlagger and WSClean do to files, and what of it counts (TAP).

Each operation starts from a fresh copy of the same Measurement Set; `content` must stay or change as
doc/design/store.md 3 says. Skips without python3-casacore.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from tap import done, ok

try:
    import casacore.tables as pt
    import numpy
except ImportError:
    print("1..0 # SKIP no python3-casacore")
    sys.exit(0)

PROBE = str(pathlib.Path(sys.argv[1]).resolve())
ROWS, CHANNELS, CORRELATIONS = 30, 8, 4


class Names:
    """What tree_probe says of a path."""

    def __init__(self, path):
        result = subprocess.run([PROBE, str(path)], capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(result.stderr)
        self.parents, self.how, self.columns = [], {}, {}
        for line in result.stdout.splitlines():
            word, rest = line.split(" ", 1)
            if word == "parent":
                self.parents.append(rest)
            elif word == "column":
                number, name = rest.split(" ", 1)
                self.columns[name] = int(number)
            elif word == "entry":
                how, name = rest.split(" ", 1)
                self.how[name] = how
            else:
                setattr(self, word, rest)


def table(path, **options):
    return pt.table(str(path), ack=False, **options)


def make_ms(path):
    """A small Measurement Set with data, every row of which can be told from the others."""
    shutil.rmtree(path, ignore_errors=True)
    columns = pt.required_ms_desc("MAIN")
    data = pt.makearrcoldesc("DATA", 0j, shape=[CHANNELS, CORRELATIONS], valuetype="complex",
                             datamanagertype="TiledColumnStMan", datamanagergroup="data")
    columns.update(pt.maketabdesc(data))
    ms = pt.default_ms(str(path), columns)
    ms.addrows(ROWS)
    shape = (ROWS, CHANNELS, CORRELATIONS)
    ms.putcol("DATA", numpy.arange(numpy.prod(shape)).reshape(shape).astype(complex))
    ms.putcol("FLAG", numpy.zeros(shape, bool))
    ms.putcol("FLAG_CATEGORY", numpy.zeros((ROWS, 1, CHANNELS, CORRELATIONS), bool))
    for name in ("WEIGHT", "SIGMA"):
        ms.putcol(name, numpy.ones((ROWS, CORRELATIONS)))
    ms.putcol("UVW", numpy.arange(ROWS * 3).reshape(ROWS, 3) * 10.0)
    ms.putcol("ANTENNA2", numpy.arange(ROWS) % 3 + 1)
    ms.putcol("TIME", 5e9 + numpy.arange(ROWS) // 3 * 10.0)
    ms.putcol("INTERVAL", numpy.full(ROWS, 10.0))
    ms.close()
    fill_subtables(path)


def fill_subtables(path):
    def fill(name, rows, **cells):
        sub = table(f"{path}/{name}", readonly=False)
        sub.addrows(rows)
        for column, value in cells.items():
            for row in range(rows):
                sub.putcell(column, row, value(row) if callable(value) else value)
        sub.close()

    fill("ANTENNA", 4, NAME=lambda n: f"A{n}", STATION=lambda n: f"S{n}", DISH_DIAMETER=25.0,
         POSITION=lambda n: numpy.array([3826577.0 + 100 * n, 461022.0, 5064892.0]))
    fill("SPECTRAL_WINDOW", 1, NUM_CHAN=CHANNELS, CHAN_FREQ=1e9 + 1e6 * numpy.arange(CHANNELS),
         CHAN_WIDTH=numpy.full(CHANNELS, 1e6), EFFECTIVE_BW=numpy.full(CHANNELS, 1e6),
         RESOLUTION=numpy.full(CHANNELS, 1e6), REF_FREQUENCY=1e9, TOTAL_BANDWIDTH=8e6)
    fill("POLARIZATION", 1, NUM_CORR=4, CORR_TYPE=numpy.array([9, 10, 11, 12]),
         CORR_PRODUCT=numpy.zeros((4, 2), int))
    fill("DATA_DESCRIPTION", 1)
    fill("FIELD", 1, NAME="target", DELAY_DIR=numpy.zeros((1, 2)), PHASE_DIR=numpy.zeros((1, 2)),
         REFERENCE_DIR=numpy.zeros((1, 2)))
    fill("OBSERVATION", 1, TELESCOPE_NAME="WSRT", TIME_RANGE=numpy.array([5e9, 5e9 + 100]))
    fill("PROCESSOR", 1)
    fill("STATE", 1)
    fill("FEED", 4, ANTENNA_ID=lambda n: n, NUM_RECEPTORS=2)


# --- operations: each takes the path of a fresh copy ------------------------------------------------

def in_process(code):
    """Run `code` in a Python of its own, which ends without closing anything."""
    def act(path):
        text = f"import os, sys, casacore.tables as pt, numpy\npath = {str(path)!r}\n{code}\n"
        subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.DEVNULL)
    return act


def with_table(action, sub="", **options):
    def act(path):
        t = table(f"{path}/{sub}" if sub else path, **({"readonly": False} | options))
        action(t)
        t.close()
    return act


def touch_flag(t):
    cell = t.getcell("FLAG", 7)
    cell[3, 1] = True
    t.putcell("FLAG", 7, cell)


def touch_data(t):
    cell = t.getcell("DATA", 7)
    cell[3, 1] += 1
    t.putcell("DATA", 7, cell)


def add_history(path):
    t = table(f"{path}/HISTORY", readonly=False)
    t.addrows(1)
    t.putcell("MESSAGE", t.nrows() - 1, "calibrated")
    t.putcell("TIME", t.nrows() - 1, time.time())
    t.close()


def wait_for_lock(path):
    """One holds the lock, another asks for it: its process id stays in table.lock."""
    holder = table(path, readonly=False, lockoptions="user")
    holder.lock()
    code = (f"import casacore.tables as pt\nt = pt.table({str(path)!r}, readonly=False, "
            "lockoptions='user', ack=False)\nt.lock()\nt.unlock()\nt.close()")
    waiter = subprocess.Popen([sys.executable, "-c", code])
    lock = pathlib.Path(path, "table.lock")
    while lock.read_bytes()[3] == 0:
        if waiter.poll() is not None:
            break
        time.sleep(0.02)
    holder.unlock()
    waiter.wait()
    holder.close()


def remove_locks(path):
    for lock in pathlib.Path(path).rglob("table.lock"):
        lock.unlink()


def rewrite_by_taql(path):
    """What the C++ destructor writes: the row count goes into table.dat."""
    for sub in ("ANTENNA", "FEED", "STATE"):
        in_process("t = pt.table(path, readonly=False, ack=False, "
                   "lockoptions='permanent'); del t")(f"{path}/{sub}")


def edit(name, change):
    def act(path):
        file = pathlib.Path(path, name)
        file.write_bytes(change(file.read_bytes()))
    return act


def nested_history(path):
    pathlib.Path(path, "HISTORY", "extra").mkdir()
    pathlib.Path(path, "HISTORY", "extra", "table.dat").write_text("not a table")


def replace_history(path):
    """A subtable called HISTORY whose columns are something else."""
    shutil.rmtree(f"{path}/HISTORY")
    t = pt.table(f"{path}/HISTORY", pt.maketabdesc([pt.makescacoldesc("GAIN", 1.0)]), nrow=3,
                 ack=False)
    t.close()


OPERATIONS = [
    # (what is done, by what, does the content change?)
    ("nothing", lambda path: None, False),
    ("opened for reading", with_table(lambda t: t.getcol("DATA"), readonly=True), False),
    ("opened for writing", with_table(lambda t: None), False),
    ("opened for writing, permanent lock, not closed",
     in_process("t = pt.table(path, readonly=False, ack=False, lockoptions='permanent')"), False),
    ("lock taken and given back", with_table(lambda t: (t.lock(), t.unlock()), lockoptions="user"),
     False),
    ("flushed", with_table(lambda t: t.flush()), False),
    ("a waiting process", wait_for_lock, False),
    ("equal flags put", with_table(lambda t: t.putcol("FLAG", t.getcol("FLAG"))), False),
    ("equal data put", with_table(lambda t: t.putcol("DATA", t.getcol("DATA"))), False),
    ("equal data put, not closed",
     in_process("t = pt.table(path, readonly=False, ack=False); t.putcol('DATA', t.getcol('DATA'))"),
     False),
    ("a HISTORY row", add_history, False),
    ("table.dat_tmp left behind",
     lambda path: pathlib.Path(path, "table.dat_tmp").write_bytes(b"half"), False),
    ("row counts written into table.dat", rewrite_by_taql, False),
    ("text below table.info", edit("table.info", lambda b: b + b"\nseen by me\n"), False),
    ("copied by casacore", lambda path: (table(path).copy(f"{path}.2", deep=False).close(),
                                         shutil.rmtree(path), os.rename(f"{path}.2", path)), False),
    ("one flag", with_table(touch_flag), True),
    ("one visibility", with_table(touch_data), True),
    ("one row flag", with_table(lambda t: t.putcell("FLAG_ROW", 3, True)), True),
    ("a keyword", with_table(lambda t: t.putkeyword("NOTE", 1)), True),
    ("a keyword of a column", with_table(lambda t: t.putcolkeyword("DATA", "UNIT", "Jy")), True),
    ("a column", with_table(lambda t: t.addcols(pt.makescacoldesc("NEW", 1.0))), True),
    ("a column renamed", with_table(lambda t: t.renamecol("WEIGHT", "WEIGHTS")), True),
    ("rows added", with_table(lambda t: t.addrows(2)), True),
    ("a row of a subtable removed", with_table(lambda t: t.removerows([3]), "FEED"), True),
    ("a row added to a subtable", with_table(lambda t: t.addrows(1), "ANTENNA"), True),
    ("a name in a subtable", with_table(lambda t: t.putcell("NAME", 0, "B0"), "ANTENNA"), True),
    ("type in table.info", edit("table.info", lambda b: b.replace(b"Measurement Set", b"Image")),
     True),
    ("table.dat cut", edit("table.dat", lambda b: b[:-1]), True),
    ("a byte behind table.dat", edit("table.dat", lambda b: b + b"\0"), True),
    ("a directory in HISTORY", nested_history, True),
    ("another table called HISTORY", replace_history, True),
    ("a QUALITY table", lambda path: shutil.copytree(f"{path}/STATE", f"{path}/QUALITY_KIND_NAME"),
     True),
    ("a file of its own", lambda path: pathlib.Path(path, "notes").write_text("x"), True),
    ("an empty subdirectory", lambda path: pathlib.Path(path, "DIR").mkdir(), True),
]


def check_operations(base):
    before = Names(base)
    ok(before.how["table.lock"] == "nothing" and before.how["table.dat"] == "data"
       and before.how["table.info"] == "data" and before.how["HISTORY"] == "nothing"
       and before.how["HISTORY/table.f0"] == "nothing" and before.how["ANTENNA"] == "name"
       and before.how["ANTENNA/table.lock"] == "nothing", "a Measurement Set is recognised",
       before.how)
    for label, act, changes in OPERATIONS:
        copy = base.with_name("copy.ms")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base, copy)
        act(copy)
        after = Names(copy)
        ok((after.content != before.content) == changes,
           f"{label}: {'changes' if changes else 'keeps'} the content"
           + (" (and no byte)" if after.exact == before.exact else ""), str(after.how))


def check_rows(base):
    """The number of rows that counts is that of table.lock, wherever else it stands."""
    for how in ("close", "flush"):
        lock_only = base.with_name(f"rows-{how}.tab")
        t = pt.table(str(lock_only), pt.maketabdesc([pt.makescacoldesc("A", 1)]), nrow=3, ack=False)
        t.close()
        before = Names(lock_only)
        dat = pathlib.Path(lock_only, "table.dat").read_bytes()
        t = table(lock_only, readonly=False)
        t.addrows(4)
        if how == "flush":
            t.flush()
        t.close()
        same = pathlib.Path(lock_only, "table.dat").read_bytes() == dat
        after = Names(lock_only)
        ok(after.content != before.content, f"rows added, {how}: table.dat is "
           + ("as before, the content is not" if same else "written"))
        in_process("t = pt.table(path, readonly=False, ack=False, lockoptions='permanent')")(lock_only)
        counts = pathlib.Path(lock_only, "table.dat").read_bytes()[21:25]
        ok(counts == b"\0\0\0\7", "the next writer puts the count into table.dat", counts)
        ok(Names(lock_only).content == after.content, "and the content stays")

    # Only table.lock says it: storage managers of tables without stored columns know no rows.
    empty = base.with_name("rows.tab")
    shutil.rmtree(empty, ignore_errors=True)
    t = pt.table(str(empty), pt.maketabdesc([pt.makescacoldesc("A", 1)]), nrow=3, ack=False)
    t.close()
    before = Names(empty)
    lock = pathlib.Path(empty, "table.lock")
    data = bytearray(lock.read_bytes())
    ok(data[0x118:0x120] == b"\0\0\0\1\0\0\0\3", "rows in table.lock", data[0x100:])
    data[0x11f] = 2
    lock.write_bytes(data)
    ok(Names(empty).content != before.content, "another count in table.lock is other data")
    data[0x11f] = 3
    data[0x123] = 9
    lock.write_bytes(data)
    odd = Names(empty)
    ok(odd.how["table.lock"] == "bytes" and odd.how["table.dat"] == "bytes",
       "a table.lock with another number of columns is not understood")
    lock.write_bytes(b"\1" * len(data))
    ok(Names(empty).how["table.lock"] == "bytes", "nor is garbage")
    lock.unlink()
    gone = Names(empty)
    ok(gone.content == before.content, "without table.lock the count of table.dat stands for it")
    t = table(empty)
    t.close()
    ok(lock.stat().st_size == 260 and Names(empty).content == before.content,
       "the empty table.lock that reading makes changes nothing")


def check_concatenation(base, twin, concat):
    """The Python binding cannot save one: written as casacore's ConcatTable does, and read by it."""
    def text(value):
        return len(value).to_bytes(4, "big") + value.encode()

    def item(name, version, body):
        body = text(name) + version.to_bytes(4, "big") + body
        return (len(body) + 4).to_bytes(4, "big") + body

    shutil.copytree(base, twin)
    concat.mkdir()
    names = item("ConcatTable", 0, (2).to_bytes(4, "big") + text("./base.ms") + text("./sub/twin.ms")
                 + item("Block", 1, (0).to_bytes(4, "big")))
    head = (2 * ROWS).to_bytes(4, "big") + bytes(4) + text("ConcatTable")
    (concat / "table.dat").write_bytes(b"\xbe" * 4 + item("Table", 2, head + names))
    t = table(concat)
    ok(t.nrows() == 2 * ROWS, "casacore reads the concatenation")
    t.close()
    got = [os.path.realpath(p) for p in Names(concat).parents]
    ok(got == [os.path.realpath(base), os.path.realpath(twin)], "a concatenation has two parents", got)


def check_parents(base):
    folder = base.parent
    os.makedirs(folder / "sub", exist_ok=True)
    pt.taql(f"select from {base} where ANTENNA2 == 1 giving {folder}/ref.ms").close()
    pt.taql(f"select from {folder}/ref.ms where rownumber() < 3 giving {folder}/sub/ref2.ms").close()
    pt.taql(f"select from {base} where ANTENNA2 == 2 giving {base}/SORTED").close()
    real = os.path.realpath

    def parents(path):
        return [real(p) for p in Names(path).parents]

    ok(parents(base) == [], "a plain table has no parents")
    ok(parents(folder / "ref.ms") == [real(base)], "a selection has one beside it",
       parents(folder / "ref.ms"))
    got = parents(folder / "sub/ref2.ms")
    ok(got == [real(base)] or got == [real(folder / "ref.ms"), real(base)],
       "a selection of a selection", got)
    ok(parents(base / "SORTED") == [real(base)], "a selection inside its parent",
       parents(base / "SORTED"))
    here = os.getcwd()
    os.chdir(folder)
    ok([real(p) for p in Names("ref.ms").parents] == [real(base)], "by a relative path",
       Names("ref.ms").parents)
    os.chdir(here)
    check_concatenation(base, folder / "sub/twin.ms", folder / "concat.ms")
    shutil.rmtree(base / "SORTED")


def check_columns(base):
    """Which storage manager has which column, of tables of all kinds."""
    more = base.with_name("columns.ms")
    shutil.copytree(base, more)
    t = table(more, readonly=False)
    t.addcols(pt.makecoldesc("EXTRA", t.getcoldesc("FLAG")))
    t.removecols(["FLAG_CATEGORY"])
    t.close()
    for path in (base, more, *(p.parent for p in sorted(base.glob("*/table.dat")))):
        t = table(path)
        want = {column: info["SEQNR"] for info in t.getdminfo().values() for column in info["COLUMNS"]}
        t.close()
        ok(Names(path).columns == want, f"columns of {path.name}", f"{Names(path).columns}\n{want}")


def check_aoflagger(base):
    if shutil.which("aoflagger"):
        copy = base.with_name("flagged.ms")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base, copy)
        subprocess.run(["aoflagger", str(copy)], check=True, capture_output=True, cwd=base.parent)
        dats = {name: pathlib.Path(copy, name, "table.dat").read_bytes() for name in
                ("ANTENNA", "FIELD", "SPECTRAL_WINDOW", "POLARIZATION", "OBSERVATION")}
        ok(any(pathlib.Path(base, name, "table.dat").read_bytes() != data
               for name, data in dats.items()), "AOFlagger writes subtables that it only reads")
        whole = base.with_name("subtables.ms")
        for path in (base, copy):
            shutil.rmtree(whole, ignore_errors=True)
            shutil.copytree(path, whole)
            for name in os.listdir(whole):
                if name.startswith(("table.", "QUALITY", "HISTORY")):
                    target = whole / name
                    shutil.rmtree(target) if target.is_dir() else target.unlink()
            names = Names(whole)
            if path == base:
                before = names
        ok(names.content == before.content and names.exact != before.exact,
           "the subtables have other bytes and the same content")


def check_wsclean(base):
    """Its HISTORY is the command line; the other cards count, and what they say of the run."""
    if not shutil.which("wsclean"):
        return
    names = {}
    for name, options in (("one", ["-niter", "9"]), ("two", ["-niter", "9"]),
                          ("three", ["-niter", "8"])):
        subprocess.run(["wsclean", "-j", "1", "-name", name, "-size", "64", "64", "-scale", "10asec",
                        *options, str(base)], check=True, capture_output=True, cwd=base.parent)
        names[name] = {kind: Names(base.parent / f"{name}-{kind}.fits")
                       for kind in ("psf", "image", "model")}
    one, two, three = (names[name] for name in ("one", "two", "three"))
    ok(all(one[kind].exact != two[kind].exact for kind in one), "WSClean writes its command line")
    ok(all(one[kind].content == two[kind].content for kind in one), "which is not data")
    ok(one["model"].content != three["model"].content, "another model is")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="spoor-profiles-"))
    try:
        base = folder / "base.ms"
        make_ms(base)
        check_operations(base)
        check_rows(base)
        check_parents(base)
        check_columns(base)
        check_aoflagger(base)
        check_wsclean(base)
    finally:
        shutil.rmtree(folder)
    return done()


sys.exit(main())
