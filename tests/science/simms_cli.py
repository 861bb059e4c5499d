# SPDX-License-Identifier: BSD-3-Clause
"""simms_cli.py SIMMS: what a user of simms sees, in words and exit statuses (TAP)."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import done, ok

FILES = {
    "short.txt": "a 5109271.5 2006808.9 -3239130.7\nb 5109271.5 2006908.9\n",
    "enu.txt": "a 0 0 0\nb 100 0 0\n",
    "good.txt": "a 5109271.5 2006808.9 -3239130.7\nb 5109271.5 2006908.9 -3239130.7\n",
    "file": "not an MS",
}
SKY = ["-d", "J2000,90deg,-45deg"]
OK = ["x.ms", "--antenna-file", "good.txt", "--synthesis", "1min"] + SKY

# words, exit status, part of standard error (of standard output when the status is 0)
CASES = [
    ([], 2, "name the MS to make"),
    (["a.ms", "b.ms"] + SKY, 2, "what is 'b.ms'?"),
    (["x.ms", "--msname", "y.ms"] + SKY, 2, "what is 'x.ms'?"),
    (["x.ms", "--telscope", "meerkat"], 2, "did you mean --telescope?"),
    (["x.ms", "-t", "merkat"] + SKY, 2, "telescope 'merkat' is not known; did you mean 'meerkat'?"),
    (["x.ms", "-t", "arecibo"] + SKY, 2, "--list-telescopes"),
    (["x.ms"] + SKY, 2, "give --telescope"),
    (["x.ms", "-t", "meerkat"], 2, "give --direction"),
    (["x.ms", "-t", "meerkat", "-d", "J2000,90,-45"], 2, "'90' has no unit"),
    (["x.ms", "-t", "meerkat", "-d", "B1950,90deg,-45deg"], 2, "frame 'B1950'"),
    (OK + ["--freq0", "750"], 2, "option --freq0: '750' has no unit: a frequency needs one"),
    (OK + ["--freq0", "750mhz"], 2, "did you mean 'MHz'?"),
    (OK + ["--dfreq", "0MHz"], 2, "option --dfreq: '0MHz' must be positive"),
    (OK + ["--nchan", "0"], 2, "option --nchan: 0 is not from 1"),
    (OK + ["--nchan", "ten"], 2, "option --nchan: 'ten' is not a whole number"),
    (OK + ["--dtime", "10MHz"], 2, "option --dtime: '10MHz': 'MHz' is not a unit of a time"),
    (OK + ["--dtime", "0"], 2, "option --dtime: '0' must be positive"),
    (OK + ["--dtime", "2min"], 2, "shorter than one integration"),
    (OK + ["--scan-lag", "-1"], 2, "cannot be negative"),
    (OK + ["--synthesis", "1e9"], 1, "integrations"),
    (OK + ["--pol", "XX RR"], 2, "mixes linear and circular"),
    (OK + ["--pol", "XX XX"], 2, "twice"),
    (OK + ["--pol", "XX XY YX"], 2, "1, 2 or 4"),
    (OK + ["--pol", "I"], 2, "'I' is not a correlation"),
    (OK + ["--feed", "X"], 2, "perfect R L"),
    (OK + ["--feed", "perfect R L", "--pol", "XX"], 2, "different feeds"),
    (OK + ["--date", "2023-02-30"], 2, "'2023-02-30' must be a date"),
    (OK + ["--date", "2024-03-14T25:00"], 2, "must be a date"),
    (OK + ["--date", "2024-03-14T06:00", "--init-ha", "-1"], 2, "both say when to start"),
    (OK + ["--sefd", "-1"], 2, "must be positive"),
    (OK + ["--label", "a,b"], 2, "more fields than there are"),
    (["x.ms", "--antenna-file", "none.txt"] + SKY, 2, "antenna file 'none.txt': No such file"),
    (["x.ms", "--antenna-file", "short.txt"] + SKY, 2, "short.txt:2:13: a line needs three"),
    (["x.ms", "--antenna-file", "enu.txt"] + SKY, 2, "enu.txt:1:3: this antenna would stand"),
    (["x.ms", "--antenna-file", "enu.txt", "--coord-sys", "enu"] + SKY, 2, "give --lon-lat-elv"),
    (["x.ms", "--antenna-file", "enu.txt", "--coord-sys", "neu"] + SKY, 2, "itrf, wgs84 or enu"),
    (OK + ["--lon-lat-elv", "1,2,3"], 2, "goes with --coord-sys enu"),
    (["none/x.ms"] + OK[1:], 1, "no directory can be made in 'none/'"),
    (["there.ms"] + OK[1:], 1, "cannot make MS 'there.ms': it exists already"),
    (["file", "--overwrite"] + OK[1:], 1, "not a Measurement Set; it stays untouched"),
    (["big.ms", "-t", "meerkat", "--nchan", "900000", "--dtime", "1"] + SKY, 1, "the disk has"),
    (["--help"], 0, "--antenna-file FILE"),
    (["--version"], 0, "simms "),
    (["--list-telescopes"], 0, "meerkat"),
    (OK + ["--dry-run"], 0, "would make x.ms"),
    (OK + ["--dry-run", "--pol", "rr,ll"], 0, "RR LL"),
    (OK + ["--dry-run", "--init-ha", "-2h", "--date", "2024-06-01"], 0, "2024-06-0"),
    (OK + ["--dry-run", "--date", "2024-02-29T23:59:30Z"], 0, "2024-02-29T23:59:30Z to 2024-03-01T00:00:30Z"),
]


def run(simms, words, **more):
    return subprocess.run([simms] + words, capture_output=True, text=True, **more)


def check_cases(simms):
    before = sorted(os.listdir("."))
    for words, status, part in CASES:
        done = run(simms, words)
        text = done.stdout if status == 0 else done.stderr
        ok(done.returncode == status and part in text, f"simms {' '.join(words)}",
           f"{done.returncode}\n{done.stdout}{done.stderr}")
    ok(sorted(os.listdir(".")) == before, "none of these leaves anything", os.listdir("."))
    ok(pathlib.Path("file").read_text() == FILES["file"], "what is no MS is not overwritten")


def check_json(simms):
    done = run(simms, ["j.ms", "--json"] + OK[1:])
    got = json.loads(done.stdout)
    ok(got["made"] and got["rows"] == 6 and got["antennas"] == 2, "--json", got)
    ok(got["correlations"] == ["XX", "XY", "YX", "YY"], "--json: correlations", got)
    ok(got["bytes"] == sum(f.stat().st_size for f in pathlib.Path("j.ms").rglob("*") if f.is_file()),
       "--json: size", got)
    again = run(simms, ["k.ms", "--json", "--overwrite"] + OK[1:], env={})
    ok(again.returncode == 0, "HOME need not be set", again.stderr)


def same(a, b):
    return subprocess.run(["diff", "-r", a, b], capture_output=True).returncode == 0


def check_overwrite(simms):
    words = ["o.ms", "--overwrite"] + OK[1:]
    run(simms, words)
    shutil.copytree("o.ms", "copy.ms")
    done = run(simms, words)
    ok(done.returncode == 0 and same("o.ms", "copy.ms"), "the same words make the same bytes")
    inode = os.stat("o.ms").st_ino
    done = run(simms, words + ["--nchan", "2"])
    ok(done.returncode == 0 and os.stat("o.ms").st_ino != inode and not same("o.ms", "copy.ms"),
       "--overwrite puts a new MS in the place of the old", done.stderr)
    done = run(simms, words + ["--nchan", "900000", "--synthesis", "100"])
    ok(done.returncode == 1 and os.path.exists("o.ms/table.dat"), "a failure keeps the old MS")


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def check_interruptions(simms):
    before = sorted(os.listdir("."))
    words = ["i.ms", "-t", "meerkat", "--nchan", "16"] + SKY
    done = run(simms, words, preexec_fn=limit_files)
    ok(done.returncode == 1 and "is full" in done.stderr, "a file too large",
       done.stderr)
    for number in (signal.SIGINT, signal.SIGTERM):
        child = subprocess.Popen([simms] + words, stderr=subprocess.PIPE, text=True)
        while not any(n.startswith(".i.ms.") for n in os.listdir(".")) and child.poll() is None:
            time.sleep(0.001)
        child.send_signal(number)
        text = child.communicate()[1]
        ok(child.returncode == 130 and "interrupted" in text, f"{number.name} stops it", text)
    ok(sorted(os.listdir(".")) == before, "nothing is left", os.listdir("."))
    child = subprocess.Popen([simms] + words)
    while not any(n.startswith(".i.ms.") for n in os.listdir(".")) and child.poll() is None:
        time.sleep(0.001)
    child.kill()
    child.wait()
    left = [n for n in os.listdir(".") if n not in before]
    ok(len(left) == 1 and left[0].startswith(".i.ms.unfinished-"), "SIGKILL leaves what says so", left)
    done = run(simms, ["i.ms"] + OK[1:])
    ok(done.returncode == 0, "and is in nobody's way", done.stderr)


def check_horizon(simms):
    words = ["h.ms", "-n", "-t", "meerkat", "-d", "J2000,0deg,-45deg", "--synthesis"]
    for more, said in ((["1h"], ""), (["1d"], "partly below"), (["1d", "--init-ha", "0h"], "partly below"),
                       (["1h", "--init-ha", "12h"], "always below"),
                       (["1h", "-d", "J2000,0deg,80deg"], "always below")):
        done = run(simms, words + more)
        ok(done.returncode == 0 and (said in done.stderr if said else done.stderr == ""),
           f"the horizon, {' '.join(more)}: {said or 'nothing'}", done.stderr)


def check_missing_data(simms):
    """casacore's tables hidden in a mount name space of its own, where that is permitted."""
    hide = ("for d in /usr/share/casacore/data /var/lib/casacore/data; do "
            "[ ! -d $d ] || mount -t tmpfs none $d || exit 77; done; exec \"$@\"")
    command = ["unshare", "-m", "sh", "-c", hide, "sh", simms, "m.ms"] + OK[1:]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        done = None
    if done is None or "unshare" in done.stderr or done.returncode == 77:
        ok(True, "missing casacore data # SKIP no mount name space")
        return
    ok(done.returncode == 1 and "install the package casacore-data" in done.stderr,
       "missing casacore data", done.stderr)


def main(simms):
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        for name, text in FILES.items():
            pathlib.Path(name).write_text(text)
        run(simms, ["there.ms"] + OK[1:])
        check_cases(simms)
        check_json(simms)
        check_horizon(simms)
        check_overwrite(simms)
        check_interruptions(simms)
        check_missing_data(simms)
        os.chdir("/")
    return done()


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
