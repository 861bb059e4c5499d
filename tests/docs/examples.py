#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the examples of the manual: examples.py SPOOR PAGE.md...   (TAP)

A fenced block "```yaml NAME.yml" becomes that file, "```python NAME.py" likewise. A block
"```console" holds commands behind "$ " and what they print; "..." stands for any text, on a line of
its own for any lines. "[exit 1]" is the exit status of the command above it, 0 if it is not given.
Each "## " heading begins in an empty directory.

A table whose first column is headed by one of the words below is a list of examples too:

    policies | dtype | value | words      how a parameter x of such a value is passed
    dtype | value | becomes               what a value turns into; "refused" for an error
    shorthand | dtype | default | required | info
    formula | value                       with the names that the page gives in "yaml names.yml"
    YAML | value                          how a scalar in a file is read
"""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

SPOOR = os.path.realpath(sys.argv[1])
PAGES = [os.path.realpath(page) for page in sys.argv[2:]]
OWN = ("VIRTUAL_ENV", "PYTHONPATH", "STIMELA_INCLUDE", "XDG_CONFIG_HOME", "CLICOLOR_FORCE")
ENV = {**{name: value for name, value in os.environ.items() if name not in OWN},
       "HOME": "/nonexistent", "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
       "PATH": os.path.dirname(SPOOR) + ":" + os.environ["PATH"]}
count = failures = 0


def report(good, name, why=""):
    global count, failures
    count += 1
    failures += not good
    print(("ok" if good else "not ok"), count, "-", name)
    if not good:
        print("\n".join("# " + line for line in why.splitlines()), flush=True)


def run(words, cwd):
    return subprocess.run(words, cwd=cwd, env=ENV, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)


# --- console blocks -------------------------------------------------------------------------------
def pattern(lines):
    """What the lines match; "..." is anything."""
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r".*?".join(re.escape(piece) for piece in line.rstrip().split("...")) + r" *\n")
    return "".join(parts) + r"\Z"


def commands(block):
    """[(command, expected lines, exit status)] of a console block."""
    found = []
    for line in block:
        if line.startswith("$ "):
            found.append([line[2:], [], 0])
        elif match := re.fullmatch(r"\[exit (\d+)\]", line.strip()):
            found[-1][2] = int(match[1])
        else:
            found[-1][1].append(line)
    return found


def check_console(block, cwd, name):
    for command, lines, status in commands(block):
        done = run(["sh", "-c", command], cwd)
        good = done.returncode == status and re.match(pattern(lines), done.stdout)
        diff = "\n".join(difflib.unified_diff(lines, done.stdout.splitlines(), "manual", "program", lineterm=""))
        report(good, f"{name}: $ {command}", f"exit status {done.returncode}\n{diff}")


# --- tables ---------------------------------------------------------------------------------------
def quoted(text):
    return json.dumps(text)


def refused(recipe, cwd):
    """Whether `spoor check` refuses a recipe, and what it says."""
    with open(os.path.join(cwd, "table.yml"), "w", encoding="utf-8") as file:
        file.write(recipe)
    done = run([SPOOR, "check", "table.yml"], cwd)
    return done.returncode != 0, done.stdout


def planned(recipe, cwd):
    """The command lines that a recipe would run, by step."""
    with open(os.path.join(cwd, "table.yml"), "w", encoding="utf-8") as file:
        file.write(recipe)
    done = run([SPOOR, "plan", "--json", "table.yml"], cwd)
    try:
        steps = json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("{"))[0]["steps"]
        return {step["task"].rsplit(".", 1)[-1]: step["argv"][1:] for step in steps}, done.stdout
    except (ValueError, KeyError):
        return {}, done.stdout


def excuse(argv, said, i):
    """What the program said, once, when it gave nothing."""
    return "" if argv or i else said[-1500:]


def cab_recipe(rows):
    """One step a row of (definition of x, value as YAML)."""
    cabs = "".join(f"  c{i}: {{command: echo, inputs: {{x: {schema}}}}}\n" for i, (schema, _) in enumerate(rows))
    steps = "".join(f"    s{i}: {{cab: c{i}, params: {{{'x: ' + value if value else ''}}}}}\n"
                    for i, (_, value) in enumerate(rows))
    return f"cabs:\n{cabs}r:\n  steps:\n{steps}"


def check_policies(rows, cwd, name):
    made = [(f"{{dtype: {quoted(row['dtype'])}, policies: {row['policies']}}}", row["value"]) for row in rows]
    argv, said = planned(cab_recipe(made), cwd)
    for i, row in enumerate(rows):
        got = " ".join(word if word else "''" for word in argv.get(f"s{i}", ["?"]))
        report(got == row["words"], f"{name}: {row['policies']} {row['value']}",
               f"got: {got}\n{excuse(argv, said, i)}")


def check_dtypes(rows, cwd, name):
    accepted = [row for row in rows if row["becomes"] != "refused"]
    positional = "policies: {positional: true, repeat: list}"
    made = [(f"{{dtype: {quoted(row['dtype'])}, {positional}}}", row["value"]) for row in accepted]
    argv, said = planned(cab_recipe(made), cwd)
    for i, row in enumerate(accepted):
        got = " ".join(argv.get(f"s{i}", ["?"]))
        report(got == row["becomes"], f"{name}: {row['dtype']} {row['value']}",
               f"got: {got}\n{excuse(argv, said, i)}")
    for row in rows:
        if row["becomes"] == "refused":
            good, said = refused(cab_recipe([(f"{{dtype: {quoted(row['dtype'])}}}", row["value"])]), cwd)
            report(good, f"{name}: {row['dtype']} {row['value']} is refused", said)


def check_shorthand(rows, cwd, name):
    inputs = "".join(f"      x{i}: {quoted(row['shorthand'])}\n" for i, row in enumerate(rows))
    with open(os.path.join(cwd, "table.yml"), "w", encoding="utf-8") as file:
        file.write(f"cabs:\n  c:\n    command: echo\n    inputs:\n{inputs}")
    done = run([SPOOR, "doc", "--json", "table.yml", "c"], cwd)
    try:
        found = json.JSONDecoder().raw_decode(done.stdout)[0]["cabs"][0]["inputs"]
    except (ValueError, KeyError, IndexError):
        found = {}
    for i, row in enumerate(rows):
        entry = found.get(f"x{i}", {})
        default = entry.get("default", "")
        got = (entry.get("dtype"), str(default), "yes" if entry.get("required") else "", entry.get("info") or "")
        want = (row["dtype"], row["default"], row["required"], row["info"])
        report(got == want, f"{name}: {row['shorthand']}", f"got {got}\nwant {want}\n{excuse(found, done.stdout, i)}")


def check_formulas(rows, cwd, name):
    names = os.path.join(cwd, "names.yml")
    assign = ""
    if os.path.exists(names):
        with open(names, encoding="utf-8") as file:
            assign = "  assign:\n" + "".join("    " + line for line in file)
    cabs = "cabs:\n  c: {command: echo, inputs: {x: {dtype: Any, policies: {positional: true, repeat: '; '}}}}\n"
    steps = "".join(f"    s{i}: {{cab: c, params: {{x: {quoted(row['formula'])}}}}}\n" for i, row in enumerate(rows))
    argv, said = planned(f"{cabs}r:\n{assign}  steps:\n{steps}", cwd)
    for i, row in enumerate(rows):
        got = " ".join(argv.get(f"s{i}", ["?"]))
        report(got == row["value"], f"{name}: {row['formula']}", f"got: {got}\n{excuse(argv, said, i)}")


def check_scalars(rows, cwd, name):
    with open(os.path.join(cwd, "table.yml"), "w", encoding="utf-8") as file:
        file.write("r:\n  assign:\n" + "".join(f"    v{i}: {row['YAML']}\n" for i, row in enumerate(rows)))
        file.write("  steps:\n" + "".join(
            f"    s{i}: {{cab: {{command: echo, inputs: {{x: {{dtype: Any, policies: {{positional: true}}}}, "
            f"n: {{dtype: Any, policies: {{positional: true}}}}}}}}, "
            f"params: {{x: '{{recipe.v{i}}}', n: =IS_NUM(recipe.v{i})}}}}\n" for i, _ in enumerate(rows)))
    argv, said = planned(open(os.path.join(cwd, "table.yml"), encoding="utf-8").read(), cwd)
    for i, row in enumerate(rows):
        words = argv.get(f"s{i}", ["?", "?"])
        kind = "number" if words[1] == "True" and words[0] not in ("True", "False") else "text"
        if words[0] in ("True", "False"):
            kind = "truth value" if words[1] == "True" else "text"
        if words[0] == "None" and row["value"].startswith("nothing"):
            kind = "nothing"
        got = kind if kind == "nothing" else f"{kind} {words[0]}"
        report(got == row["value"], f"{name}: {row['YAML']}", f"got: {got}\n{excuse(argv, said, i)}")


TABLES = {
    "policies": check_policies,
    "dtype": check_dtypes,
    "shorthand": check_shorthand,
    "formula": check_formulas,
    "YAML": check_scalars,
}
NEEDED = {"policies": "words", "dtype": "becomes", "shorthand": "required", "formula": "value", "YAML": "value"}


def cells(line):
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    parts = [part.strip().replace("\\|", "|") for part in parts]
    return [part[1:-1] if len(part) > 1 and part[0] == part[-1] == "`" else part for part in parts]


def check_table(lines, cwd, name):
    header = cells(lines[0])
    if header[0] not in TABLES or NEEDED[header[0]] not in header:
        return
    rows = [dict(zip(header, cells(line))) for line in lines[2:]]
    TABLES[header[0]](rows, cwd, name)


# --- pages ----------------------------------------------------------------------------------------
def check_page(page):
    base = os.path.basename(page)
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    directory, place, i = tempfile.TemporaryDirectory(), base, 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("## "):
            directory.cleanup()
            directory, place = tempfile.TemporaryDirectory(), f"{base}, {line[3:]}"
        elif line.startswith("```"):
            end = next(k for k in range(i + 1, len(lines)) if lines[k].startswith("```"))
            block, words, i = lines[i + 1:end], line[3:].split(), end
            if words[:1] == ["console"]:
                check_console(block, directory.name, place)
            elif len(words) == 2:
                with open(os.path.join(directory.name, words[1]), "w", encoding="utf-8") as file:
                    file.write("\n".join(block) + "\n")
        elif line.startswith("|"):
            end = next((k for k in range(i, len(lines)) if not lines[k].startswith("|")), len(lines))
            check_table(lines[i:end], directory.name, place)
            i = end - 1
        i += 1
    directory.cleanup()


# --- completeness ---------------------------------------------------------------------------------
EXCUSES = ("ignored", "no effect", "for other programs", "older spellings")


def split_page(page):
    """(text of the examples, text of the table rows that say why there is none)"""
    examples, excuses, fenced, tested = [], [], False, False
    with open(page, encoding="utf-8") as file:
        for line in file:
            if line.startswith("```"):
                fenced = not fenced
            elif line.startswith("|") and not fenced:
                tested = cells(line)[0] in TABLES or (tested and not line.startswith("|---|---|\n"))
                if tested:
                    examples.append(line)
                if any(excuse in line for excuse in EXCUSES):
                    excuses.append(line)
            elif fenced:
                examples.append(line)
            else:
                tested = False
    return "".join(examples), "".join(excuses)


def check_words():
    """Every word of the language stands in an example, or in a row that says that it does nothing."""
    texts = [split_page(page) for page in PAGES]
    examples = "".join(text for text, _ in texts)
    excuses = "".join(text for _, text in texts)
    for line in run([SPOOR, "help", "--words"], "/").stdout.splitlines():
        kind, word = line.split(": ")
        word = re.compile(r"(?<![\w-])" + re.escape(word) + r"(?![\w-])")
        report(word.search(examples) or word.search(excuses), f"an example of {line}")


for path in PAGES:
    check_page(path)
check_words()
print(f"1..{count}")
sys.exit(failures != 0)
