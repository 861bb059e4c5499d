# SPDX-License-Identifier: BSD-3-Clause
"""outputs.py SPOOR: what WSClean and TaQL write is what their cabs declare, so that all of it is kept
and brought back, and files of another setting go away (TAP)."""
import pathlib
import shutil
import sys
import tempfile

from tap import done, ok
from workspace import Workspace

SPOOR = str(pathlib.Path(sys.argv[1]).resolve())

SETTINGS = {
    "one": "niter=5",
    "dirty": "pol=I",
    "psf": "make-psf=true pol=V",
    "list": "niter=5 save-source-list=true",
    "bands": "niter=5 channels-out=2 save-source-list=true",
    "stokes": "niter=5 pol=IQUV",
    "stokes-bands": "niter=5 pol=IQ channels-out=2 no-dirty=true",
    "small": "pol=iq",
    "no-i": "niter=5 pol=QU",
    "linear": "niter=5 pol=XX,YY",
    # WSClean 3.1 cannot do these with its w-gridder.
    "cross": "niter=5 pol=XX,XY,YX,YY join-polarizations=true use-wgridder=false",
    "times": "niter=5 intervals-out=2 save-source-list=true",
    "all": "niter=5 intervals-out=2 channels-out=2 pol=IQUV",
}
COMMON = "ms: [s.ms], size: 32, scale: 60asec, threads: 1, mem: 20"


def step(name, prefix, settings):
    words = "".join(", " + word.replace("=", ": ", 1).replace("XX,", "'XX,").replace("YY", "YY'")
                    for word in settings.split())
    return f"    {name}: {{cab: image, params: {{{COMMON}, prefix: {prefix}{words}}}}}\n"


RECIPE = """
_include: [(spoor)simms.yml, (spoor)simulator.yml, (spoor)wsclean.yml, (spoor)taql.yml]
cabs:
  image:
    _use: cabs.wsclean
    inputs: {join-polarizations: {dtype: bool}}
make:
  steps:
    simms:
      cab: simms
      params: {msname: s.ms, antenna_file: antennas.txt, coord_sys: enu, lon_lat_elv: '21.44deg,-30.71deg,1050m',
               telescope: test, direction: 'J2000,90deg,-45deg', synthesis: 60s, dtime: 10s, nchan: 4, dfreq: 10MHz}
    fill: {cab: simulator, params: {msname: s.ms, skymodel: sky.txt}}
each:
  steps:
""" + "".join(step(name, name, settings) for name, settings in SETTINGS.items()) + """
again:
  inputs: {bands: int = 2, pol: str = IQ}
  steps:
""" + step("image", "again", "channels-out==recipe.bands pol==recipe.pol").replace("=recipe.pol", "'=recipe.pol'") \
    + step("beside", "again-more", "channels-out=3 pol=IQUV")

RECIPE += """
part:
  backend: {select: native}
  steps: {copy: {cab: taql, params: {command: select from s.ms limit 5 giving part.tab}}}
part-named: {steps: {copy: {cab: taql, params: {command: select from s.ms limit 5 giving part.tab, table: part.tab}}}}
"""

FILES = {
    "r.yml": RECIPE,
    "antennas.txt": "a 0 0 0\nb 500 0 0\nc 0 700 0\nd -300 -900 5\ne 200 350 0\nf -600 100 0\n",
    "sky.txt": "90.0 -45.0 2.0\n",
}


def files_of(ws, start):
    return sorted(p.name for p in ws.path.glob(f"{start}-*.*") if p.is_file())


def made(ws, name):
    """Paths that the newest run's journal says the step has left."""
    for event in ws.events():
        if event["event"] == "step-versions" and event["step"].split(".", 1)[1] == name:
            return sorted({o["path"] for o in event["outputs"] if o["kind"] == "file"})
    return None


def main():
    with tempfile.TemporaryDirectory() as scratch:
        ws = Workspace(SPOOR, scratch + "/w", FILES)
        ok(ws.run("make") == ["simms", "fill"], "a Measurement Set", ws.said)
        ok(ws.run("each") == list(SETTINGS), "images of many kinds", ws.said)
        others = {"stokes": ("stokes-bands",)}
        for name, settings in SETTINGS.items():
            there = [f for f in files_of(ws, name) if not f.startswith(others.get(name, ()) or "?")]
            ok(there and made(ws, name) == there, f"{settings}: {len(there)} files, all declared",
               f"{made(ws, name)}\n{there}")
        ws.run("again", "bands=4", "pol=IQUV")
        many = files_of(ws, "again")
        ws.run("again", "bands=2", "pol=IQ")
        few = files_of(ws, "again")
        ok(len([f for f in few if "more" not in f]) == 12 and len([f for f in few if "more" in f]) == 32,
           "fewer bands and polarisations: what is too many goes, what another step has made stays", few)
        ok(ws.run("again", "bands=4", "pol=IQUV") == [] and files_of(ws, "again") == many,
           "all come back, nothing runs", ws.said)
        ok(ws.run("again", "bands=2", "pol=IQ") == [] and files_of(ws, "again") == few,
           "and go again", files_of(ws, "again"))
        for recipe, runs in (("part", [["copy"], ["copy"]]), ("part-named", [["copy"], []])):
            ran = []
            for _ in runs:
                shutil.rmtree(ws / "part.tab", ignore_errors=True)
                ran.append(ws.run(recipe))
            ok(ran == runs and (ws / "part.tab/table.dat").is_file(),
               f"{recipe}: a table that TaQL makes is there after each run", f"{ran}\n{ws.said}")
    return done()


sys.exit(main())
