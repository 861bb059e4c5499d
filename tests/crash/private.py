# SPDX-License-Identifier: BSD-3-Clause
"""Mounts that nobody else sees, and that are gone with the test, however it ends."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

MARK = "SPOOR_TEST_MOUNTS"


def mounts():
    """Called first: starts the script again where it may mount, if it may."""
    if MARK in os.environ or os.geteuid() or not shutil.which("unshare"):
        return
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0:
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])


def is_private():
    return MARK in os.environ


@contextlib.contextmanager
def mounted(where, *words):
    """`mount WORDS WHERE`, for a while."""
    where = pathlib.Path(where)
    where.mkdir(exist_ok=True)
    subprocess.run(["mount", *map(str, words), where], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


def bound(what, where):
    """The directory `what` at `where`, too."""
    return mounted(where, "--bind", what)


def wait_for(what, condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what} does not happen within 30 s")
