# SPDX-License-Identifier: BSD-3-Clause
"""uvw.py SIMMS: what simms writes against what casacore computes from it (TAP).

Needs python3-casacore, which exists for the system's Python only; skips without it.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from tap import done, ok

try:
    import casacore.tables as tables
    import numpy as np
except ImportError:
    print("1..0 # SKIP no python3-casacore")
    sys.exit(0)

LAYOUT = """\
a 0 0 0
b 500 0 0
c 0 700 0
d -300 -900 5
e 4000 300 20
f -800 3500 10
"""
COMMON = ["--antenna-file", "layout.txt", "--coord-sys", "enu", "--lon-lat-elv", "21.44,-30.71,1050"]
CASES = {
    "meerkat": ["-t", "meerkat", "-d", "J2000,90deg,-45deg", "--synthesis", "1min"],
    "north": COMMON + ["-d", "J2000,3h20m0s,20d0m0s", "--synthesis", "8", "--dtime", "10min"],
    "early": COMMON + ["-d", "10deg,-60deg", "--date", "2019-07-01T03:00:00"],
    "fields": COMMON
    + ["-d", "10deg,-60deg", "-d", "12deg,-58deg", "--scan-length", "5min", "--scan-lag", "1min"]
    + ["--synthesis", "20min", "--pol", "RR RL LR LL", "--label", "target,calibrator"]
    + ["--auto-correlations", "--sefd", "400", "--nchan", "3", "--weight-spectrum"],
}


def table(ms, name=""):
    return tables.table(f"{ms}.ms" + ("::" + name if name else ""), ack=False)


def check_uvw(ms):
    """Assertion: |UVW - mscal.uvwj2000()| < 1e-4 m, |UVW| = |b| to 1e-9."""
    t = table(ms)
    got = t.getcol("UVW")
    want = tables.taql("select mscal.uvwj2000() as U from $t").getcol("U")
    off = np.abs(got - want).max()
    ok(off < 1e-4, f"{ms}: UVW is what casacore computes, {off:.1e} m")
    positions = table(ms, "ANTENNA").getcol("POSITION")
    b = positions[t.getcol("ANTENNA2")] - positions[t.getcol("ANTENNA1")]
    length = np.linalg.norm(b, axis=1)
    far = length > 0
    off = np.abs(np.linalg.norm(got, axis=1)[far] / length[far] - 1).max()
    ok(off < 1e-9, f"{ms}: UVW is as long as the baseline, {off:.1e}")


def check_times(ms, step, gaps):
    stamps = np.unique(table(ms).getcol("TIME"))
    ok(sorted(set(np.diff(stamps))) == [step] + gaps, f"{ms}: time stamps are {step} s apart")


def check_transit():
    """The middle of a track is the transit at the middle of the array."""
    import casacore.measures
    import casacore.quanta as quanta

    t = table("north")
    middle = np.unique(t.getcol("TIME")).mean()
    centre = table("north", "ANTENNA").getcol("POSITION").mean(axis=0)
    m = casacore.measures.measures()
    m.do_frame(m.position("ITRF", *[quanta.quantity(x, "m") for x in centre]))
    m.do_frame(m.epoch("UTC", quanta.quantity(middle / 86400, "d")))
    ha = m.measure(m.direction("J2000", "3h20m0s", "20deg"), "HADEC")["m0"]["value"]
    ok(abs(np.degrees(ha)) < 1e-3, f"north: the track is centred on transit, {np.degrees(ha):.1e} deg")


def check_fields():
    t = table("fields")
    ok(t.nrows() == 120 * 21, "fields: all rows, with autocorrelations")
    ok(list(np.unique(t.getcol("SCAN_NUMBER"))) == [1, 2, 3, 4], "fields: four scans")
    ok(list(t.getcol("FIELD_ID")[:: 30 * 21]) == [0, 1, 0, 1], "fields: the fields take turns")
    ok(table("fields", "FIELD").getcol("NAME") == ["target", "calibrator"], "fields: names")
    corrs = list(table("fields", "POLARIZATION").getcell("CORR_TYPE", 0))
    ok(corrs == [5, 6, 7, 8], "fields: circular correlations")
    ok(list(table("fields", "FEED").getcol("POLARIZATION_TYPE")["array"][:2]) == ["R", "L"],
       "fields: circular feeds")
    sigma = 400 / np.sqrt(2 * 1e6 * 10)
    ok(np.allclose(t.getcol("SIGMA"), sigma, rtol=1e-6), "fields: SIGMA of the SEFD")
    ok(np.allclose(t.getcol("WEIGHT"), sigma**-2, rtol=1e-6), "fields: WEIGHT of SIGMA")
    ok(np.allclose(t.getcol("WEIGHT_SPECTRUM"), sigma**-2, rtol=1e-6), "fields: WEIGHT_SPECTRUM")
    ok(not t.getcol("FLAG").any() and not t.getcol("DATA").any(), "fields: DATA is zero, not flagged")


def main(simms):
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        pathlib.Path("layout.txt").write_text(LAYOUT)
        for name, words in CASES.items():
            result = subprocess.run([simms, f"{name}.ms"] + words, stdout=subprocess.DEVNULL)
            ok(result.returncode == 0, f"{name}: simms")
            check_uvw(name)
        check_times("meerkat", 10, [])
        check_times("north", 600, [])
        check_times("fields", 10, [70])
        check_transit()
        check_fields()
        start = np.unique(table("early").getcol("TIME"))[0]
        ok(start == 58665 * 86400 + 3 * 3600 + 5, "early: starts at the date given")
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
