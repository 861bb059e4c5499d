#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""unheard.py TRACE REPEAT HERE - what a run has asked the file system without saying so.

TRACE: of `strace -f -e trace=file`; REPEAT: the file that the run has kept (doc/design/repeat.md); HERE: its
working directory. Prints the calls about paths that are not in REPEAT, and fails if there are any.
"""
import re
import sys

# Not questions that a result could depend on: the C library's own, the kernel's lists, and Spoor's housekeeping.
OWN = re.compile(
    r"""/proc/ | /sys/ | /dev/ | /etc/(ld\.so|localtime|nsswitch|passwd|group|locale) | /usr/share/(locale|zoneinfo) |
        /usr/lib/(locale|[^/]*/gconv)/ | /lib/[^/]*/(glibc-hwcaps|tls|x86_64) | .*\.so(\.\d+)*$ | /$ | \.spoor/(runs|lock|repeat) | log-[^/]*\.txt~?$ |
        \.spoor/store/(tmp|lock|unsynced|running) | .*/spoor/images/lock$""",
    re.X,
)


def short(path, here):
    """As the testimony names it."""
    if path.startswith(here + "/"):
        path = path[len(here) + 1:]
    while path.startswith("./"):
        path = path[2:]
    return path or "."


def testimony(name):
    """Paths, without the kind of the question."""
    data = open(name, "rb").read().split(b"\n", 2)[2]
    paths, at = set(), 0
    while at < len(data):
        end = data.index(b"\0", at)
        paths.add(data[at + 1:end].decode())
        at = end + 33
    return paths


def main():
    trace, repeat, here = sys.argv[1:]
    heard = testimony(repeat)
    unheard = {}
    lines = list(open(trace, encoding="utf-8", errors="replace"))
    # Those that build a box, or try whether one can be built: what they look at is made for it.
    builders = {line.split()[0] for line in lines if re.match(r"\d+ +mount\(", line)}
    for line in lines:
        if line.split()[0] in builders:
            continue
        call = re.match(r"(?:\d+ +)?\w+\(([^\"]*)\"((?:[^\"\\]|\\.)*)\"", line)
        if not call or "ENOTDIR" in line:
            continue
        # Relative to a directory that was opened, whose names and tree are known.
        if re.match(r"\d+, $", call[1]) or line.split("(")[0].endswith("execve"):
            continue
        path = short(call[2], here)
        if path not in heard and not OWN.match(path):
            unheard.setdefault(path, line.strip()[:160])
    for line in sorted(unheard.values()):
        print(line)
    if not heard:
        print("the testimony is empty")
    return 1 if unheard or not heard else 0


sys.exit(main())
