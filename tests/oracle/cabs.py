#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs every cab of an installed cult-cargo, with tools that only note how they were called.

    cabs.py [-k REGEX] [-v] [--reference VENV] CULTCARGO

CULTCARGO is the directory of the package, .../site-packages/cultcargo. Each cab is loaded,
explained, and run twice: with its required parameters, and with a value for every parameter. With
--reference the same is done with the Stimela of that virtual environment, and what the tools were
given must be the same, but for the differences listed below. SPOOR names the program under test.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 60
LEVELS = ("required", "all")

# (pattern for "cab level"): why the reference does not do the same.
INTENDED = {
    r"pfb\.init all": "the reference cannot take a value for the dtype Optional[List[any]]",
    r"quartical required": "the reference needs solver.terms; here its default counts",
}

# What no version can run, and why.
UNUSABLE = {
    r"mosaic-queen .*": "its list parameters have no repeat policy",
    r"aimfast all": "its list parameters have no repeat policy",
}

# Parameters without which a cab does not work, although they are not required.
NEEDED = {
    ("bdsf.catalog", "outfile_gaul"),
    ("rfinder", "label"),
    ("spimple-spifit", "output_filename"),
    ("sunblocker", "show"),
    ("casa.flagman.save", "versionname"),
    ("casa.flagman.restore", "versionname"),
}

# Parameters that exclude others, or need a value of a certain form.
VALUES = {
    ("wsclean", "predict"): None,
    ("wsclean", "make-psf-only"): None,
    ("wsclean", "pol"): "IQ",
    ("quartical", "solver.terms"): ["K", "G"],
    ("cubical", "sol.jones"): ["G", "B"],
}

# --- what stands in for tools --------------------------------------------------------------------

TOOL = r'''#!{python} -SE
import json, os, sys
with open({record!r}, "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\n")
'''

# Runs the program it is given, with every module that is not Python's own replaced by one that
# notes calls. Names of parameters that the program has as variables are noted too.
PYTHON = r'''#!{python} -SE
import importlib.abc, importlib.machinery, json, os, sys

NAMES = {names!r}
notes = []

def plain(value):
    if isinstance(value, Stand):
        return "<" + value._path + ">"
    if isinstance(value, dict):
        return {{str(k): plain(v) for k, v in value.items()}}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    return value if isinstance(value, (int, float, str, type(None))) else type(value).__name__

class Stand:
    def __init__(self, path):
        self.__dict__["_path"] = path
        self.__dict__["__path__"] = []
    def __getattr__(self, name):
        if name == "callback" or name.startswith("__"):
            raise AttributeError(name)
        return Stand(self._path + "." + name)
    def __setattr__(self, name, value):
        if name.startswith("__"):
            self.__dict__[name] = value
        else:
            notes.append([self._path + "." + name, plain(value)])
    def __call__(self, *args, **kwargs):
        notes.append([self._path, plain(args), plain(kwargs)])
        return Stand(self._path + "()")
    def __getitem__(self, key):
        return Stand(self._path + "[]")
    def __setitem__(self, key, value):
        notes.append([self._path + "[]=", plain(key), plain(value)])
    def __iter__(self):
        return iter(())
    def __len__(self):
        return 0
    def __enter__(self):
        return self
    def __exit__(self, *args):
        return False
    def __float__(self):
        return 1.0

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top == "click":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return Stand(spec.name)
    def exec_module(self, module):
        pass

arguments = sys.argv[1:]
while arguments and arguments[0] != "-c":
    arguments.pop(0)
sys.meta_path.insert(0, Finder())
sys.argv = ["-c", *arguments[2:]]
scope = {{"__name__": "__main__"}}
ended = None
try:
    exec(compile(arguments[1], "<program>", "exec"), scope)
except SystemExit as exc:
    ended = "exit"
except BaseException as exc:
    ended = type(exc).__name__ + ": " + str(exc)
notes.append({{n: plain(scope[n]) for n in sorted(NAMES) if n in scope}})
with open({record!r}, "a") as file:
    file.write(json.dumps(["python", notes, ended]) + "\n")
if ended and ended != "exit" and "is not defined" in ended:
    print(ended)
'''

XVFB = '''#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
'''


class Place:
    """A directory with data to work on, and the tools of one run."""

    def __init__(self, tools, names):
        self.top = tempfile.mkdtemp(prefix="spoor-cabs-")
        self.work = os.path.join(self.top, "work")
        self.bin = os.path.join(self.top, "bin")
        self.record = os.path.join(self.top, "record")
        self.home = os.path.join(self.top, "home")
        for folder in ("work/in.ms", "work/in.ms.flagversions/flags.word", "work/indir", "bin"):
            os.makedirs(os.path.join(self.top, folder))
        os.makedirs(os.path.join(self.home, ".astropy/cache"))
        self.make("in.fits", False)
        for tool in tools:
            self.install(tool, TOOL.format(python=sys.executable, record=self.record))
        for tool in ("python", "python3", "python3.10"):
            self.install(tool, PYTHON.format(python=sys.executable, record=self.record,
                                             names=sorted(names)))
        self.install("xvfb-run", XVFB)

    def install(self, name, text):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def make(self, name, is_directory):
        path = os.path.join(self.work, name)
        os.makedirs(path if is_directory else os.path.dirname(path), exist_ok=True)
        if not is_directory:
            with open(path, "a", encoding="utf-8"):
                pass

    def environment(self, package):
        root = os.path.dirname(package)
        return {"PATH": self.bin + ":/usr/bin:/bin", "HOME": self.home,
                "LC_ALL": "C.UTF-8", "COLUMNS": "200", "PYTHONPATH": root,
                "PYTHONWARNINGS": "ignore"}

    def recorded(self, home):
        try:
            with open(self.record, encoding="utf-8") as file:
                return [json.loads(line.replace(self.work, "%WORK%").replace(home, "%HOME%"))
                        for line in file]
        except FileNotFoundError:
            return []

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)


# --- values for parameters ------------------------------------------------------------------------

SCALARS = {"str": "word", "int": 3, "float": 1.5, "bool": True, "MS": "in.ms", "File": "in.fits",
           "Directory": "indir", "URI": "in.ms", "Any": "word", "any": "word"}


def split_arguments(text):
    """The parts of "A, B[C, D]" between commas outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def value_of(dtype):
    """Some value of a dtype."""
    dtype = dtype.strip()
    if dtype in SCALARS:
        return SCALARS[dtype]
    if dtype in ("List", "list", "Tuple"):
        return [1, 2]
    if dtype in ("Dict", "dict"):
        return {"a": 1}
    name, _, inside = dtype.rstrip("]").partition("[")
    if not inside:
        raise ValueError(f"no value for dtype {dtype}")
    parts = split_arguments(dtype[len(name) + 1:-1])
    if name in ("Union", "Optional"):
        return value_of(parts[0])
    if name == "Tuple":
        return [value_of(part) for part in parts]
    if name in ("List", "list"):
        return [value_of(parts[0])] * 2
    if name in ("Dict", "dict"):
        return {"a": value_of(parts[1])}
    raise ValueError(f"no value for dtype {dtype}")


def choose(cab, name, param, is_output):
    """A value for a parameter; None for none."""
    if (cab["name"], name) in VALUES:
        return VALUES[cab["name"], name]
    if param.get("choices"):
        return param["choices"][-1]
    if param.get("element_choices"):
        some = param["element_choices"][:2]
        return some if re.match(r"(Optional\[)?(List|Tuple)", param["dtype"]) else some[0]
    value = value_of(param["dtype"])
    if is_output and isinstance(value, str):
        return "out/" + re.sub(r"\W", "_", name) + (".fits" if param["dtype"] == "File" else "")
    return value


def parameters(cab, level):
    """Values for the parameters of a cab, and the outputs among them: path -> is a directory."""
    values, made = {}, {}
    for section in ("inputs", "outputs"):
        for name, param in cab[section].items():
            is_output = section == "outputs"
            is_file = param["dtype"] in ("File", "Directory", "MS", "URI")
            if "implicit" in param or (is_output and not is_file):
                continue
            needed = param.get("required") or (cab["name"], name) in NEEDED
            if level == "required" and not needed:
                continue
            value = choose(cab, name, param, is_output)
            if value is None:
                continue
            values[name] = value
            if is_output:
                made[value] = param["dtype"] != "File"
    return values, made


# --- running --------------------------------------------------------------------------------------

class Reference:
    """One process with the reference imported (reference.py)."""

    def __init__(self, venv):
        self.home = tempfile.mkdtemp(prefix="spoor-cabs-home-")
        os.makedirs(os.path.join(self.home, ".astropy/cache"))
        env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "LC_ALL": "C.UTF-8", "COLUMNS": "200",
               "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(
            [os.path.join(venv, "bin", "python"), os.path.join(HERE, "reference.py")],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self, place, words, env):
        out = os.path.join(place.top, "out")
        job = {"dir": place.work, "args": ["-b", "native", *words],
               "env": dict(env, HOME=self.home), "out": out, "timeout_s": TIMEOUT_S}
        self.process.stdin.write((json.dumps(job) + "\n").encode())
        self.process.stdin.flush()
        status = json.loads(self.process.stdout.readline())["rc"]
        with open(out, encoding="utf-8", errors="replace") as file:
            return status, file.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Spoor:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.home = None

    def run(self, place, words, env):
        done = subprocess.run([self.program, *words], cwd=place.work, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stdout


def read_json(spoor, place, words, env):
    done = subprocess.run([spoor.program, *words], cwd=place.work, env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def library(package):
    """Every file with cabs: some need what others define."""
    return [f"(cultcargo){os.path.join(folder, base)}" for folder in ("", "casa")
            for base in sorted(os.listdir(os.path.join(package, folder)))
            if base.endswith(".yml")]


def load_cabs(spoor, package):
    """All cabs in one go, each with the files that it needs: the reference is slow to load more."""
    place = Place((), ())
    env = place.environment(package)
    try:
        write_recipe(place, library(package), None, {})
        found = read_json(spoor, place, ["doc", "--json", "r.yml", "*"], env)
        if found is None:
            raise SystemExit("the cabs do not load")
        cabs = {cab["name"]: cab for cab in found["cabs"]}
        for file in library(package):
            files = [file]
            write_recipe(place, files, None, {})
            found = read_json(spoor, place, ["doc", "--json", "r.yml", "*"], env)
            if found is None:  # it uses what another file of its folder has
                files = ["(cultcargo)casa/flag.yml", file]
                write_recipe(place, files, None, {})
                found = read_json(spoor, place, ["doc", "--json", "r.yml", "*"], env)
            for cab in found["cabs"]:
                cabs[cab["name"]].setdefault("files", files)
    finally:
        place.remove()
    return cabs


def write_recipe(place, files, cab, values):
    recipe = {"_include": files}
    if cab:
        recipe["main"] = {"steps": {"it": {"cab": cab["name"], "params": values}}}
    with open(os.path.join(place.work, "r.yml"), "w", encoding="utf-8") as file:
        json.dump(recipe, file)


def prepare(spoor, place, cab, level, package):
    """The recipe, and what the tool would have made."""
    values, made = parameters(cab, level)
    write_recipe(place, cab["files"], cab, values)
    for path, is_directory in made.items():
        place.make(path, is_directory)
    plan = read_json(spoor, place, ["plan", "--json", "r.yml", "main"], place.environment(package))
    if not plan or not plan["steps"]:
        return
    for name, value in plan["steps"][0].get("inputs", {}).items():
        declared = cab["outputs"].get(name)
        if name in cab["inputs"] or not isinstance(value, str):
            continue
        if declared is None or declared["dtype"] in ("File", "Directory", "MS"):
            place.make(value, declared is not None and declared["dtype"] != "File")


def perform(program, spoor, cab, level, package):
    names = [re.sub(r"[-.]", lambda m: {"-": "_", ".": "__"}[m.group()], name)
             for section in ("inputs", "outputs") for name in cab[section]]
    tools = ["casa"] + ([cab["command"].split()[0]] if cab["flavour"] == "binary" else [])
    place = Place(tools, names)
    try:
        prepare(spoor, place, cab, level, package)
        status, text = program.run(place, ["run", "r.yml", "main"], place.environment(package))
        return {"status": status, "text": text, "record": place.recorded(program.home or place.home)}
    finally:
        place.remove()


# --- judging --------------------------------------------------------------------------------------

def explain(spoor, cab, package):
    """Is `doc` fit to be read? What is wrong, or None."""
    place = Place((), ())
    try:
        write_recipe(place, cab["files"], cab, {})
        status, text = spoor.run(place, ["doc", "--all", "r.yml", cab["name"]],
                                 place.environment(package))
    finally:
        place.remove()
    if status:
        return f"doc: exit status {status}"
    missing = [name for section in ("inputs", "outputs") for name in cab[section]
               if name not in text]
    return f"doc: no word of {missing[0]}" if missing else None


def difference(ours, theirs):
    """What differs, or None."""
    if ours["status"] != theirs["status"]:
        return f"exit status {ours['status']}, reference {theirs['status']}"
    if ours["record"] != theirs["record"]:
        return f"\n    spoor     {ours['record']}\n    reference {theirs['record']}"
    return None


def judge(label, ours, theirs):
    """(verdict, remark) for one run."""
    reason = next((why for pattern, why in INTENDED.items() if re.fullmatch(pattern, label)), None)
    useless = next((why for pattern, why in UNUSABLE.items() if re.fullmatch(pattern, label)), None)
    if theirs is None:
        if useless and ours["status"]:
            return "refused", useless
        fine = ours["status"] == 0 and ours["record"]
        return ("ok" if fine else "FAILED", "" if fine else ours["text"][-800:])
    found = difference(ours, theirs)
    if found is None:
        both = "" if ours["status"] == 0 else "both refuse: " + last_words(ours["text"])
        return ("same", both) if reason is None else ("FAILED", "differs no longer: " + reason)
    if reason:
        return "intended", reason
    return "DIFFERS", found + "\n    " + last_words(ours["text"]) + "\n    " + \
        last_words(theirs["text"])


def last_words(text):
    lines = [line.strip() for line in text.splitlines() if re.search(r"rror\b|└── ", line)]
    return " / ".join(lines[-6:])[:600]


def main():
    parser = argparse.ArgumentParser(description="run all cabs of an installed cult-cargo")
    parser.add_argument("-k", metavar="REGEX", default="", help="only cabs that match")
    parser.add_argument("-v", action="store_true", help="show what tools were given")
    parser.add_argument("--reference", metavar="VENV", help="compare with its Stimela")
    parser.add_argument("package", metavar="CULTCARGO")
    args = parser.parse_args()
    package = os.path.abspath(args.package)
    spoor = Spoor(os.environ.get("SPOOR", "build/spoor"))
    cabs = load_cabs(spoor, package)
    reference = Reference(args.reference) if args.reference else None
    counts = {}
    for name, cab in cabs.items():
        if not re.search(args.k, name):
            continue
        trouble = explain(spoor, cab, package)
        if trouble:
            counts["FAILED"] = counts.get("FAILED", 0) + 1
            print(f"FAILED    {name}: {trouble}")
        for level in LEVELS:
            label = f"{name} {level}"
            ours = perform(spoor, spoor, cab, level, package)
            theirs = perform(reference, spoor, cab, level, package) if reference else None
            verdict, remark = judge(label, ours, theirs)
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{verdict:9} {label:42} {remark}", flush=True)
            if args.v:
                print(json.dumps(ours["record"]))
    if reference:
        reference.close()
    print(f"{len(cabs)} cabs: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    return 1 if counts.get("FAILED") or counts.get("DIFFERS") else 0


sys.exit(main())
