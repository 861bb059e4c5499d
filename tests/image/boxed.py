# SPDX-License-Identifier: BSD-3-Clause
"""boxed.py SPOOR DATADIFF SOURCE CACHE: the images of our own cabs, and the demo in them (TAP).

All images are built into CACHE, which keeps them for the next time. Then the demo runs natively and
in containers: the same tools from the same packages, so the same pixels, columns and pictures.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "science"))
from tap import done, ok  # noqa: E402

SPOOR, DATADIFF, SOURCE, CACHE = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:5])
BUILD_FILES = sorted(str(p) for p in pathlib.Path(SOURCE, "images").glob("*.yml"))
DEMO = ["prefix=x", "synthesis=0.1", "robust=[0]", "niter=300"]
BACKENDS = ("container", "podman")
# WSClean adds up in the order in which its threads are ready: two native runs differ by up to 6e-6 of
# the peak (of a residual). All else is the same to the bit.
THREADS = "3e-5"


def spoor(*words, cwd=None):
    return subprocess.run([SPOOR, *words], capture_output=True, text=True, cwd=cwd,
                          stdin=subprocess.DEVNULL)


def check_build():
    result = spoor("image", "build", "--json", *BUILD_FILES)
    if not ok(result.returncode == 0, "all images are built", result.stderr):
        return False
    for image in json.loads(result.stdout):
        size = image["layer_bytes"] / 1e6
        print(f"# {image['name']}: {size:.1f} MB of {image['bytes'] / 1e6:.1f} MB are its own")
        ok(image["name"].endswith(":bookworm") and image["root"], f"{image['name']} is unpacked")
        verified = spoor("image", "show", "--verify", image["name"])
        ok(verified.returncode == 0, f"{image['name']}: every blob is what it is called",
           verified.stderr)
    started = time.monotonic()
    result = spoor("image", "build", *BUILD_FILES)
    ok(result.stdout.count(": up to date") == len(BUILD_FILES), "then all are up to date",
       result.stdout + result.stderr)
    print(f"# which takes {time.monotonic() - started:.1f} s")
    return True


def run_demo(directory, backend):
    work = pathlib.Path(directory, backend)
    work.mkdir()
    result = spoor("run", "--backend", backend, f"{SOURCE}/recipes/demo.yml", *DEMO, cwd=work)
    fine = ok(result.returncode == 0, f"the demo runs with {backend}",
              result.stdout[-3000:] + result.stderr[-3000:])
    used = {e["step"]: e for e in events(work) if e["event"] == "step-start"}
    for step, event in used.items():
        if backend != "native":
            ok("sha256:" in json.dumps(event.get("image")), f"{backend}: {step} says which image",
               event)
    return work if fine else None


def events(work):
    runs = sorted((work / ".spoor/runs").iterdir())
    return [json.loads(line) for line in (runs[-1] / "journal.jsonl").read_text().splitlines()]


def check_same(one, two, backend):
    names = sorted(p.name for p in one.glob("x*"))
    ok(len(names) >= 7 and names == sorted(p.name for p in two.glob("x*")),
       f"{backend}: the same files", names)
    for name in names:
        if name.endswith(".png"):
            ok((one / name).read_bytes()[:33] == (two / name).read_bytes()[:33],
               f"{backend}: {name} is a picture of the same kind")
            continue
        tolerance = THREADS if name.endswith(".fits") else "0"
        result = subprocess.run([DATADIFF, "-r", tolerance, one / name, two / name],
                                capture_output=True, text=True)
        ok(result.returncode == 0, f"{backend}: {name} is the same", result.stdout + result.stderr)


def refusal(backend):
    """Why `spoor doctor` says that it cannot be used here; empty if it can."""
    found = json.loads(spoor("doctor", "--json").stdout).get(backend, {"text": "unknown"})
    return "" if found.get("state") == "ok" else found["text"]


def main():
    os.environ["XDG_CACHE_HOME"] = CACHE
    os.environ["XDG_DATA_HOME"] = f"{CACHE}/data"
    if not check_build():
        return done()
    with tempfile.TemporaryDirectory() as directory:
        native = run_demo(directory, "native")
        for backend in BACKENDS:
            why = refusal(backend)
            if why:
                print(f"# not with {backend}: {why}")
            boxed = native and not why and run_demo(directory, backend)
            if boxed:
                check_same(native, boxed, backend)
    return done()


if __name__ == "__main__":
    sys.exit(main())
