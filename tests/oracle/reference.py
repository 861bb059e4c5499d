# SPDX-License-Identifier: BSD-3-Clause
"""Runs the reference many times without paying for its imports each time. Started by compare.py
with the Python of the reference's virtual environment; imports it once, then forks for each job.

A job is one JSON line on standard input: {"dir", "args", "env", "out", "timeout_s"}; the answer is
{"rc"}. Standard output and error of the job go to the file `out`. HOME is fixed for the life of the
process, because the reference looks at it while it is imported.
"""

import json
import os
import signal
import sys
import traceback


def run_job(job):
    """In the child: become the program. Never returns."""
    os.setsid()
    signal.alarm(int(job["timeout_s"]))
    out = os.open(job["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(job["dir"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.path[1:1] = [path for path in job["env"].get("PYTHONPATH", "").split(":") if path]
    sys.argv = ["stimela", *job["args"]]
    rc = 0
    try:
        from stimela.main import cli

        cli()
    except SystemExit as error:
        rc = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # whatever the program dies of is its outcome
        traceback.print_exc()
        rc = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(rc)


def main():
    import stimela.main  # noqa: F401 - the expensive part

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.close()
            run_job(job)
        _, status = os.waitpid(child, 0)
        rc = os.waitstatus_to_exitcode(status)
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        answers.write(json.dumps({"rc": rc}) + "\n")
        answers.flush()


main()
