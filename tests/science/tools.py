# SPDX-License-Identifier: BSD-3-Clause
"""tools.py SPOOR: the tools of other people, run by recipes on a small simulated Measurement Set (TAP).

Every flavour of cab takes part: binaries, a Python function in a file, inline Python code whose numbers
go into the formula of a later step, and a CASA task, for which a script stands in that shows its words.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

from tap import done, ok

SPOOR = str(pathlib.Path(sys.argv[1]).resolve())

FILES = {
    "antennas.txt": "a 0 0 0\nb 500 0 0\nc 0 700 0\nd -300 -900 5\ne 200 350 0\nf -600 100 0\n",
    "sky.txt": "90.0 -45.0 2.0\n",
    "stats.py": '''
from casacore.tables import table

def mean_amplitude(ms, column):
    """Mean of |XX| over all rows and channels."""
    with table(ms, ack=False) as rows:
        return abs(rows.getcol(column)[..., 0]).mean()
''',
    "recipe.yml": r'''
_include:
  - (spoor)simms.yml
  - (spoor)simulator.yml
  - (spoor)wsclean.yml
  - (spoor)aoflagger.yml
  - (spoor)taql.yml
cabs:
  amplitude:
    info: Mean amplitude of a column.
    command: (stats.py)mean_amplitude
    flavour: {kind: python, output: mean, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true}, column: str = DATA}
    outputs: {mean: float}
  shape:
    command: |
      from casacore.tables import table
      with table(ms, ack=False) as rows:
          count = rows.nrows()
          flagged = rows.getcol('FLAG').mean()
          nothing = float('nan')
    flavour: {kind: python-code, interpreter_binary: /usr/bin/python3}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {count: int, flagged: float, nothing: float}
  clip:
    command: flagdata
    flavour: {kind: casa-task, path: ./casa, wrapper: ''}
    inputs: {vis: {dtype: MS, required: true}, clipminmax: 'List[float]', savepars: bool, comment: str}
real:
  inputs:
    ms: {dtype: str, default: obs.ms}
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
    fill: {cab: simulator, params: {msname: =recipe.ms, skymodel: sky.txt, column: DATA}}
    before: {cab: amplitude, params: {ms: =recipe.ms}}
    double:
      cab: taql.update
      params: {ms: =recipe.ms, commands: ['set DATA = DATA *', '{steps.before.mean}']}
    after: {cab: amplitude, params: {ms: =recipe.ms}}
    flag: {cab: aoflagger, params: {ms: ['=recipe.ms'], read-mode: memory, threads: 1}}
    shape: {cab: shape, params: {ms: =recipe.ms}}
    rows:
      cab: taql
      params: {command: 'calc nelements([select TIME from {recipe.ms}])'}
    clip:
      cab: clip
      params: {vis: =recipe.ms, clipminmax: [0, '=steps.after.mean * 2'], savepars: false, comment: "it's"}
    image:
      cab: wsclean
      params: {ms: ['=recipe.ms'], prefix: img, size: '=IF(steps.shape.count > 0, 64, 0)', scale: 20asec}
bad_taql: {steps: {no: {cab: taql, params: {command: select from nothing.ms}}}}
''',
    "casa": '#!/bin/sh\nfor word; do printf "[%s]\\n" "$word"; done\n',
}


def spoor(*words):
    return subprocess.run([SPOOR, *words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


def values():
    """Outputs of the last run's steps, from its journal."""
    journal = sorted(pathlib.Path(".spoor/runs").iterdir())[-1] / "journal.jsonl"
    found = {}
    for line in journal.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "step-outputs":
            found[event["step"].split(".")[-1]] = event["outputs"]
    return found


def main():
    missing = [tool for tool in ("wsclean", "aoflagger", "taql") if not shutil.which(tool)]
    if missing or subprocess.run(["/usr/bin/python3", "-c", "import casacore.tables"],
                                 capture_output=True).returncode:
        print(f"1..0 # SKIP needs {' '.join(missing) or 'python3-casacore'}")
        return 0
    with tempfile.TemporaryDirectory(prefix="spoor-tools-") as scratch:
        os.chdir(scratch)
        for name, text in FILES.items():
            pathlib.Path(name).write_text(text)
        os.chmod("casa", stat.S_IRWXU)
        run = spoor("run", "recipe.yml", "real")
        if not ok(run.returncode == 0, "the recipe runs", run.stdout[-3000:] + run.stderr[-3000:]):
            return done()
        got = values()
        mean = got["before"]["mean"]
        ok(abs(mean - 2.0) < 0.01, f"a function of python-casacore gives a number: {mean}")
        ok(abs(got["after"]["mean"] - mean**2) < 0.02,
           f"a formula has used it: {got['after']['mean']}")
        ok(got["shape"]["count"] == got["rows"]["value"] == 15 * 60,
           f"python-code and taql count alike: {got['shape']}, {got['rows']}")
        ok(0 <= got["shape"]["flagged"] < 0.5 and got["shape"]["nothing"] in ("nan", None),
           "flags, and a number that is none")
        log = pathlib.Path("log-real.clip.txt").read_text()
        for word in ("[--log2term]", "[--nologfile]", "[-c]"):
            ok(word in log, f"casa gets {word}")
        call = [line for line in log.splitlines() if "[flagdata(**{" in line]
        ok(call and "'comment': \"it's\"" in call[0] and "'savepars': False" in call[0] and
           "'clipminmax': [0.0, " in call[0], "casa gets the call", log)
        ok(pathlib.Path("img-image.fits").stat().st_size > 64 * 64 * 4, "an image")
        run = spoor("run", "recipe.yml", "bad_taql")
        ok(run.returncode == 1 and "Error in TaQL command" in run.stderr + run.stdout,
           "taql ends with 0, but its step fails", run.stderr)
        for cab in ("aoflagger", "taql"):
            run = spoor("doc", cab)
            ok(run.returncode == 0 and "Inputs" in run.stdout.title(), f"doc {cab}", run.stderr)
        os.chdir("/")
    return done()


sys.exit(main())
