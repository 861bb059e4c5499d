# SPDX-License-Identifier: BSD-3-Clause
"""demo.py SPOOR FLUXCHECK RECIPES: the demo as a newcomer runs it, judged against theory (TAP).

All 17 sources in all three images: fluxes and positions, noise against the radiometer equation,
order of beams and noises (spec cargo.md 7, assertion 5). Skips without wsclean.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from tap import done, ok

if not shutil.which("wsclean"):
    print("1..0 # SKIP no wsclean")
    sys.exit(0)

SPOOR, FLUXCHECK, RECIPES = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:4])
SOURCES = 17


def check_run():
    result = subprocess.run([SPOOR, "run", f"{RECIPES}/demo.yml"], capture_output=True, text=True)
    if not ok(result.returncode == 0, "the demo runs", result.stdout[-4000:] + result.stderr[-4000:]):
        sys.exit(done())
    ok("run successful after" in result.stdout and "\033" not in result.stdout,
       "plain lines when not on a terminal")
    ok("17 of 17 sources measured" in result.stdout, "it prints the table of the sources")
    status = json.loads(subprocess.run([SPOOR, "status", "--json"], capture_output=True,
                                       text=True, check=True).stdout)
    ok(status["state"] == "done" and status["done"] == 9, "nine tool runs are in the journal")
    for robust in ("2", "0", "-2"):
        png = pathlib.Path(f"meerkat-robust{robust}.png").read_bytes()
        width = int.from_bytes(png[16:20], "big") if png[:8] == b"\x89PNG\r\n\x1a\n" else 0
        ok(width >= 1000 and len(png) > 100000, f"picture of robust {robust}: {width} pixels wide")
    return status["outputs"]["images"]


def check_images(images):
    result = subprocess.run([FLUXCHECK, "--json", "--catalogue", f"{RECIPES}/nvss-1deg.txt",
                             "--field-center", "J2000,0deg,-30deg", "--ms", "meerkat.ms",
                             "--sefd", "831", *images], capture_output=True, text=True)
    ok(result.returncode == 0, "fluxcheck judges the images")
    report = json.loads(result.stdout)
    beams, noises = [], []
    for number, image in enumerate(report["images"]):
        name = image["path"]
        sources = [s["images"][number] for s in report["sources"]]
        found = [s for s in sources if s["state"] == "measured"]
        ok(len(found) == SOURCES, f"{name}: all {SOURCES} sources")
        strong = [s for s in found if s["snr"] > 100]
        worst = max(abs(s["ratio"] - 1) for s in strong)
        ok(worst < 0.015, f"{name}: fluxes within 1.5 % where S/N > 100 (worst {worst:.4f})")
        mean = sum(s["ratio"] for s in strong) / len(strong)
        ok(abs(mean - 1) < 0.005, f"{name}: mean flux ratio within 0.5 % ({mean:.4f})")
        far = max(s["offset"] for s in strong)
        allowed = 0.3 if image["beam"]["major"] > 30 else 0.1
        ok(far < allowed, f"{name}: positions within {allowed} arcsec (worst {far:.3f})")
        ratio = image["noise_ratio"]
        ok(abs(ratio - 1) < 0.1,
           f"{name}: noise within 10 % of the radiometer equation ({ratio:.3f})")
        beams.append(image["beam"]["major"])
        noises.append(image["noise"])
    ok(beams[0] > beams[1] > beams[2], f"beams get smaller from robust 2 to -2: {beams}")
    ok(noises[0] < noises[1] < noises[2], "and the noise rises")


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        check_images(check_run())
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main())
