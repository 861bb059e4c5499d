#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Case files of the conformance suite: what they may say, and how they are carried out.

A case file is a sequence of cases. A line that begins with `= ` starts a case and names it; every
other line is a word and its text, and a block of lines indented by four blanks belongs to the
line before it. What stands before the first case is done in every case of the file.

    spec 2.5                section of the specification; required, also as a default of the file
    each a | b              the case is repeated for each row of the block; <a> is the row's value;
                            `\\|` is a bar within a value
    file PATH               the block becomes a file below the working directory
    script NAME             the block becomes an executable file on the PATH
    touch PATH...           empty files;  dir PATH...  link NAME TARGET  chmod MODE PATH  rm PATH...
    mtime SECONDS PATH...   set the modification time, relative to now
    env NAME=VALUE          for the runs that follow
    run WORD...             run the program in the working directory, in shell quoting
    run-in DIR WORD...      the same in a subdirectory

What follows a `run` speaks of that run:

    exit N                  exit status (0 unless said)
    argv WORD...            one recorded tool run, in shell quoting, in order; none = nothing ran
    argv *                  whatever ran
    runs A; B               several tool runs in one line, none if empty
    unordered               the tool runs may come in any order
    result TEXT             `! REGEX`: fails with status 1, runs nothing, says REGEX;
                            `!2 REGEX`: the same with status 2; else as argv with status 0
    said REGEX, not REGEX   on stdout or stderr;  both REGEX  also of the reference
    log FILE REGEX, nolog FILE REGEX, content FILE REGEX
    exists PATH..., absent PATH...

and of the case as a whole:

    todo REASON             not yet: a failure does not count
    ref REASON              the reference differs on purpose; ref2.1 and ref2.2 for one version

`%WORK%` and `%HOME%` stand for the directories of the case, `%TOP%` for what they lie in.
"""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import time

EXPECTATIONS = {
    "exit", "argv", "runs", "unordered", "result", "said", "not", "both", "log", "nolog", "content",
    "exists", "absent",
}
ACTIONS = {"file", "script", "touch", "dir", "link", "chmod", "rm", "mtime", "env", "run", "run-in"}
FACTS = {"spec", "each", "todo", "ref", "ref2.1", "ref2.2"}
# Words end with NUL, a tool run with the word RS. The shell's own printf writes it at once.
RECORDER = """#!/bin/sh
printf '%s\\0' "${0##*/}" "$@" '\x1e' >>"$CONFORMANCE_RECORD"
"""


class Case:
    """One case: facts about it and operations in order, each (word, text, block, line)."""

    def __init__(self, name, source, facts, ops):
        self.name = name
        self.source = source
        self.facts = facts
        self.ops = ops

    def key(self):
        """What the outcome of running it depends on."""
        ops = [op[:3] for op in self.ops if op[0] in ACTIONS]
        return json.dumps(ops)


def parse_lines(path):
    """(word, text, block, line number) for each line that begins at the margin."""
    out = []
    blanks = 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip():
                blanks += 1
                continue
            if line.startswith("    "):
                out[-1][2].extend(["\n"] * blanks + [line[4:] + "\n"])
            elif not line.startswith("#"):
                word, _, text = line.partition(" ")
                out.append((word, text.strip(), [], number))
            blanks = 0
    return [(word, text, "".join(block), number) for word, text, block, number in out]


def fill(text, row):
    for name, value in row.items():
        text = text.replace("<" + name + ">", value)
    return text


def rows_of(each, block, where):
    names = [name.strip() for name in each.split("|")]
    for line in block.splitlines():
        if not line.strip():
            continue
        cells = [cell.strip().replace("\\|", "|")
                 for cell in re.split(r"(?:^|(?<= ))\|(?= |$)", line)]
        if len(cells) > len(names):
            raise SystemExit(f"{where}: {len(cells)} cells for {len(names)} columns: {line}")
        cells += [""] * (len(names) - len(cells))
        yield dict(zip(names, cells))


def expand(name, path, facts, ops):
    """The cases of one block: one, or one for each row."""
    if "each" not in facts:
        yield Case(name, path, facts, ops)
        return
    columns, block = facts["each"]
    for row in rows_of(columns, block, f"{path}: {name}"):
        title = fill(name, row) if "<" in name else f"{name}: {next(iter(row.values()))}"
        mine = {key: fill(value, row) for key, value in facts.items() if key != "each"}
        mine = {key: value for key, value in mine.items() if not re.fullmatch("<[a-z]+>", value)}
        done = [(word, fill(text, row), fill(body, row), line) for word, text, body, line in ops]
        done = [op for op in done if op[1] or op[2] or op[0] == "unordered"]
        yield Case(title, path, {key: value for key, value in mine.items() if value}, done)


def load(path):
    """All cases of a file."""
    common_facts, common_ops = {}, []
    blocks = []
    for word, text, body, line in parse_lines(path):
        if word == "=":
            blocks.append((text, dict(common_facts), list(common_ops)))
            continue
        name, facts, ops = blocks[-1] if blocks else ("", common_facts, common_ops)
        if word in FACTS:
            facts[word] = (text, body) if word == "each" else text
        elif word in ACTIONS or word in EXPECTATIONS:
            ops.append((word, text, body, line))
        else:
            raise SystemExit(f"{path}:{line}: unknown word '{word}'")
    cases = [case for block in blocks for case in expand(block[0], path, block[1], block[2])]
    for case in cases:
        if "spec" not in case.facts:
            raise SystemExit(f"{path}: case '{case.name}' does not name its section")
    return cases


class Place:
    """The directory of one case: work, home, bin, and the record of what ran."""

    def __init__(self, top, home=None):
        self.top = top
        self.work = os.path.join(top, "work")
        self.home = home or os.path.join(top, "home")
        self.bin = os.path.join(top, "bin")
        self.record = os.path.join(top, "record")
        self.env = {}
        for path in (self.work, self.home, self.bin):
            os.makedirs(path, exist_ok=True)
        self.configure()
        self.install("rec", RECORDER)
        os.symlink(sys.executable, os.path.join(self.bin, "python"))

    def configure(self):
        """Cases count what runs, also when the same is asked for twice, and their tools write where they want."""
        config = os.path.join(self.home, ".config", "spoor")
        os.makedirs(config, exist_ok=True)
        with open(os.path.join(config, "spoor.conf"), "w", encoding="utf-8") as file:
            file.write("opts: {store: {enable: false}, backend: {select: 'singularity,native'}}\n")

    def install(self, name, text):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def names(self, text):
        for name, path in (("%WORK%", self.work), ("%HOME%", self.home), ("%TOP%", self.top)):
            text = text.replace(name, path)
        return text

    def path(self, name):
        return os.path.join(self.work, self.names(name))

    def environment(self):
        env = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "HOME": self.home,
            "LC_ALL": "C.UTF-8",
            "CONFORMANCE_RECORD": self.record,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        env.update({key: os.environ[key] for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
                    if key in os.environ})
        env.update(self.env)
        return env

    def act(self, word, text, body):
        """Carry out anything but a run."""
        words = shlex.split(self.names(text))
        if word == "file":
            path = self.path(text)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.names(body))
        elif word == "script":
            self.install(text, body)
        elif word == "touch":
            for name in words:
                os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
                with open(self.path(name), "a", encoding="utf-8"):
                    os.utime(self.path(name))
        elif word == "dir":
            for name in words:
                os.makedirs(self.path(name), exist_ok=True)
        elif word == "link":
            os.symlink(words[1], self.path(words[0]))
        elif word == "chmod":
            os.chmod(self.path(words[1]), int(words[0], 8))
        elif word == "mtime":
            when = time.time() + float(words[0])
            for name in words[1:]:
                os.utime(self.path(name), (when, when))
        elif word == "rm":
            for name in words:
                path = self.path(name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                elif os.path.lexists(path):
                    os.remove(path)
        elif word == "env":
            name, _, value = self.names(text).partition("=")
            self.env[name] = value

    def recorded(self):
        """The tool runs since the last call."""
        try:
            with open(self.record, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read()
            os.remove(self.record)
        except FileNotFoundError:
            return []
        return [run.split("\0")[:-1] for run in text.split("\x1e\0")[:-1]]

    def produced(self):
        """Every file and empty directory below the working directory, but logs and state."""
        out = []
        for folder, dirs, files in os.walk(self.work):
            dirs[:] = [name for name in dirs if name not in (".spoor", "__pycache__")]
            empty = [] if dirs or files else [folder]
            for path in empty + [os.path.join(folder, name) for name in files]:
                path = os.path.relpath(path, self.work)
                if not re.search(r"(^|/)(log-|stimela\.)|\.txt$|\.log$", path):
                    out.append(path)
        return sorted(out)

    def remove(self):
        for folder, dirs, _ in os.walk(self.top):
            for name in dirs:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    os.chmod(path, stat.S_IRWXU)
        shutil.rmtree(self.top, ignore_errors=True)


class Outcome:
    """What a run did: exit status, text on both streams, tool runs."""

    def __init__(self, rc, text, argv):
        self.rc = rc
        self.text = text
        self.argv = argv


def run_program(place, program, words, folder):
    """Run `program` once, under the name that makes it take Stimela's command line. The text has
    stdout first, then stderr."""
    link = os.path.join(place.top, "stimela")
    if not os.path.lexists(link):
        os.symlink(program, link)
    done = subprocess.run([link, *words], cwd=os.path.join(place.work, folder),
                          env=place.environment(), stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Outcome(done.returncode, text, place.recorded())


def read(place, name):
    try:
        with open(place.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        return f"({error.strerror})"


def found(pattern, text):
    return re.search(pattern, text, re.MULTILINE) is not None


def check(place, word, text, outcome):
    """None, or what is wrong."""
    text = place.names(text)
    if word in ("said", "both", "not"):
        if found(text, outcome.text) == (word == "not"):
            return f"{'says' if word == 'not' else 'does not say'}: {text}"
    elif word in ("log", "nolog", "content"):
        name, _, pattern = text.partition(" ")
        if found(pattern, read(place, name)) == (word == "nolog"):
            return f"{name}: {'has' if word == 'nolog' else 'lacks'} {pattern}"
    elif word in ("exists", "absent"):
        for name in shlex.split(text):
            if os.path.lexists(place.path(name)) != (word == "exists"):
                return f"{name} {'does not exist' if word == 'exists' else 'exists'}"
    return None


def wanted(place, ops):
    """Exit status, tool runs (None: any), whether in order, and further checks of one run."""
    status, argv, ordered, checks = 0, [], True, []
    for word, text, _, line in ops:
        if word == "result" and text.startswith("!"):
            code, _, pattern = text[1:].partition(" ")
            status = int(code or 1)
            checks += [("said", pattern, line)] if pattern.strip() else []
        elif word == "exit":
            status = int(text)
        elif word in ("argv", "result"):
            if text == "*":
                argv = None
            else:
                argv.append(shlex.split(place.names(text)))
        elif word == "runs":
            argv += [shlex.split(place.names(part)) for part in text.split(";") if part.strip()]
        elif word == "unordered":
            ordered = False
        elif word in EXPECTATIONS:
            checks.append((word, text, line))
    return status, argv, ordered, checks


def show_argv(argv):
    return "; ".join(shlex.join(words) for words in argv) or "nothing"


def judge(place, ops, outcome):
    """The list of what is wrong with a run."""
    wrong = []
    status, argv, ordered, checks = wanted(place, ops)
    if outcome.rc != status:
        wrong.append(f"exit status {outcome.rc}, not {status}")
    got = outcome.argv
    if argv is not None and (got != argv if ordered else sorted(got) != sorted(argv)):
        wrong.append(f"ran: {show_argv(got)}")
        wrong.append(f"not: {show_argv(argv)}")
    for word, text, line in checks:
        fault = check(place, word, text, outcome)
        if fault:
            wrong.append(f"line {line}: {fault}")
    return wrong


def carry_out(case, place, runner):
    """Do what the case says. `runner(place, words, folder)` gives an Outcome; what is wrong and
    the outcomes come back."""
    wrong, outcomes, expect, outcome = [], [], [], None
    for word, text, body, _ in [*case.ops, ("run", "", "", 0)]:
        if word in EXPECTATIONS:
            expect.append((word, text, body, _))
            continue
        if outcome and word in ACTIONS:
            wrong += judge(place, expect, outcome)
            outcome, expect = None, []
        if word in ("run", "run-in") and text:
            words = shlex.split(place.names(text))
            folder = words.pop(0) if word == "run-in" else ""
            outcome = runner(place, words, folder)
            outcomes.append(outcome)
        elif word in ACTIONS and text:
            place.act(word, text, body)
    return wrong, outcomes
