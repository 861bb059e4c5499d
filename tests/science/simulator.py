# SPDX-License-Identifier: BSD-3-Clause
"""simulator.py SIMULATOR SIMMS: visibilities and noise in a Measurement Set against theory (TAP).

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

SIMULATOR, SIMMS = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
C = 299792458.0
ANTENNAS = "a 0 0 0\nb 500 0 0\nc 0 700 0\nd -300 -900 5\ne 4000 300 20\nf -800 3500 10\n"
# ra dec I Q U V spi freq0 major minor pa: name
SOURCES = [
    (90.30, -45.20, 1.5, 0.2, -0.1, 0.05, -0.7, 1e9, 0, 0, 0),
    (89.60, -44.90, 0.5, 0, 0, 0, 0, 1e9, 0, 0, 0),
    (90.05, -45.40, 2.0, 0, 0, 0, 0.3, 0.8e9, 25, 10, 30),
]


def run(*words):
    result = subprocess.run([SIMULATOR, *words], capture_output=True, text=True)
    if result.returncode != 0:
        print("# " + result.stderr.strip())
    return result.returncode == 0


def make_ms(name, *more):
    subprocess.run([SIMMS, name, "--antenna-file", "antennas.txt", "--coord-sys", "enu", "--lon-lat-elv",
                    "21.44deg,-30.71deg,1050m", "--freq0", "750MHz", "--dfreq", "1MHz", *more],
                   check=True, capture_output=True)


def column(ms, name):
    with tables.table(ms, ack=False) as t:
        return t.getcol(name)


def reference(ms, sources, centre, circular=False):
    """The measurement equation, written down in double."""
    uvw = column(ms, "UVW")
    freq = column(ms + "/SPECTRAL_WINDOW", "CHAN_FREQ")[0]
    out = np.zeros((len(uvw), len(freq), 4), complex)
    a0, d0 = np.radians(centre)
    for ra, dec, i, q, u, v, spi, f0, major, minor, pa in sources:
        a, d = np.radians([ra, dec])
        l = np.cos(d) * np.sin(a - a0)
        m = np.sin(d) * np.cos(d0) - np.cos(d) * np.sin(d0) * np.cos(a - a0)
        n1 = -(l * l + m * m) / (1 + np.sqrt(1 - l * l - m * m))
        north = np.arctan2(-np.sin(d) * np.sin(a - a0),
                           np.sin(d) * np.sin(d0) * np.cos(a - a0) + np.cos(d) * np.cos(d0))
        angle = np.radians(pa) + north
        scale = freq[None, :] / C
        phase = (uvw @ [l, m, n1])[:, None] * scale
        uu, vv = uvw[:, 0:1] * scale, uvw[:, 1:2] * scale
        one, two = np.radians([major / 3600, minor / 3600])
        envelope = np.exp(-np.pi**2 / (4 * np.log(2)) * (
            (one * (uu * np.sin(angle) + vv * np.cos(angle)))**2
            + (two * (uu * np.cos(angle) - vv * np.sin(angle)))**2))
        k = np.exp(2j * np.pi * phase) * envelope * (freq / f0)**spi
        hands = (i + v, q + 1j * u, q - 1j * u, i - v) if circular else (i + q, u + 1j * v, u - 1j * v, i - q)
        for c in range(4):
            out[:, :, c] += hands[c] * k
    return out


def write_sky(name, sources):
    pathlib.Path(name).write_text("".join(" ".join(map(str, s)) + "\n" for s in sources))


def test_model():
    make_ms("a.ms", "-d", "J2000,90deg,-45deg", "--nchan", "70", "--synthesis", "10min")
    write_sky("sky.txt", SOURCES)
    flux = sum(abs(x) for s in SOURCES for x in s[2:6])
    want = reference("a.ms", SOURCES, (90, -45))
    ok(run("a.ms", "-s", "sky.txt") and np.abs(column("a.ms", "DATA") - want).max() < 2e-6 * flux,
       "linear feeds: I Q U V, spectra, Gaussians")
    ok(np.abs(np.conj(column("a.ms", "DATA")) - want).max() > 0.1 * flux, "the other sign of the phase is wrong")
    first = column("a.ms", "DATA")
    for words in (["--threads", "1", "--tile-size", "7"], ["--threads", "5", "--tile-size", "1KiB"],
                  ["--threads", "3", "--tile-size", "100"]):
        ok(run("a.ms", "-s", "sky.txt", *words) and np.array_equal(column("a.ms", "DATA"), first),
           f"the same bits with {' '.join(words)}")
    ok(run("a.ms", "-s", "sky.txt", "--mode", "subtract") and not column("a.ms", "DATA").any(),
       "subtracting the model leaves nothing")
    ok(run("a.ms", "-s", "sky.txt", "--mode", "add", "--column", "MODEL_DATA", "--input-column", "DATA")
       and np.array_equal(column("a.ms", "MODEL_DATA"), first), "adding to another column")


def test_circular():
    make_ms("c.ms", "-d", "J2000,90deg,-45deg", "--nchan", "3", "--synthesis", "1min", "--pol", "RR RL LR LL")
    flux = sum(abs(x) for s in SOURCES for x in s[2:6])
    ok(run("c.ms", "-s", "sky.txt")
       and np.abs(column("c.ms", "DATA") - reference("c.ms", SOURCES, (90, -45), True)).max() < 2e-6 * flux,
       "circular feeds")


def test_recentre():
    moved = [(s[0] - 90, s[1] + 45) + s[2:8] + (0, 0, 0) for s in SOURCES]
    write_sky("zero.txt", moved)
    make_ms("z.ms", "-d", "J2000,0deg,0deg", "--nchan", "3", "--synthesis", "1min")
    make_ms("f.ms", "-d", "J2000,40deg,-30deg", "-d", "J2000,42deg,-31deg", "--nchan", "3",
            "--scan-length", "1min", "--synthesis", "2min")
    ok(run("f.ms", "-s", "zero.txt", "--field-center", "J2000,0deg,0deg"), "two fields, the model moved to each")
    uvw = column("f.ms", "UVW")
    field = column("f.ms", "FIELD_ID")
    # In the frame of each field the model is where it was in its own.
    want = reference("f.ms", moved, (0, 0))
    ok(len(set(field)) == 2 and len(uvw) == len(want)
       and np.abs(column("f.ms", "DATA") - want).max() < 2e-6 * 4.35, "and there it is in both")
    before = column("f.ms", "DATA")
    ok(run("f.ms", "-s", "zero.txt", "--recenter", "--field-id", "1", "--mode", "subtract",
           "--field-center", "J2000,0deg,0deg"), "one field only")
    after = column("f.ms", "DATA")
    ok(np.array_equal(after[field == 0], before[field == 0]) and not after[field == 1].any(),
       "the other field is untouched")


def test_noise():
    make_ms("n.ms", "-d", "J2000,90deg,-45deg", "--nchan", "256", "--synthesis", "30min")
    ok(run("n.ms", "--addnoise", "--sefd", "831", "--seed", "3"), "noise alone")
    data = column("n.ms", "DATA")
    values = np.concatenate([data.real.ravel(), data.imag.ravel()])
    sigma = 831 / np.sqrt(2 * 1e6 * 10)
    ok(abs(values.std() / sigma - 1) < 1e-3, f"deviation {values.std():.6f}, theory {sigma:.6f}")
    ok(abs(values.mean()) < 5 * sigma / np.sqrt(values.size), f"mean {values.mean():.2e}")
    ok(np.allclose(column("n.ms", "SIGMA"), sigma) and np.allclose(column("n.ms", "WEIGHT"), sigma**-2),
       "SIGMA and WEIGHT are set")
    run("n.ms", "--addnoise", "--sefd", "831", "--seed", "3", "--threads", "1", "--tile-size", "33",
        "--kernel", "generic")
    ok(np.array_equal(column("n.ms", "DATA"), data), "the same noise for any threads, tiles and kernel")
    run("n.ms", "--addnoise", "--sefd", "831", "--seed", "4")
    ok(not np.array_equal(column("n.ms", "DATA"), data), "another seed, another noise")


def test_gains():
    write_sky("point.txt", [(90, -45, 1, 0, 0, 0, 0, 1e9, 0, 0, 0)])
    ok(run("n.ms", "-s", "point.txt", "--Gjones", "--gain-max-error", "0.2", "--phase-max-error", "40deg",
           "--gain-min-period", "20min", "--gain-max-period", "40min"), "gain errors")
    data = column("n.ms", "DATA")[:, 0, :]
    a1, a2, t = (column("n.ms", c) for c in ("ANTENNA1", "ANTENNA2", "TIME"))
    # Closure: a point at the centre has V_ab V_bc conj(V_ac) real for gains by antenna.
    now = t == t[0]
    v = {(p, q): x for p, q, x in zip(a1[now], a2[now], data[now, 0])}
    closure = v[0, 1] * v[1, 2] * np.conj(v[0, 2])
    ok(abs(np.angle(closure)) < 1e-5, f"the phases close: {np.angle(closure):.1e}")
    ok(0.01 < np.abs(np.abs(data[:, 0]) - 1).max() < 0.45 and np.abs(np.angle(data[:, 0])).max() > 0.1,
       "amplitudes and phases are in error")
    run("n.ms", "-s", "point.txt", "--Gjones", "--gain-max-error", "0.2", "--phase-max-error", "40deg",
        "--gain-min-period", "20min", "--gain-max-period", "40min", "--threads", "1", "--tile-size", "17")
    ok(np.array_equal(column("n.ms", "DATA")[:, 0, :], data), "the same gains for any threads and tiles")


def test_smearing():
    write_sky("off.txt", [(91.2, -45.5, 1, 0, 0, 0, 0, 1e9, 0, 0, 0)])
    make_ms("s.ms", "-d", "J2000,90deg,-45deg", "--synthesis", "2min", "--dtime", "10s")
    make_ms("fine.ms", "-d", "J2000,90deg,-45deg", "--synthesis", "2min", "--dtime", "0.5s")
    ok(run("s.ms", "-s", "off.txt", "--smearing") and run("fine.ms", "-s", "off.txt"), "time smearing")
    fine = column("fine.ms", "DATA")[:, 0, 0]
    uvw = column("s.ms", "UVW")
    nbl = 15
    mean = fine.reshape(-1, 20, nbl).mean(axis=1).ravel()
    a, d, d0 = np.radians(1.2), np.radians(-45.5), np.radians(-45)
    l = np.cos(d) * np.sin(a)
    m = np.sin(d) * np.cos(d0) - np.cos(d) * np.sin(d0) * np.cos(a)
    n1 = np.sqrt(1 - l * l - m * m) - 1
    mean *= np.sinc(uvw @ [l, m, n1] / C * 1e6)
    error = np.abs(column("s.ms", "DATA")[:, 0, 0] - mean).max()
    ok(error < 2e-4, f"against an MS of 20 times shorter integrations: {error:.1e}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("antennas.txt").write_text(ANTENNAS)
        for test in (test_model, test_circular, test_recentre, test_noise, test_gains, test_smearing):
            test()
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main())
