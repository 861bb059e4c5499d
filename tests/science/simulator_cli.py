# SPDX-License-Identifier: BSD-3-Clause
"""simulator_cli.py SIMULATOR SIMMS: what a user of the simulator sees, in words and exit statuses (TAP)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import done, ok

SIMULATOR, SIMMS = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
SKY = "90.1 -45.2 1.5\n89.8 -44.9 0.5\n"
FILES = {
    "sky.txt": SKY,
    "bad.txt": "90 -45 1\n90.1 -x5 1\n",
    "empty.txt": "# nothing\n",
    "far.txt": "0 -30 1\n",
    "behind.txt": "90 -45 1\n270 45 1\n",
    "rm.txt": "#format: ra_d dec_d i rm\n90 -45 1 5\n",
    "file": "not an MS",
    "antennas.txt": "a 0 0 0\nb 500 0 0\nc 0 700 0\nd -300 -900 5\n",
}
MODEL = ["-s", "sky.txt"]

# words, exit status, part of standard error (of standard output when the status is 0)
CASES = [
    ([], 2, "which Measurement Set?"),
    (["x.ms", "y.ms"] + MODEL, 2, "'y.ms' is one too many"),
    (["x.ms"], 2, "nothing to do: --skymodel FILE or --addnoise is needed"),
    (["x.ms", "--skymodle", "sky.txt"], 2, "did you mean --skymodel?"),
    (["x.ms", "--addnoise"], 2, "--addnoise needs --sefd"),
    (["x.ms", "--addnoise", "--sefd", "831", "--noise", "1"], 2, "exclude each other"),
    (["x.ms", "--addnoise", "--sefd=-1"], 2, "must not be negative"),
    (["x.ms", "--mode", "substract"] + MODEL, 2, "did you mean 'subtract'?"),
    (["x.ms", "--input-column", "DATA"] + MODEL, 2, "only with --mode add or subtract"),
    (["x.ms", "--tile-size", "big"] + MODEL, 2, "must be a number of rows, or like 64MiB"),
    (["x.ms", "--threads", "100000"] + MODEL, 2, "must be 1 to 1024"),
    (["x.ms", "--gain-min-period", "10MHz"] + MODEL, 2, "--gain-min-period"),
    (["x.ms", "--phase-max-error", "3parsec"] + MODEL, 2, "--phase-max-error"),
    (["x.ms", "--field-center", "B1950,0deg,0deg"] + MODEL, 2, "--field-center"),
    (["x.ms", "--kernel", "abacus"] + MODEL, 1, "kernel 'abacus': this machine can run: generic"),
    (["missing.ms"] + MODEL, 1, "missing.ms"),
    (["file"] + MODEL, 1, "file"),
    (["x.ms", "-s", "missing.txt"], 1, "sky model 'missing.txt': No such file or directory"),
    (["x.ms", "-s", "bad.txt"], 1, "bad.txt:2:6: '-x5': declination (degrees) must be a number"),
    (["x.ms", "-s", "empty.txt"], 1, "empty.txt: no sources"),
    (["x.ms", "-s", "rm.txt"], 1, "rm.txt:2:10: '5': rotation measures are not supported"),
    (["x.ms", "-s", "sky.txt", "--format", "wscleen"], 1, "did you mean 'wsclean'?"),
    (["x.ms", "-s", "behind.txt"], 1, "behind.txt:2: source '2' is 180.0 deg from the phase centre"),
    (["x.ms", "--field-id", "3"] + MODEL, 1, "x.ms has 1 field (0 to 0)"),
    (["x.ms", "--mode", "add", "--input-column", "DTA"] + MODEL, 1, "did you mean 'DATA'?"),
    (["x.ms", "--mode", "add", "--column", "MODEL"] + MODEL, 1, "x.ms has no column 'MODEL'"),
    (["x.ms", "--Gjones", "--gain-max-error", "0.1", "--gain-min-error", "0.2"] + MODEL, 1,
     "amplitude from 0.2 to 0.1 is not a range"),
    (["x.ms", "--column", "MY DATA"] + MODEL, 1, "letters, digits and '_'"),
    (["x.ms", "--column", ""] + MODEL, 1, "letters, digits and '_'"),
    (["x.ms"] + MODEL, 0, "2 sources from sky.txt (plain)"),
    (["--msname", "x.ms", "--addnoise", "--noise", "0.5", "--seed", "7"], 0, "noise 0.5 Jy per visibility"),
    (["x.ms", "--column", "MODEL_DATA"] + MODEL, 0, "(sim, new column)"),
    (["x.ms", "--column", "MODEL_DATA"] + MODEL, 0, "MODEL_DATA of x.ms (sim)"),
    (["x.ms", "-s", "far.txt", "--recenter"], 0, "1 source from far.txt"),
    (["--help"], 0, "--field-center"),
    (["--version"], 0, "simulator 0."),
]


def run(words, **kwargs):
    return subprocess.run([SIMULATOR] + words, capture_output=True, text=True, **kwargs)


def make_ms(name, *more):
    words = [SIMMS, name, "--antenna-file", "antennas.txt", "--coord-sys", "enu", "--lon-lat-elv",
             "21.44deg,-30.71deg,1050m", "-d", "J2000,90deg,-45deg", "--synthesis", "2min",
             "--freq0", "750MHz", "--nchan", "5", *more]
    subprocess.run(words, check=True, capture_output=True)


def tree(path):
    return {str(p): p.read_bytes() for p in sorted(pathlib.Path(path).rglob("*"))
            if p.is_file() and p.name != "table.lock"}


def test_words():
    for words, status, part in CASES:
        before = tree("x.ms")
        result = run(words)
        text = result.stdout if status == 0 else result.stderr
        good = result.returncode == status and part in text
        if status != 0:
            good = good and result.stdout == "" and tree("x.ms") == before
        ok(good, f"simulator {' '.join(words)}: {status}, {part}",
           f"status {result.returncode}\n{result.stdout}{result.stderr}")
    far = run(["x.ms", "-s", "far.txt"])
    ok(far.returncode == 0 and "--recenter would move" in far.stderr, "a model far away is a warning", far.stderr)
    quiet = run(["x.ms", "--sefd", "831"] + MODEL)
    ok(quiet.returncode == 0 and "--addnoise would add it" in quiet.stderr, "--sefd alone is noted", quiet.stderr)
    missing = run(["x.ms", "--column", "NOT_THERE", "--mode", "add"] + MODEL)
    ok("simulator: x.ms is as before" in missing.stderr, "what is left of a failure", missing.stderr)


def test_foreign():
    """An MS that others have made."""
    try:
        from casacore.tables import table
    except ImportError:
        print("# python3-casacore is not installed: no foreign MS")
        return
    shutil.copytree("x.ms", "b.ms")
    with table("b.ms/FIELD", readonly=False, ack=False) as fields:
        keywords = fields.getcolkeywords("PHASE_DIR")
        keywords["MEASINFO"]["Ref"] = "B1950"
        fields.putcolkeywords("PHASE_DIR", keywords)
    result = run(["b.ms"] + MODEL)
    ok(result.returncode == 1 and "is in B1950 coordinates" in result.stderr,
       "a phase centre that is not J2000", result.stderr)
    shutil.copytree("x.ms", "a.ms")
    with table("a.ms", readonly=False, ack=False) as rows:
        rows.putcell("ANTENNA2", 3, 99)
    result = run(["a.ms", "--Gjones"] + MODEL)
    ok(result.returncode == 1 and "row 3 is of antennas 1 and 99; there are 4" in result.stderr,
       "an antenna that does not exist", result.stderr)
    shutil.copytree("x.ms", "c.ms")
    with table("c.ms/SPECTRAL_WINDOW", readonly=False, ack=False) as windows:
        for column in ("CHAN_FREQ", "CHAN_WIDTH"):
            windows.putcell(column, 0, windows.getcell(column, 0)[:3])
    result = run(["c.ms"] + MODEL)
    ok(result.returncode == 1 and "row 0 is of shape [4, 5]" in result.stderr,
       "data of another shape than the spectral window says", result.stderr)
    make_ms("two.ms", "-d", "J2000,91deg,-45deg")
    result = run(["two.ms", "--addnoise", "--noise", "2", "--field-id", "1"])
    with table("two.ms", ack=False) as rows:
        other = rows.getcol("FIELD_ID") == 0
        sigma, data = rows.getcol("SIGMA"), rows.getcol("DATA")
    ok(result.returncode == 0 and (sigma[other] == 1).all() and (sigma[~other] == 2).all()
       and (data[other] == 0).all() and (data[~other] != 0).all(),
       "--field-id leaves the other fields alone, SIGMA too", result.stderr)


def test_json():
    result = run(["x.ms", "--json", "--addnoise", "--sefd", "831"] + MODEL)
    try:
        summary = json.loads(result.stdout)
    except ValueError as error:
        ok(False, "--json is JSON", f"{error}\n{result.stdout}{result.stderr}")
        return
    ok(summary["sources"] == 2 and summary["channels"] == 5 and abs(summary["sigma_jy"] - 0.18582) < 1e-4
       and set(summary["seconds"]) == {"predict", "noise", "io", "total"}, "--json", result.stdout)


def test_kernel_choice():
    env = dict(os.environ, RIME_KERNEL="generic")
    result = run(["x.ms"] + MODEL, env=env)
    ok("kernel generic" in result.stdout, "RIME_KERNEL chooses the kernel", result.stdout + result.stderr)
    env.pop("HOME", None)
    result = run(["x.ms"] + MODEL, env=env)
    ok(result.returncode == 0, "without HOME", result.stderr)


def written(pid):
    """Bytes that a process has written so far."""
    try:
        counters = pathlib.Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    return int(counters.split("wchar: ")[1].split()[0])


def test_interrupt():
    """A signal between tiles: status 130, what is new is said, the MS stays readable."""
    make_ms("long.ms", "--nchan", "512", "--synthesis", "4h", "--overwrite")
    rows = "".join(f"{90 + 0.001 * (i % 700)} {-45 + 0.001 * (i // 700)} 0.1\n" for i in range(4000))
    pathlib.Path("many.txt").write_text(rows)
    process = subprocess.Popen([SIMULATOR, "long.ms", "-s", "many.txt", "--tile-size", "60", "--threads", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and written(process.pid) < 1 << 20:
        time.sleep(0.01)
    second = run(["long.ms", "--addnoise", "--noise", "1"])
    ok(second.returncode == 1 and "long.ms" in second.stderr and "another program" in second.stderr,
       "a second writer is refused", second.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    ok(process.returncode == 130 and "interrupted" in err and "the MS is closed and valid" in err,
       "SIGINT: what is new is said", f"{process.returncode}\n{out}{err}")
    again = run(["long.ms", "--addnoise", "--noise", "1"])
    ok(again.returncode == 0, "the MS can be used afterwards", again.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in FILES.items():
            pathlib.Path(name).write_text(text)
        make_ms("x.ms")
        test_words()
        test_foreign()
        test_json()
        test_kernel_choice()
        if shutil.disk_usage(".").free > 1 << 30:
            test_interrupt()
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main())
