# SPDX-License-Identifier: BSD-3-Clause
"""imaging.py SPOOR: what WSClean sees of simulated data, against theory (TAP).

A noise-free dirty image has the flux at the source's pixel, the wrong sign of the phase moves the
source, subtracting the model leaves nothing, a noise image has the noise of the radiometer equation, and a fully flagged Measurement Set
fails the step although WSClean exits 0 (spec cargo.md 7: assertions 3, 4, 13). Skips without
wsclean, casacore or astropy.
"""
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from tap import done, ok

try:
    import casacore.tables as tables
    import numpy as np
    from astropy.io import fits
except ImportError:
    print("1..0 # SKIP no python3-casacore or python3-astropy")
    sys.exit(0)
if not shutil.which("wsclean"):
    print("1..0 # SKIP no wsclean")
    sys.exit(0)

SPOOR = str(pathlib.Path(sys.argv[1]).resolve())
RA0, DEC0 = math.radians(90), math.radians(-45)
SIZE, SCALE = 512, math.radians(6 / 3600)
ANTENNAS, TIMES, DT, CHANNELS, DF = 64, 6, 60, 4, 1e6
SEFD = 831.0


def spoor(*words):
    return subprocess.run([SPOOR, "run", "-q", *words], capture_output=True, text=True)


def need(result):
    if result.returncode != 0:
        print(f"Bail out! {' '.join(result.args)}\n{result.stdout}{result.stderr}")
        sys.exit(1)


def direction(l, m):
    """RA and Dec in degrees of direction cosines (SIN projection)."""
    n = math.sqrt(1 - l * l - m * m)
    dec = math.asin(m * math.cos(DEC0) + n * math.sin(DEC0))
    ra = RA0 + math.atan2(l, n * math.cos(DEC0) - m * math.sin(DEC0))
    return math.degrees(ra), math.degrees(dec)


def pixel(x, y):
    """Direction of a pixel (from 0), WSClean's reference pixel being SIZE/2."""
    return direction(-(x - SIZE // 2) * SCALE, (y - SIZE // 2) * SCALE)


def make(ms):
    need(spoor("simms", f"msname={ms}", "telescope=meerkat", "direction=J2000,90deg,-45deg",
               f"synthesis={TIMES * DT}s", f"dtime={DT}s", "freq0=750MHz", f"dfreq={DF / 1e6}MHz",
               f"nchan={CHANNELS}"))


def image(ms, prefix, *words):
    result = spoor("wsclean", f"ms=[{ms}]", f"prefix={prefix}", f"size={SIZE}", "scale=6asec",
                   "weight=natural", *words)
    need(result)
    with fits.open(f"{prefix}-dirty.fits") as hdus:
        return hdus[0].data[0, 0].astype(float)


def test_flux():
    x, y, flux = 180, 300, 1.7
    ra, dec = pixel(x, y)
    pathlib.Path("one.txt").write_text(f"{ra:.12f} {dec:.12f} {flux}\n")
    make("one.ms")
    need(spoor("simulator", "msname=one.ms", "skymodel=one.txt"))
    dirty = image("one.ms", "one", "niter=0", "wgridder-accuracy=1e-6")
    at = np.unravel_index(np.argmax(dirty), dirty.shape)
    ok(at == (y, x), f"the source is at its pixel: {at}, expected {(y, x)}")
    error = abs(dirty[y, x] / flux - 1)
    ok(error < 1e-5, f"the dirty image has its flux there: relative error {error:.1e} < 1e-5")


def test_residual():
    """Noise-free data less their own model leave nothing to image."""
    need(spoor("simulator", "msname=one.ms", "skymodel=one.txt", "mode=subtract"))
    peak = abs(image("one.ms", "nothing", "niter=0")).max()
    ok(peak < 1e-6, f"noise-free residual: peak {peak:.1e} Jy of 1.7 Jy < 1e-6")
    need(spoor("simulator", "msname=one.ms", "skymodel=one.txt"))


def test_wrong_sign():
    """Conjugating the data is the wrong sign of the phase: the source must move to its mirror."""
    with tables.table("one.ms", readonly=False, ack=False) as t:
        t.putcol("DATA", np.conj(t.getcol("DATA")))
    dirty = image("one.ms", "wrong", "niter=0")
    at = np.unravel_index(np.argmax(dirty), dirty.shape)
    mirror = (SIZE - 300, SIZE - 180)
    ok(max(abs(at[0] - mirror[0]), abs(at[1] - mirror[1])) <= 1,
       f"the wrong sign mirrors the source: {at}")


def test_noise():
    make("noise.ms")
    pathlib.Path("none.txt").write_text("90 -45 0\n")
    need(spoor("simulator", "msname=noise.ms", "skymodel=none.txt", "addnoise=true",
               f"sefd={SEFD}", "seed=7"))
    with tables.table("noise.ms", ack=False) as t:
        data = t.getcol("DATA")
    sigma = SEFD / math.sqrt(2 * DF * DT)
    for name, part in (("real", data.real), ("imaginary", data.imag)):
        # The statistical error of a standard deviation of n samples is 1/sqrt(2 n); 4 of those.
        allowed = max(1e-3, 4 / math.sqrt(2 * part.size))
        ratio = part.std() / sigma
        ok(abs(ratio - 1) < allowed,
           f"noise of the {name} parts: {ratio:.5f} of theory, allowed {allowed:.5f}")
    # The expected image noise: SEFD / (2 sqrt(baselines x time x bandwidth)), two parallel hands.
    baselines = ANTENNAS * (ANTENNAS - 1) / 2
    expected = SEFD / (2 * math.sqrt(baselines * TIMES * DT * CHANNELS * DF))
    rms = image("noise.ms", "noise", "niter=0").std()
    beams = SIZE * SIZE / (1.133 * (60 / 6) * (45 / 6))
    allowed = max(0.03, 3 / math.sqrt(2 * beams))
    ok(abs(rms / expected - 1) < allowed,
       f"image noise {rms * 1e6:.1f} uJy, theory {expected * 1e6:.1f}, allowed {allowed:.3f}")


def test_flagged():
    with tables.table("noise.ms", readonly=False, ack=False) as t:
        t.putcol("FLAG", np.ones_like(t.getcol("FLAG")))
    result = spoor("wsclean", "ms=[noise.ms]", "prefix=flagged", f"size={SIZE}", "scale=6asec",
                   "weight=natural", "niter=10")
    text = result.stdout + result.stderr
    ok(result.returncode == 1, f"a fully flagged MS fails the step: exit {result.returncode}")
    ok("NaN" in text and "flagged" in text, "and the message says that all pixels are NaN")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        test_flux()
        test_residual()
        test_wrong_sign()
        test_noise()
        test_flagged()
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main())
