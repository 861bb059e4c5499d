# SPDX-License-Identifier: BSD-3-Clause
"""embed.py OUT.h FILE...: text files as C arrays telescope_<stem>."""
import pathlib
import sys


def main(out, files):
    lines = ["/* Made by embed.py; do not edit. */", "#pragma once"]
    for file in map(pathlib.Path, files):
        name = "telescope_" + file.stem.replace("-", "_").replace(".", "_")
        data = file.read_bytes()
        lines.append(f"static const char {name}[] = {{")
        for at in range(0, len(data), 24):
            lines.append("    " + ", ".join(str(b) for b in data[at : at + 24]) + ",")
        lines.append("};")
    pathlib.Path(out).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
