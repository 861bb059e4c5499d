#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the tables in this folder: what Python itself makes of values and format specifications.

Run once in a while with a newer Python and look at the difference:
    python3 tests/values/generate.py tests/values
"""
import ast
import itertools
import pathlib
import random
import struct
import sys

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.1, 0.2, 0.3, 0.1 + 0.2, 1 / 3, 2 / 3, 100.0, 1e5, 1e15, 1e16, 1e17, 123456789012345680.0,
    9007199254740993.0, 1e22, 1e23, 1e-3, 1e-4, 1e-5, 1e-7, 0.00012345, 1.5e300, 1.7976931348623157e308, 5e-324, 1e-323,
    2.2250738585072014e-308, 2.225073858507201e-308, 2.0**-44, 2.0**-1074, 2.0**70, 2.0**-20, 9.5367431640625e-07,
    4.35, 299792458.0, 1.4204057517667e9, 3.141592653589793, float("nan"), float("inf"), -float("inf"), 856e6, 0.128,
]
TEXTS = [
    "", "a", "it's", 'say "x"', "both ' and \"", "back\\slash", "tab\tnl\ncr\r", "\x00\x01\x1f\x7f", "é", "日本", "\xa0", "\xad",
    "\u200b", "\u2028", "😀", "\ufeff", "\ue000", "\U000e0001",
]
SPECS = [
    "", "d", "5", "05", "<5", ">5", "^5", "=5", "*^7", "+", "-", " ", "+d", "x", "X", "#x", "#o", "#b", "o", "b", "c", "5c", "<5c", "08.3f", ".2f", ".0f",
    "#.0f", "e", ".3e", "E", "g", ".3g", "G", "#g", "n", "%", ".1%", ",", "_", ",d", "_x", "012,", "010_", "012,.2f", ".3", ".1", "10.3", "+.3f", "s", ">6", "6s",
    ".2s", "z.1f", "zd", "é>5", "q", "5q", "dd", ".", "03d", "02d", "+05d", "=+5d", "*=8d", "#08x", "#010b", ",x", ",s", "#s", "+s", "=5s", "0=5", "05s", "^010", "x=10", "{", ">", "0", "00",
    "_d", "__d", ",_", "1.", "-5", "+ ", "20", "-20.4g", "<020d", ".17g", ".20f", "i", "F", ".0e", "#.0e", ".0g", ".0%", ".5", ".15", ".16", ".17", "._",
]
VALUES = ["0", "1", "-1", "42", "-1234567", "9223372036854775807", "-9223372036854775808", "65", "True", "False", "None", "[1, 2]",
          "0.0", "-0.0", "1.5", "-2.25", "100.0", "1234567.891", "1e16", "1e-07", "0.04", "9.999", "999999.5", "''", "'abc'", "'日本'"]



def outcome(value, spec):
    try:
        return "=" + format(value, spec)
    except (ValueError, TypeError, OverflowError):
        return "!"


def random_floats(count):
    rng = random.Random(1)
    for _ in range(count):
        number = struct.unpack("<d", rng.randbytes(8))[0]
        if number == number:
            yield number
    for _ in range(count):
        yield round(rng.uniform(-1000, 1000), rng.randrange(0, 8))
        yield 2.0 ** rng.randrange(-1070, 1020)


def main(folder):
    with open(folder / "float.txt", "w") as out:
        for number in itertools.chain(FLOATS, random_floats(300)):
            print(number.hex(), repr(number), sep="\t", file=out)
    with open(folder / "text.txt", "w") as out:
        for text in TEXTS:
            print(text.encode().hex(), repr(text), sep="\t", file=out)
    with open(folder / "format.txt", "w") as out:
        for value, spec in itertools.product(VALUES, SPECS):
            print(value, spec, outcome(ast.literal_eval(value), spec), sep="\t", file=out)
    for name in ("inf", "-inf", "nan"):
        with open(folder / "format.txt", "a") as out:
            for spec in SPECS:
                print(name, spec, outcome(float(name), spec), sep="\t", file=out)


main(pathlib.Path(sys.argv[1]))
