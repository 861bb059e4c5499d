# SPDX-License-Identifier: BSD-3-Clause
"""A workspace to do harm to: sources, tools that change them in place, a recipe of all kinds of steps."""
import os
import pathlib
import shutil
import stat
import subprocess

MUTATE = """#!/bin/sh
# mutate DATASET NAME VALUE: in several writes, none of which leaves the dataset in order but the last.
saw=$(cat "$1/column" | cksum)
echo "$2" >>"@RAN@"
echo "half of $2" >"$1/column"
[ -e "$1/part-$2" ] || echo "$saw" >"$1/part-$2"
echo "$2" >>"$1/table.log"
[ -z "${TOOL_WAITS-}" ] || [ "$TOOL_WAITS" != "$2" ] || { : >"@AT@"; while [ ! -e "@GO@" ]; do sleep 0.02; done; }
rm -f "$1/scratch"
echo "$saw $2 $3" >"$1/column"
cat "$1/column" "$1/part-$2" >"$1/big"
head -c 70000 /dev/zero >>"$1/big"
"""
DIGEST = """#!/bin/sh
# digest DATASET OUT: reads it only.
echo "digest $2" >>"@RAN@"
echo "half" >"$2"
cat "$1"/column "$1"/part-* "$1"/table.log >"$2" 2>/dev/null || cat "$1/column" >"$2"
"""
CREATE = """#!/bin/sh
# create DATASET SEED: makes it anew.
echo "create" >>"@RAN@"
mkdir "$1" && mkdir "$1/SUB" && echo "seed $2" >"$1/column" && : >"$1/table.log" && echo "sub $2" >"$1/SUB/cell"
"""
COUNT = """#!/bin/sh
# count OUT WORD...: of several files.
echo "count" >>"@RAN@"
out=$1
shift
cat "$@" | cksum >"$out"
"""
COPY = """#!/bin/sh
# copy IN NUMBER OUT
echo "copy $3" >>"@RAN@"
{ echo "$2"; cat "$1"; } >"$3"
"""
TOOLS = {"mutate": MUTATE, "digest": DIGEST, "create": CREATE, "count": COUNT, "copy": COPY}

RECIPE = """cabs:
  create:
    command: @TOOLS@/create
    inputs: {seed: {dtype: int, default: 1, policies: {positional: true}}}
    outputs: {ms: {dtype: MS, required: true, policies: {positional_head: true}}}
  mutate:
    command: @TOOLS@/mutate
    policies: {positional: true}
    inputs:
      ms: {dtype: MS, writable: true, required: true}
      name: {dtype: str, required: true}
      value: {dtype: int, default: 0}
  digest:
    command: @TOOLS@/digest
    policies: {positional: true}
    inputs: {ms: {dtype: MS, required: true}}
    outputs: {text: {dtype: File, required: true}}
  copy:
    command: @TOOLS@/copy
    policies: {positional: true}
    inputs:
      text: {dtype: File, required: true}
      number: {dtype: int, required: true, policies: {positional: true}}
    outputs: {out: {dtype: File, required: true, policies: {positional: true}}}
  count:
    command: @TOOLS@/count
    inputs: {texts: {dtype: "List[File]", required: true, policies: {positional: true, repeat: list}}}
    outputs: {out: {dtype: File, required: true, policies: {positional_head: true}}}
all:
  inputs: {v1: int = 1, v2: int = 2, v3: int = 3, seed: int = 1}
  steps:
    s1: {cab: mutate, params: {ms: x.ms, name: s1, value: =recipe.v1}}
    look: {cab: digest, params: {ms: x.ms, text: look.txt}}
    s2: {cab: mutate, params: {ms: x.ms, name: s2, value: =recipe.v2}}
    make: {cab: create, params: {ms: made.ms, seed: =recipe.seed}}
    change: {cab: mutate, params: {ms: made.ms, name: change, value: =recipe.v2}}
    wide:
      recipe: {inputs: {text: File}, for_loop: {var: i, over: [1, 2, 3], scatter: 2},
               steps: {one: {cab: copy, params: {text: =recipe.text, number: =recipe.i, out: 'out/{recipe.i}.txt'}}}}
      params: {text: look.txt}
    s3: {cab: mutate, params: {ms: x.ms, name: s3, value: =recipe.v3}}
    sum: {cab: count, params: {texts: [out/1.txt, out/2.txt, out/3.txt], out: sum.txt}}
inplace:
  inputs: {v1: int = 1, v2: int = 2}
  steps:
    s1: {cab: mutate, params: {ms: x.ms, name: s1, value: =recipe.v1}}
    s2: {cab: mutate, params: {ms: x.ms, name: s2, value: =recipe.v2}}
"""


def quick_dir():
    """Where a workspace costs no disk: hundreds of runs end with a sync. None: anywhere."""
    return "/dev/shm" if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 1 << 30 else None


class Place:
    """Two workspaces, `work` to do harm to and `clean` to compare with, and the tools beside them."""

    def __init__(self, spoor, base, settings=()):
        self.spoor = str(pathlib.Path(spoor).resolve())
        self.base = pathlib.Path(base)
        self.work, self.tools = self.base / "work", self.base / "tools"
        self.ran_file, self.at, self.go = self.base / "ran", self.base / "at", self.base / "go"
        self.settings = list(settings)
        self.user = None  # who runs spoor; None: whoever runs the test
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("SPOOR_", "STIMELA_", "XDG_"))}
        self.env.update(HOME=str(self.base / "home"), LC_ALL="C.UTF-8")
        for name in ("home", "tools"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        # The tools tell the test what they do, in files that no cab knows.
        (self.base / "home/.config").mkdir(exist_ok=True)
        (self.base / "home/.config/stimela.conf").write_text("opts: {backend: {select: native}}\n")
        for name, text in TOOLS.items():
            self.tool(name, text)
        self.clean_trees = {}

    def tool(self, name, text):
        path = self.tools / name
        for word, value in (("@RAN@", self.ran_file), ("@AT@", self.at), ("@GO@", self.go)):
            text = text.replace(word, str(value))
        path.write_text(text)
        path.chmod(0o755)

    def fill(self, where):
        """Sources and recipe into an empty directory."""
        if where.exists():
            for root, dirs, _ in os.walk(where):
                for name in dirs:
                    os.chmod(os.path.join(root, name), 0o700)
            shutil.rmtree(where)
        (where / "x.ms" / "SUB").mkdir(parents=True)
        (where / "r.yml").write_text(RECIPE.replace("@TOOLS@", str(self.tools)))
        (where / "x.ms" / "column").write_text("raw\n")
        (where / "x.ms" / "scratch").write_text("goes away\n")
        (where / "x.ms" / "table.log").write_text("")
        for i in range(40):  # a list that is too long to stand in the ledger itself
            (where / "x.ms" / "SUB" / f"a rather long name of a file {i:02d}").write_text(f"{i}\n")

    def fresh(self):
        self.fill(self.work)
        self.ran()
        for path in (self.at, self.go):
            path.unlink(missing_ok=True)

    def start(self, *words, where=None, **env):
        return subprocess.Popen([self.spoor, *map(str, words)], cwd=where or self.work, env={**self.env, **env},
                                user=self.user, group=self.user, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace")

    def spoor_says(self, *words, where=None, **env):
        """Exit status and all that was said."""
        process = self.start(*words, where=where, **env)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def run(self, *words, where=None, settings=None, **env):
        more = [w for s in (self.settings if settings is None else settings) for w in ("-c", s)]
        return self.spoor_says("run", *more, "r.yml", *words, where=where, **env)

    def ran(self):
        """Names of the tools that have run since the last time."""
        text = self.ran_file.read_text().split("\n")[:-1] if self.ran_file.exists() else []
        self.ran_file.unlink(missing_ok=True)
        return text

    def clean(self, *words):
        """The tree that a run of these words leaves where nothing is remembered."""
        if words not in self.clean_trees:
            where = self.base / "clean"
            self.fill(where)
            status, said = self.run(*words, where=where, settings=["opts.store.enable=false"])
            if status:
                raise RuntimeError(f"a clean run of {words} fails:\n{said}")
            self.clean_trees[words] = tree(where)
            self.ran()
        return self.clean_trees[words]

    def differs(self, *words, where=None):
        """What is not as in a clean run, as text; empty: nothing."""
        return difference(tree(where or self.work), self.clean(*words))

    def sites(self, *words, command="run"):
        """Names of the fault sites that a command passes, in order of arrival."""
        path = self.base / "sites"
        path.unlink(missing_ok=True)
        status, said = (self.run(*words, SPOOR_FAULT_LIST=str(path)) if command == "run" else
                        self.spoor_says(command, *words, SPOOR_FAULT_LIST=str(path)))
        if status:
            raise RuntimeError(f"{command} {words} fails:\n{said}")
        return path.read_text().split()


def tree(where):
    """Path -> type, mode and bytes of all but Spoor's own files."""
    out = {}
    for root, dirs, files in os.walk(where):
        rel = os.path.relpath(root, where)
        if rel == ".":
            dirs[:] = [d for d in dirs if d != ".spoor" and not d.startswith("log-")]
            files = [f for f in files if not f.startswith("log-")]
        for name in dirs + files:
            path = os.path.join(root, name)
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            else:
                content = os.readlink(path) if stat.S_ISLNK(info.st_mode) else stat.S_IFMT(info.st_mode)
            out[os.path.normpath(os.path.join(rel, name))] = (stat.S_IMODE(info.st_mode), content)
    return out


def difference(got, want):
    lines = [f"{p}: not there" for p in want if p not in got]
    lines += [f"{p}: should not be there" for p in got if p not in want]
    lines += [f"{p}: {str(got[p])[:100]} instead of {str(want[p])[:100]}" for p in want if p in got and got[p] != want[p]]
    return "\n".join(sorted(lines)[:12])
