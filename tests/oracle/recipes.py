#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs Stimela's own test recipes, and the SolarKAT recipe, through Spoor. Prints TAP.

    recipes.py SDISTS [-k REGEX] [-v]

SDISTS holds the source distributions of stimela 2.1.4 and solarkat from PyPI, unpacked
(tools/oracle-install does that); nothing of them is part of this project. Expected results are those
of the specification, section 9 and appendix A.
"""

import argparse
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

ALIAS = "--a=1 --b=1 --c=2 --d=d_is_implicit --e=e --f=f --out=1 --out2=out2"
PARAMS = "selfcal.image_name=bar msname=foo"

# (words after `run`, exit status, texts that must be there in this order, texts that must not)
# A word that begins with `!` is run by the shell before.
CASES = [
    ("test_aliasing.yml", 1, ["'a'", r"'s3\.a'", r"'s4\.a'"], []),
    ("test_aliasing.yml a=1 s3.a=1 s4.a=1 e=e f=f", 0,
     [f"# {ALIAS}", f"# {ALIAS}", "# --a=1 --c=2 --d=d_is_implicit --f=f --out=1 --out2=out2"], []),
    ("test_nesting.yml demo_recipe", 0,
     ["--a=0 --b=1 --c=2 --d=d_is_implicit --h.h1=x --out=0 --out2=out2", "--a=1 ",
      "--a=demo_recipe.s5 --c=2 --d=d_is_implicit --out=demo_recipe.s5 --out2=out2",
      "--a=demo_recipe.s8 "], []),
    ("test_nesting.yml demo_recipe -t a", 0, [r"--h\.h1=x", r"--h\.h2=x"], ["# .*demo_recipe.s5 "]),
    ("test_nesting.yml demo_recipe -t b --skip-tags c", 0, ["--a=0", "--a=1", "--a=2 --c=4"], []),
    ("test_recipe.yml selfcal.image_name=bar", 1, ["msname"], []),
    (f"test_recipe.yml {PARAMS} elem-xyz=t elemlist-xyz=[x,y]", 1, ["elem-xyz"], []),
    (f"test_recipe.yml {PARAMS} elem-xyz=x elemlist-xyz=[x,t]", 1, ["elemlist-xyz"], []),
    (f"test_recipe.yml {PARAMS} elem-xyz=x elemlist-xyz=[x,y]", 0,
     [r"callable_function\(1,'LBAND'\)", "--msname foo --tel kat-7 --synthesis 0.128",
      "--data-ms foo --jones B G --B.f_int 1 --G.f_int 1",
      "--ms foo --prefix bar --scale 30asec --size 1024 --dummy2 band1-L"], []),
    (f"test_recipe.yml {PARAMS} elem-xyz=x elemlist-xyz=x", 0, ["--dummy2 band1-L"], []),
    ("test_loop_recipe.yml cubical_image_loop", 1, ["ms"], []),
    ("test_loop_recipe.yml cubical_image_loop ms=foo", 0,
     ["--ms foo --prefix output/im1-s01/im1-s01", "--ms foo", "im1-s02", "im1-s03"], []),
    ("test_loop_recipe.yml same_as_cubical_image_loop ms=foo", 0, ["im1-s01", "im1-s03"], []),
    ("!mkdir -p test-a.ms test-b.ms test-c.ms; test_loop_recipe.yml loop_recipe", 0,
     ["test-a.ms", "test-b.ms", "test-c.ms"], []),
    ("test_loop_recipe_slurm.yml", 2, [], []),
    ("test_scatter.yml basic_loop", 0, [], []),
    ("test_scatter.yml nested_loop", 0, [], []),
    ("test_zip_loops.yml main_recipe", 0, ["testFalsex", "meFalsey"], []),
    ("test_len_loop.yml main_recipe", 0, ["testFalsex", "meFalsey", "nowFalsez"], []),
    ("test_output_elements.yml", 0,
     ["1 2", "2 4", "3 6", r"sums: \[3, 6, 9\], products: \[2, 8, 18\]"], []),
    ("test_wranglers.yml test_replace_suppress", 0, ["Michael J. Fox", "don't need roads!"],
     ["# .*cheetah"]),
    ("test_wranglers.yml test_force_success", 0, ["deliberately declared"], []),
    ("test_wranglers.yml test_force_failure", 1, ["cab marked as failed"], []),
    ("test_wranglers.yml test_force_failure2", 1, ["Nobody expected the fox!"], []),
    ("test_wranglers.yml test_parse", 0, ["The bloody cheetah ate 22 dogs!"], []),
    ("test_wranglers.yml test_parse2", 0, ["The bloody cheetah ate 22 dogs!"], []),
    ("test_wranglers.yml test_parse3", 0, ["The bloody cheetah ate 22 dogs!"], []),
    ("test_notify.yml", 0, ["2 == 2", "3 == 3", "3 == 3"], []),
    ("test_notify.yml step4.x=42", 1, ["ABORT: x is 42, I'm out of here!"], []),
    ("test_notify.yml step4.x=43", 1, ["epilogue: assert"], []),
    ("test_param_file.yml test-param-file -pf param_file.yml", 0,
     ["A string!", r"\['A', 'list', '!'\]", "Found a unicorn!"], ["# .*gremlin"]),
    ("test_callables.yml", 0, ["a is 6 and b is barbar", "a is {a} and b is {b}"], []),
    ("test_issue527.yml outer", 0, ["--msg 1"], []),
    ("test_issue527.yml circular", 1, ["self-referencing formula or substitution"], []),
    ("test_issue527.yml circular circular==recipe.circular", 1, [], []),
    ("test_backends.yml test_recipe", 1, [r"unable to select a backend \(singularity"], []),
    ("!rm -f *.tmp; test_conditional_skips.yml", 0, [], []),
    ("test_conditional_skips.yml", 0, [], []),
    ("test_conditional_skips.yml -f", 0, [], []),
    ("test_conditional_skips.yml -F", 0, [], []),
    ("test_xrun.yml", 0, ["5"], []),
]

# Appendix A: options, and the labels of the leaf steps that run.
LEAVES = {
    "t1": "t1-always", "t2": "t2-never-foo", "t3": "t3", "t4": "t4-foo-bar", "t5": "t5-bar",
    "t6": "t6-skip", "t7": "t7", "r1": "ssr-1-always", "r2": "ssr-2-never", "r3": "ssr-3-foo",
    "r4": "ssr-4-skip",
}
SELECTION = """
| s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-t foo | s1; s2:t1; s2.t7:r1; s3:t1,t3,t4,t5; s3.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-t s2.bar | s1; s2:t1,t4,t5; s2.t7:r1; s4:t1; s4.t7:r1
-t s2.t7.foo | s1; s2:t1; s2.t7:r1,r3; s4:t1; s4.t7:r1
-t s2.foo | s1; s2:t1,t2,t4; s2.t7:r1; s4:t1; s4.t7:r1
--skip-tags foo | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3
--skip-tags s2.bar | s1; s2:t1,t3; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
--skip-tags s2.t7.foo | s1; s2:t1,t3,t4,t5; s2.t7:r1; s4:t1,t3,t4,t5; s4.t7:r1,r3
-s s3 | s1; s2:t1; s2.t7:r1; s3:t1,t3,t4,t5; s3.t7:r1,r3; s4:t1; s4.t7:r1
-s s3.t3 | s1; s2:t1; s2.t7:r1; s3:t1,t3; s3.t7:r1; s4:t1; s4.t7:r1
-s s2.t7.r2 | s1; s2:t1; s2.t7:r1,r2; s4:t1; s4.t7:r1
-s s3.t6 | s1; s2:t1; s2.t7:r1; s3:t1,t6; s3.t7:r1; s4:t1; s4.t7:r1
-s s2:s3 | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1; s4.t7:r1
-s s2.t2:t6 | s1; s2:t1,t3,t4,t5; s2.t7:r1; s4:t1; s4.t7:r1
-s s2.t7.r2:r4 | s1; s2:t1; s2.t7:r1,r3; s4:t1; s4.t7:r1
-s s3: | s1; s2:t1; s2.t7:r1; s4:t1,t3,t4,t5; s4.t7:r1,r3
-s :s2 | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1; s4.t7:r1
-s s3.t5: | s1; s2:t1; s2.t7:r1; s4:t1,t3,t4,t5; s4.t7:r1,r3
-s s2.:t4 | s1; s2:t1,t3,t4; s2.t7:r1; s4:t1; s4.t7:r1
-s s2.t7.r3: | s1; s2:t1; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-s s2.t7.:r1 | s1; s2:t1,t3,t4,t5; s2.t7:r1; s4:t1; s4.t7:r1
-k s2 | s1; s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s2.t3 | s1; s2:t1,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s2.t7.r1 | s1; s2:t1,t3,t4,t5; s2.t7:r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s1:s2 | s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s2.t3:t4 | s1; s2:t1,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s4.t7.r1:r4 | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5
-k s2: | s1
-k :s2 | s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s2.t4: | s1; s2:t1,t3
-k s2.:t3 | s2:t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-k s2.t7.r3: | s1; s2:t1,t3,t4,t5; s2.t7:r1
-k s2.t7.:r2 | s2.t7:r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-e s5 | s1; s5; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3
-e s4.t6 | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5,t6; s4.t7:r1,r3
-e s4.t7.r4 | s1; s2:t1,t3,t4,t5; s2.t7:r1,r3; s4:t1,t3,t4,t5; s4.t7:r1,r3,r4
-e s2.t6: | s1; s5; s2:t1,t3,t4,t5,t6; s2.t7:r1,r3,r4; s4:t1,t3,t4,t5,t6; s4.t7:r1,r3,r4
-e s3.:t3 | s1; s2:t1,t3,t4,t5,t6; s2.t7:r1,r3,r4; s4:t1,t3,t4,t5; s4.t7:r1,r3
-e s2.t7.r4: | s1; s5; s2:t1,t3,t4,t5; s2.t7:r1,r3,r4; s4:t1,t3,t4,t5,t6; s4.t7:r1,r3,r4
-e s4.t7.:r1 | s1; s2:t1,t3,t4,t5,t6; s2.t7:r1,r3,r4; s4:t1,t3,t4,t5,t6; s4.t7:r1,r3
"""


# One of the modules that recipes call imports this, for the sake of its tests.
PYTEST = "def fixture(**options):\n    return lambda function: function\n"


class Tap:
    def __init__(self, pattern, verbose):
        self.pattern, self.verbose = pattern, verbose
        self.count = self.failed = 0

    def wants(self, name):
        return re.search(self.pattern, name) is not None

    def report(self, name, wrong, text=""):
        self.count += 1
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {name}", flush=True)
        for line in wrong + (text.splitlines()[-40:] if wrong or self.verbose else []):
            print(f"#   {line}")


def spell(label):
    """s2.t7 as the recipe has it."""
    return ".".join(LEAVES.get(part, part) for part in label.split("."))


def leaves(text):
    """The full names of the steps that one row of SELECTION lists."""
    out = set()
    for group in text.split(";"):
        prefix, _, labels = group.strip().partition(":")
        for label in labels.split(",") if labels else [""]:
            out.add("recipe." + spell(prefix + ("." + label if label else "")))
    return out


def spec_words(text):
    """Options with abbreviated labels, written out."""
    option, _, spec = text.strip().partition(" ")
    if not option or "tag" in option or option == "-t":
        head, dot, tag = spec.rpartition(".")
        return [word for word in (option, spell(head) + dot + tag if head else tag) if word]
    head, dot, last = spec.rpartition(".")
    last = ":".join(LEAVES.get(part, part) for part in last.split(":"))
    return [option, (spell(head) + dot if head else "") + last]


def run(program, words, folder, python_path=()):
    env = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
           "HOME": os.path.join(os.path.dirname(folder), "home"), "COLUMNS": "2000",
           "PYTHONPATH": ":".join([os.path.dirname(folder), folder, *python_path])}
    done = subprocess.run([program, "run", *words], cwd=folder, env=env, check=False, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def in_order(text, patterns):
    """None, or the first pattern that does not follow the ones before."""
    place = 0
    for pattern in patterns:
        found = re.compile(pattern).search(text, place)
        if not found:
            return pattern
        place = found.end()
    return None


def run_cases(tap, program, folder, python_path):
    for words, status, patterns, never in CASES:
        if not tap.wants(words):
            continue
        if words.startswith("!"):
            command, _, words = words[1:].partition("; ")
            subprocess.run(command, shell=True, cwd=folder, check=True)
        rc, text = run(program, shlex.split(words), folder, python_path)
        wrong = [] if rc == status else [f"exit status {rc}, not {status}"]
        missing = in_order(text, patterns)
        wrong += [f"not said, or not in order: {missing}"] if missing else []
        wrong += [f"said: {pattern}" for pattern in never if re.search(pattern, text)]
        tap.report(words, wrong, text)


def run_selection(tap, program, folder):
    for number, row in enumerate(SELECTION.strip().splitlines(), 1):
        options, _, wanted = row.partition("|")
        name = f"appendix A {number}: {options.strip() or 'no options'}"
        if not tap.wants(name):
            continue
        rc, text = run(program, ["test_subrecipes.yml", "recipe", *spec_words(options)], folder)
        ran = set(re.findall(r"^# .*?running step (\S+)", text, re.MULTILINE))
        wrong = [] if rc == 0 else [f"exit status {rc}"]
        wanted = leaves(wanted)
        if ran != wanted:
            wrong += [f"ran {' '.join(sorted(ran - wanted))}"] * bool(ran - wanted)
            wrong += [f"left out {' '.join(sorted(wanted - ran))}"] * bool(wanted - ran)
        tap.report(name, wrong, text)


def run_solarkat(tap, program, folder, cargo):
    if not tap.wants("solarkat"):
        return
    words = [*(["-I", cargo] if cargo else []), "solarkat.yaml", "solarkat", "obs=L2", "-d"]
    rc, text = run(program, words, folder)
    steps = ["split-ms-by-scan", "image-sun", "make-mask", "deconvolve-sun", "predict-sun-model",
             "copycolumn"]
    wrong = [] if rc == 0 else [f"exit status {rc}"]
    wrong += [f"does not list {step}" for step in steps if step not in text]
    tap.report("solarkat.yaml: dry run", wrong, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sdists")
    parser.add_argument("--cargo", help="directory that holds the package cultcargo")
    parser.add_argument("-k", default="")
    parser.add_argument("-v", action="store_true")
    opts = parser.parse_args()
    program = os.path.abspath(os.environ.get("SPOOR", os.path.join(ROOT, "build", "spoor")))
    tap = Tap(opts.k, opts.v)
    top = tempfile.mkdtemp(prefix="spoor-recipes-")
    try:
        tests = os.path.join(top, "tests")
        shutil.copytree(glob.glob(os.path.join(opts.sdists, "stimela-*", "tests"))[0], tests)
        os.makedirs(os.path.join(tests, "home"))
        with open(os.path.join(tests, "pytest.py"), "w", encoding="utf-8") as file:
            file.write(PYTEST)
        folder = os.path.join(tests, "stimela_tests")
        run_cases(tap, program, folder, [opts.cargo] if opts.cargo else [])
        run_selection(tap, program, folder)
        solarkat = os.path.join(top, "solarkat")
        shutil.copytree(glob.glob(os.path.join(opts.sdists, "solarkat-*", "solarkat"))[0], solarkat)
        run_solarkat(tap, program, solarkat, opts.cargo)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f"1..{tap.count}")
    sys.exit(1 if tap.failed else 0)


if __name__ == "__main__":
    main()
