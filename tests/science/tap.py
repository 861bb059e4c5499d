# SPDX-License-Identifier: BSD-3-Clause
"""The test protocol for scripts: one "ok" line a check, a count at the end."""
import sys

sys.dont_write_bytecode = True  # no __pycache__ beside the sources
_count = 0
_failed = 0


def ok(passed, what, detail=""):
    """Report one check and return it; `detail` (any lines) is shown when it fails."""
    global _count, _failed
    _count += 1
    _failed += not passed
    print(f"{'' if passed else 'not '}ok {_count} - {what}", flush=True)
    if not passed and detail:
        print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)
    return bool(passed)


def done():
    """Last statement: `sys.exit(tap.done())`."""
    print(f"1..{_count}")
    return 1 if _failed else 0
