#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""fluxcheck and fitspicture end to end, on images made here. Arguments: the two programs."""
import json
import os
import struct
import subprocess
import sys
import tempfile

from tap import done, ok

try:
    import numpy as np
    from astropy.io import fits
    from astropy.wcs import WCS
except ImportError:
    print("ok 1 # SKIP python3-astropy is not installed\n1..1")
    sys.exit(0)

FLUXCHECK, FITSPICTURE = (os.path.abspath(path) for path in sys.argv[1:3])
SIDE, PIXEL, NOISE = 512, 3 / 3600, 70e-6
BEAM = (15.0, 10.0, 30.0)                      # arcsec, arcsec, degrees
# offsets from the centre in pixels, flux; the last two are close to each other
SOURCES = [(0, 0, 0.28), (100.3, -80.6, 0.02), (-150.2, 33.3, 0.05), (60.4, 120.1, 0.12),
           (66.4, 120.1, 0.04)]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def beam_at(x, y, narrower=1.0):
    """The beam, x to the west and y to the north in pixels."""
    sigma = np.array(BEAM[:2]) / 3600 / PIXEL / np.sqrt(8 * np.log(2)) / narrower
    angle = np.radians(BEAM[2])
    along = y * np.cos(angle) - x * np.sin(angle)
    across = -y * np.sin(angle) - x * np.cos(angle)
    return np.exp(-0.5 * ((along / sigma[0]) ** 2 + (across / sigma[1]) ** 2))


def header(projection):
    h = fits.Header()
    for axis, (ctype, value, step) in enumerate(
            [("RA---" + projection, 90.0, -PIXEL), ("DEC--" + projection, -45.0, PIXEL),
             ("FREQ", 755e6, 10e6), ("STOKES", 1.0, 1.0)], 1):
        h[f"CTYPE{axis}"], h[f"CRVAL{axis}"], h[f"CDELT{axis}"] = ctype, value, step
        h[f"CRPIX{axis}"] = SIDE / 2 + 1 if axis < 3 else 1.0
    h["BUNIT"], h["BMAJ"], h["BMIN"], h["BPA"] = "JY/BEAM", BEAM[0] / 3600, BEAM[1] / 3600, BEAM[2]
    return h


def make_image(path, projection):
    """Sources and noise that is correlated like the beam."""
    axis = np.fft.fftfreq(SIDE, 1 / SIDE)
    kernel = np.fft.fft2(beam_at(axis[None, :], axis[:, None], np.sqrt(2)))
    noise = np.fft.ifft2(np.fft.fft2(np.random.default_rng(5).normal(size=(SIDE, SIDE))) * kernel)
    image = noise.real / noise.real.std() * NOISE
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for dx, dy, flux in SOURCES:
        image += flux * beam_at(x - SIDE / 2 - dx, y - SIDE / 2 - dy)
    fits.PrimaryHDU(image[None, None].astype("f4"), header(projection)).writeto(path)


def make_catalogue(path, projection):
    h = header(projection)
    wcs = WCS(h, naxis=2)
    with open(path, "w") as out:
        for dx, dy, flux in SOURCES:
            ra, dec = wcs.wcs_pix2world(SIDE / 2 + dx, SIDE / 2 + dy, 0)
            out.write(f"{float(ra):.9f} {float(dec):.9f} {flux}\n")


def check_fluxes(projection):
    make_image(f"{projection}.fits", projection)
    make_catalogue(f"{projection}.txt", projection)
    for shape in [], ["--free-shape"]:
        got = run(FLUXCHECK, "--json", "-c", f"{projection}.txt", "--expected-noise", str(NOISE),
                  *shape, f"{projection}.fits")
        report = json.loads(got.stdout) if got.returncode == 0 else {"sources": [], "images": []}
        cells = [source["images"][0] for source in report["sources"]]
        name = f"{projection}{' with free shape' if shape else ''}"
        ok(len(cells) == len(SOURCES) and
           all(abs(c["flux"] - c["catalogue_flux"]) < (15 if shape else 4.5) * c["flux_error"]
               for c in cells),
           f"{name}: fluxes within their errors", got.stderr + got.stdout)
        ok(cells and all(c["offset"] < (8 if shape else 4) * c["offset_error"] for c in cells),
           f"{name}: positions within their errors", got.stdout)
        ok(report["images"] and abs(report["images"][0]["noise_ratio"] - 1) < 0.03,
           f"{name}: noise", got.stdout)


def check_assertions():
    base = [FLUXCHECK, "-c", "SIN.txt", "SIN.fits"]
    ok(run(*base, "--max-flux-error", "0.05", "--max-offset", "0.5").returncode == 0,
       "assertions that hold")
    for words, text in ((["--max-flux-error", "1e-6"], "flux of source 1"),
                        (["--max-offset", "1e-6"], "is off by"),
                        (["--max-noise-error", "0.1", "--expected-noise", "1e-6"], "noise differs")):
        got = run(*base, *words)
        ok(got.returncode == 1 and text in got.stderr, f"{words[0]} that does not hold", got.stderr)
    ok(run(*base, "--max-offset", "1e-6", "--min-snr", "1e9").returncode == 0,
       "--min-snr exempts faint sources")
    ok(run(*base, "-o", "report.json").returncode == 0 and
       len(json.load(open("report.json"))["sources"]) == len(SOURCES), "--output writes JSON")
    got = run(*base, "-o", "no/report.json")
    ok(got.returncode == 1 and "no/report.json" in got.stderr, "--output without a place", got.stderr)
    with open("two.txt", "w") as out:
        out.write("90.0 -45.0 0.28\n10.0 40.0 0.1\n")
    got = run(FLUXCHECK, "-c", "two.txt", "SIN.fits")
    ok(got.returncode == 0 and "outside" in got.stdout, "a source outside", got.stderr)
    with open("none.txt", "w") as out:
        out.write("10.0 40.0 0.1\n")
    got = run(FLUXCHECK, "-c", "none.txt", "SIN.fits")
    ok(got.returncode == 0 and "warning: SIN.fits: no source of none.txt" in got.stderr,
       "all sources outside are a warning", got.stderr)
    got = run(FLUXCHECK, "-c", "none.txt", "SIN.fits", "--max-offset", "1")
    ok(got.returncode == 1 and "no source of none.txt" in got.stderr,
       "and let no assertion hold", got.stderr)


def check_recentring():
    """The same catalogue turned to another place, and back by the options."""
    made = run(FLUXCHECK, "--json", "-c", "SIN.txt", "--recenter-from", "J2000,90deg,-45deg",
               "--recenter-to", "J2000,0deg,-30deg", "SIN.fits")
    moved = json.loads(made.stdout)["sources"]
    with open("moved.txt", "w") as out:
        for source, (_, _, flux) in zip(moved, SOURCES):
            out.write(f"{source['ra']:.9f} {source['dec']:.9f} {flux}\n")
    got = run(FLUXCHECK, "-c", "moved.txt", "--recenter-from", "J2000,0deg,-30deg", "SIN.fits",
              "--max-offset", "0.2")
    ok(got.returncode == 0, "moved and moved back", got.stderr)


def check_usage():
    for words, status, text in (
            ([], 2, "which catalogue"), (["-c", "SIN.txt"], 2, "which image"),
            (["-c", "SIN.txt", "no.fits"], 1, "no.fits"), (["-c", "no.txt", "SIN.fits"], 1, "no.txt"),
            (["-c", "SIN.txt", "SIN.txt"], 1, "not a FITS file"),
            (["-c", "SIN.txt", "--sefd", "831", "SIN.fits"], 2, "--nant"),
            (["-c", "SIN.txt", "--max-noise-error", "1", "SIN.fits"], 2, "--expected-noise"),
            (["--catalouge", "SIN.txt", "SIN.fits"], 2, "--catalogue")):
        got = run(FLUXCHECK, *words)
        ok(got.returncode == status and text in got.stderr, f"fluxcheck {' '.join(words)}", got.stderr)


def png_size(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:24])


def check_pictures():
    got = run(FITSPICTURE, "SIN.fits", "TAN.fits")
    ok(got.returncode == 0 and got.stdout == "SIN.png\nTAN.png\n", "pictures", got.stderr)
    ok(png_size("SIN.png")[0] == 1100 and 800 < png_size("SIN.png")[1] < 1100, "size of a picture")
    got = run(FITSPICTURE, "-q", "-o", "x.png", "--size", "800x600", "--mark", "SIN.txt",
              "--mark-names", "--centre", "J2000,90.1deg,-45.05deg", "--radius", "5arcmin",
              "--cmap", "cubehelix-r", "--stretch", "sqrt", "--percentile", "99.5", "--no-grid",
              "SIN.fits")
    ok(got.returncode == 0 and got.stdout == "" and png_size("x.png") == (800, 600),
       "a picture with all options", got.stderr)
    fits.PrimaryHDU(np.full((64, 64), np.nan, "f4"), header("SIN")).writeto("blank.fits")
    fits.PrimaryHDU(np.arange(4096, dtype="i2").reshape(64, 64)).writeto("plain.fits")
    with open("SIN.fits", "rb") as whole, open("cut.fits", "wb") as cut:
        cut.write(whole.read()[:200000])
    ok(run(FITSPICTURE, "plain.fits").returncode == 0, "an image without coordinates")
    before = set(os.listdir("."))
    for words, status, text in (
            (["blank.fits"], 1, "every pixel is blank"), (["no.fits"], 1, "no.fits"),
            (["SIN.txt"], 1, "not a FITS file"), (["cut.fits"], 1, "cut.fits"), (["."], 1, "."),
            (["SIN.fits[1:2,1:2]"], 1, "SIN.fits[1:2,1:2]"),
            (["-o", "no/dir.png", "SIN.fits"], 1, "no/dir.png"),
            (["--centre", "J2000,0deg,0deg", "--radius", "1arcmin", "SIN.fits", "-o", "y.png"], 1,
             "no pixel of the image"),
            (["--mark", "no.txt", "SIN.fits", "-o", "y.png"], 1, "no.txt"),
            (["--mark", "SIN.txt", "plain.fits", "-o", "y.png"], 1, "sky coordinates"),
            (["-o", "/dev/full/x.png", "SIN.fits"], 1, "/dev/full"),
            ([], 2, "which image"), (["-o", "y.png", "SIN.fits", "TAN.fits"], 2, "one image"),
            (["--cmap", "dsuk", "SIN.fits"], 2, "dusk"), (["--size", "12", "SIN.fits"], 2, "--size"),
            (["--width", "0", "SIN.fits"], 2, "pixels"), (["--width", "40", "SIN.fits"], 1, "larger"),
            (["--zoom", "0", "SIN.fits"], 2, "1 or more"),
            (["--percentile", "101", "SIN.fits"], 2, "100 at most"),
            (["--stretch", "lin", "SIN.fits"], 2, "stretch")):
        got = run(FITSPICTURE, *words)
        ok(got.returncode == status and text in got.stderr and got.stdout == "",
           f"fitspicture {' '.join(words)}", f"{got.returncode} {got.stderr}")
    ok(set(os.listdir(".")) == before, "failures leave nothing behind",
       set(os.listdir(".")) - before)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    check_fluxes("SIN")
    check_fluxes("TAN")
    check_assertions()
    check_recentring()
    check_usage()
    check_pictures()
    os.chdir("/")
sys.exit(done())
