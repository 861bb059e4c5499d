#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""datadiff end to end, on images, tables and texts made here. Argument: the program."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import done, ok

try:
    import numpy as np
    from astropy.io import fits
    from casacore.tables import makearrcoldesc, makescacoldesc, maketabdesc, table
except ImportError:
    print("ok 1 # SKIP python3-astropy or python3-casacore is not installed\n1..1")
    sys.exit(0)

DATADIFF = os.path.abspath(sys.argv[1])


def diff(before, after, *words):
    """Status and report."""
    got = subprocess.run([DATADIFF, "--json", *words, before, after], capture_output=True, text=True)
    return got.returncode, json.loads(got.stdout) if got.stdout else got.stderr


def check(name, before, after, status, outcome, *words):
    got, report = diff(before, after, *words)
    fine = got == status and (report["outcome"] if outcome else report)
    ok(fine and (not outcome or report["outcome"] == outcome), f"{name}: {report}")
    return report


# --- FITS ------------------------------------------------------------------------------------------
def image(path, change=lambda hdus: None):
    pixels = np.zeros((1, 4, 5, 6), dtype=np.float32)
    pixels[0, 2, 3, 1] = -10
    pixels[0, 0, 0, 0] = np.nan
    columns = [fits.Column("FLUX", "D", array=np.arange(3.0)), fits.Column("NAME", "8A", array=["a", "b", "c"]),
               fits.Column("GOOD", "L", array=[True, False, True]), fits.Column("VIS", "2C", array=np.ones((3, 2), complex))]
    hdus = fits.HDUList([fits.PrimaryHDU(pixels), fits.BinTableHDU.from_columns(columns)])
    hdus[0].header["BMAJ"] = 1e-3
    hdus[0].header["OBJECT"] = "field"
    change(hdus)
    hdus.writeto(path, overwrite=True)


def set_pixel(value):
    def change(hdus):
        hdus[0].data[0, 1, 2, 3] = value
    return change


def set_card(name, value):
    def change(hdus):
        hdus[0].header[name] = value
    return change


def set_cell(name, row, value):
    def change(hdus):
        hdus[1].data[name][row] = value
    return change


os.chdir(tempfile.mkdtemp())
image("a.fits")
image("b.fits", set_card("HISTORY", "another"))
check("other history", "a.fits", "b.fits", 0, "same")
image("b.fits", set_card("DATE", "2026-11-21"))
check("another date", "a.fits", "b.fits", 0, "same")
image("b.fits", set_pixel(1e-4))
report = check("one pixel", "a.fits", "b.fits", 1, "differs")
ok(report["parts"][0]["place"] == "pixel (4,3,2,1)" and abs(report["relative"] - 1e-5) < 1e-9, "where, and how much")
check("a tolerance", "a.fits", "b.fits", 0, "within", "-r", "2e-5")
check("one too small", "a.fits", "b.fits", 1, "differs", "-r", "5e-6")
check("an absolute one", "a.fits", "b.fits", 0, "within", "-a", "1.1e-4")
image("b.fits", set_pixel(np.nan))
check("a pixel becomes blank", "a.fits", "b.fits", 1, "differs", "-r", "100")
image("b.fits", set_card("BMAJ", 1.000001e-3))
check("a card with a number", "a.fits", "b.fits", 0, "within", "-r", "1e-5")
check("without a tolerance", "a.fits", "b.fits", 1, "differs")
image("b.fits", set_card("OBJECT", "other"))
ok("OBJECT" in check("a card with a text", "a.fits", "b.fits", 1, "differs", "-r", "1")["faults"][0], "named")
image("b.fits", set_card("EXTRA", 1))
check("a new card", "a.fits", "b.fits", 1, "differs")
image("b.fits", lambda hdus: hdus[0].header.remove("OBJECT"))
check("a card that is gone", "a.fits", "b.fits", 1, "differs")
for name, row, value in [("FLUX", 1, 1.5), ("NAME", 2, "z"), ("GOOD", 0, False), ("VIS", 1, [1, 1 + 1j])]:
    image("b.fits", set_cell(name, row, value))
    report = check(f"a cell of {name}", "a.fits", "b.fits", 1, "differs")
    ok(f"row {row + 1}" in json.dumps(report) and name in json.dumps(report), "with its row")
image("b.fits", lambda hdus: hdus.pop())
check("a part less", "a.fits", "b.fits", 1, "differs")
with open("a.fits", "rb") as file, open("b.fits", "wb") as cut:
    cut.write(file.read(2880))
check("cut short", "a.fits", "b.fits", 2, None)


# --- tables ------------------------------------------------------------------------------------------
def ms(path, rows=3):
    shutil.rmtree(path, ignore_errors=True)
    sub = maketabdesc([makescacoldesc("NAME", "")])
    for name in ["ANTENNA", "HISTORY"]:
        with table(f"{path}.{name}", sub, 2, ack=False) as t:
            t.putcol("NAME", ["one", "two"])
    desc = maketabdesc([makescacoldesc("TIME", 0.0), makearrcoldesc("DATA", 0j, 2), makearrcoldesc("FLAG", False, 2)])
    with table(path, desc, rows, ack=False) as t:
        t.putcol("TIME", np.arange(rows) + 5e9)
        t.putcol("DATA", np.full((rows, 4, 2), 2 + 1j))
        t.putcol("FLAG", np.zeros((rows, 4, 2), bool))
    for name in ["ANTENNA", "HISTORY"]:
        shutil.move(f"{path}.{name}", f"{path}/{name}")
        with table(f"{path}/{name}", ack=False) as t, table(path, readonly=False, ack=False) as main:
            main.putkeyword(name, t)


def change(path, name, cell, value, sub=""):
    with table(path + sub, readonly=False, ack=False) as t:
        t.putcell(name, cell, value)


def fresh():
    shutil.rmtree("b.ms", ignore_errors=True)
    shutil.copytree("a.ms", "b.ms")


ms("a.ms")
fresh()
check("a copy of a table", "a.ms", "b.ms", 0, "same")
change("b.ms", "NAME", 0, "later", "/HISTORY")
check("another history", "a.ms", "b.ms", 0, "same")
noisy = np.full((4, 2), 2 + 1j)
noisy[1, 1] += 2e-6
change("b.ms", "DATA", 2, noisy)
report = check("noise in DATA", "a.ms", "b.ms", 1, "differs")
ok([(p["name"], p["place"], p["count"]) for p in report["parts"]] == [("MAIN.DATA", "row 2", 1)], "which column, which row")
check("within a tolerance", "a.ms", "b.ms", 0, "within", "-r", "1e-5")
fresh()
flags = np.zeros((4, 2), bool)
flags[0, 0] = True
change("b.ms", "FLAG", 1, flags)
report = check("a flag", "a.ms", "b.ms", 1, "differs")
ok(abs(report["relative"] - 1 / 24) < 1e-9, "the fraction of flags")
check("a fraction of flags", "a.ms", "b.ms", 0, "within", "-r", "0.05")
fresh()
change("b.ms", "NAME", 1, "other", "/ANTENNA")
ok("ANTENNA.NAME" in check("a text of a subtable", "a.ms", "b.ms", 1, "differs")["faults"][0], "named")
fresh()
change("b.ms", "DATA", 0, np.ones((2, 2), complex))
check("another shape", "a.ms", "b.ms", 1, "differs", "-r", "1")
fresh()
with table("b.ms", readonly=False, ack=False) as t:
    t.putcolkeyword("TIME", "UNIT", "s")
check("a keyword", "a.ms", "b.ms", 1, "differs")
fresh()
with table("b.ms", readonly=False, ack=False) as t:
    t.addrows(1)
check("another row", "a.ms", "b.ms", 1, "differs")
fresh()
with table("b.ms", readonly=False, ack=False) as t:
    t.addcols(maketabdesc([makescacoldesc("MORE", 0)]))
check("another column", "a.ms", "b.ms", 1, "differs")
check("and one less", "b.ms", "a.ms", 1, "differs")
with open("b.ms/table.dat", "w", encoding="ascii") as file:
    file.write("damaged")
check("a damaged table", "a.ms", "b.ms", 2, None)


# --- texts and bytes ---------------------------------------------------------------------------------
def text(path, content):
    with open(path, "wb") as file:
        file.write(content)


text("a.txt", b"rms = 1.0000 Jy\nlast (2, 3)\n")
for name, content, status, outcome, words in [
        ("the same text", b"rms = 1.0000 Jy\nlast (2, 3)\n", 0, "same", []),
        ("other blanks", b"rms=1.0000 Jy\n last (2,3)", 0, "same", []),
        ("a number", b"rms = 1.0001 Jy\nlast (2, 3)\n", 1, "differs", []),
        ("a number within", b"rms = 1.0001 Jy\nlast (2, 3)\n", 0, "within", ["-r", "1e-3"]),
        ("a word", b"rms = 1.0000 K\nlast (2, 3)\n", 1, "differs", ["-r", "1"]),
        ("more words", b"rms = 1.0000 Jy\nlast (2, 3)\nend\n", 1, "differs", ["-r", "1"]),
        ("nothing", b"", 1, "differs", []),
        ("bytes", b"rms = 1.0000 Jy\nlast (2, 3\0\n", 1, "differs", [])]:
    text("b.txt", content)
    check(name, "a.txt", "b.txt", status, outcome, *words)
check("no such file", "a.txt", "none", 2, None)
check("a file and a table", "a.txt", "a.ms", 2, None)
check("a tolerance below 0", "a.txt", "a.txt", 2, None, "-r", "-1")
done()
