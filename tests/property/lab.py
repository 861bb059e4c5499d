# SPDX-License-Identifier: BSD-3-Clause
"""A workspace, and beside it the model of what has to be in it (doc/design/store.md, "What a run starts from").

Of each artefact the model knows its lineage: [(None, state, []), (recipe, state, tasks), ...], what was there first and what
the last good run of each recipe has made of it, by which tasks. A run of a recipe starts from what was there before that
recipe first changed it; what steps made from nothing that the recipe does not have any more is there, too. What comes out
is found by running it from there, in a fresh directory, with the store off. An artefact that no step of the run names stays
as it is.

Operations are lists, as JSON: they can be kept, left out and run again.

    ["recipe", NAME, RECIPE]                       the definition of a recipe
    ["run", NAME, {PARAM: VALUE}, [OPTION...]]
    ["kill", NAME, {PARAM: VALUE}, ORDER]          somebody dies at the N-th tool; then the same run again
    ["fail", NAME, {PARAM: VALUE}]                 a parameter that tools refuse; then the last good ones again
    ["part", NAME, {PARAM: VALUE}, [OPTION...]]    a selection of steps; then all of it
    ["edit", PATH, TEXT, POLICY]                   a file, by hand; what the next run that meets it does
    ["remove", PATH]                               what a step has made
    ["gc", [OPTION...]]
"""
import json
import glob
import os
import re
import shlex
import shutil
import subprocess
import time

import recipes

KILL_WAIT = 20


class Mismatch(Exception):
    """What is wrong; `kind` is a word for it, which stays the same when the case gets shorter."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class GiveUp(Exception):
    """All is as it should be, but what comes next cannot be told."""


def artefact_of(path):
    """A dataset as a whole; any other file by itself."""
    parts = os.path.normpath(path).split("/")
    for i, part in enumerate(parts):
        if part.endswith(".ms"):
            return "/".join(parts[: i + 1])
    return "/".join(parts)


def written_by(argv):
    """What the tool writes when it is called like that."""
    words = dict(word[2:].split("=", 1) for word in argv[1:])
    value = int(words.get("value", 1))
    paths = [words[key] for key in ("table", "change") if key in words]
    if "out" in words and ("maybe" not in words or value % 2):
        paths.append(words["out"])
    for i in range(value % 4):
        paths += [f"{words['dir']}/part{i}"] if "dir" in words else []
        paths += [f"{words['prefix']}-{i}.txt"] if "prefix" in words else []
    return paths


def snapshot(top):
    """artefact -> {file in it ("" for a file): bytes, or None for a directory}"""
    result = {}
    for where, dirs, files in os.walk(top):
        here = os.path.relpath(where, top)
        if here == ".":
            dirs[:] = [d for d in dirs if d not in (".spoor", "logs")]
            files = [f for f in files if not f.startswith("log")]
        for name in dirs + files:
            path = os.path.normpath(os.path.join(here, name))
            artefact = artefact_of(path)
            is_dir = name in dirs
            if is_dir and not artefact.endswith(".ms"):
                continue
            data = None
            if not is_dir:
                with open(os.path.join(top, path), "rb") as file:
                    data = file.read()
            result.setdefault(artefact, {})[path[len(artefact) + 1:]] = data
    return result


def write_all(top, states):
    for artefact, state in states.items():
        for inner in sorted(state):
            path = os.path.join(top, artefact, inner) if inner or state[inner] is None else os.path.join(top, artefact)
            if state[inner] is None:
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(state[inner])


def show(state):
    if state is None:
        return "nothing"
    return ", ".join(f"{k or 'file'}={'dir' if v is None else v.decode(errors='replace').strip()[:16]}"
                     for k, v in sorted(state.items()))


class Lab:
    def __init__(self, spoor, tool, root, transcript=None):
        self.spoor, self.tool, self.root = spoor, tool, root
        self.work = os.path.join(root, "work")
        self.clean = os.path.join(root, "clean")
        self.file = os.path.join(root, "recipe.yml")
        self.cabs = os.path.join(root, "cabs.yml")
        self.written, self.on_disk = None, {}
        self.repeats = 0             # runs that were known to have nothing to do before anything was loaded
        self.lineage = {}
        self.recipes, self.good = {}, {}
        self.last = {}               # recipe -> parameters of its last good run
        self.removed = set()         # by hand: a recipe that takes it for its input does not run
        self.pending = {}            # edited artefact -> policy
        self.sure, self.maybe, self.vague = set(), set(), set()
        self.parallel = False
        self.transcript = transcript if transcript is not None else []
        self.runs = 0
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(self.work)
        sources = {t: {"": None, "column": t.encode(), "HISTORY": b"raw"} for t in recipes.TABLES}
        sources["s1.ms"]["table.dat"] = b"a table"
        for i in range(3):
            sources[f"u{i}.ms"] = {"": None, "column": b"u", "table.dat": str(i).encode()}
        sources.update({f: {"": f.encode()} for f in recipes.FILES})
        write_all(self.work, sources)
        for name, state in sources.items():
            self.lineage[name] = [(None, state, [])]
        self.script_sources(sources)

    # --- the transcript: a shell script -----------------------------------------------------

    def say(self, text):
        self.transcript.append(text)

    def script_sources(self, sources):
        for name, state in sorted(sources.items()):
            for inner, data in sorted(state.items()):
                if data is None:
                    self.say(f"mkdir -p {name}/{inner}")
                else:
                    path = f"{name}/{inner}" if inner else name
                    self.say(f"printf %s {shlex.quote(data.decode())} >{path}")

    # --- running ----------------------------------------------------------------------------

    def spoor_run(self, where, words, log, notes, kill=None):
        env = {"PATH": os.environ["PATH"], "HOME": self.root, "LC_ALL": "C.UTF-8",
               "PROPERTY_LOG": log, "PROPERTY_NOTES": notes}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        if kill:
            env["PROPERTY_KILL"] = kill
        self.runs += 1
        # The tool writes its log, which no cab knows.
        if words[0] == "run":
            words = ["run", "--backend", "native", *words[1:]]
        for path in (log, notes):
            if os.path.exists(path):
                os.remove(path)
        done = subprocess.run([self.spoor, *words], cwd=where, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120)
        text = done.stdout.decode(errors="replace")
        if "Sanitizer" in text or "runtime error" in text or done.returncode in (70, -6, -11, 134, 139):
            raise Mismatch("crash", f"status {done.returncode}\n{text}")
        return done.returncode, text

    @staticmethod
    def lines(path):
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def wait_for_tools(self):
        """Tools whose engine was killed may go on for a while."""
        end = time.monotonic() + KILL_WAIT
        while time.monotonic() < end:
            alive = False
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    alive = alive or os.readlink(f"/proc/{pid}/cwd").startswith(self.work)
                except OSError:
                    continue
            if not alive:
                return
            time.sleep(0.005)
        raise Mismatch("alive", "a tool does not end")

    # --- the model --------------------------------------------------------------------------

    def starts(self, name, now, on_top):
        """What each artefact is when a run of the recipe begins."""
        result = {}
        for artefact in set(now) | set(self.lineage):
            chain = self.lineage.get(artefact, [(None, now.get(artefact), [])])
            state = chain[self.root_of(name, chain)][1]
            if on_top or self.pending.get(artefact) == "adopt":
                state = now.get(artefact)
            if state is not None:
                result[artefact] = state
        return result

    def root_of(self, name, chain):
        """The index of the entry that a run of the recipe starts from."""
        first = next((i for i, entry in enumerate(chain) if entry[0] == name), None)
        if first is None:
            return len(chain) - 1
        root = first - 1
        while chain[root][1] is None and root + 1 < len(chain):
            gone = [not self.has_task(name, task) for task in chain[root + 1][2]]
            if not all(gone):
                if gone[0]:
                    raise GiveUp("what the first of its tasks made of it is not known")
                break
            root += 1
            if chain[root][1] is not None:
                while root + 1 < len(chain) and not any(self.has_task(name, t) for t in chain[root + 1][2]):
                    root += 1
                break
        return root

    def has_task(self, name, task):
        """r0.s3.1.s4: loops are numbered."""
        steps = self.recipes[name]["steps"]
        for label in task.split(".")[1:]:
            if label.isdigit():
                continue
            step = next((s for s in steps if s["label"] == label), None)
            if step is None:
                return False
            steps = step.get("steps", [])
        return True

    def makers(self):
        """artefact -> tasks of the clean run that have written it, in order."""
        runs = os.path.join(self.clean, ".spoor", "runs")
        result = {}
        for run in sorted(os.listdir(runs)):
            for line in self.lines(os.path.join(runs, run, "journal.jsonl")):
                event = json.loads(line)
                if event["event"] != "step-start":
                    continue
                for path in written_by(event["argv"]):
                    result.setdefault(artefact_of(path), []).append(event["task"])
        return result

    def touched(self, notes, known):
        """What the steps of the run name: (read, written)."""
        read, written = set(), set()
        for line in notes:
            verb, path = line.split(" ", 1)
            if verb == "l":
                continue
            inside = {a for a in known if a.startswith(os.path.normpath(path) + "/")}
            if verb in "rm":
                read |= inside or {artefact_of(path)}
            elif verb == "w":
                written.add(artefact_of(path))
            elif verb == "d":
                read |= {a for a in inside if re.match(r".*/part\d$", a)}
            else:
                read |= {a for a in known if re.fullmatch(re.escape(path) + r"-\d\.txt", a)}
        return read, written

    @staticmethod
    def rewriters(notes):
        """Calls that write, or may write, what an earlier one of the same run has written: what they find there is in their
        keys, too. And those that write into a directory that they only read: they are never reused."""
        result, seen, line, reads = set(), set(), None, set()
        for note in notes:
            verb, path = note.split(" ", 1)
            if verb == "l":
                line, reads = path, set()
                continue
            if any(path.startswith(directory + "/") for directory in reads):
                result.add(line)
            if verb == "r":
                reads.add(path)
            elif verb in "wdgm":
                if path in seen:
                    result.add(line)
                if verb != "m":
                    seen.add(path)
        return result

    def remember(self, name, now, final, read, written, on_top):
        makers = self.makers()
        for artefact in read | written:
            chain = self.lineage.get(artefact, [(None, None, [])])
            if on_top or self.pending.get(artefact) == "adopt":
                chain = [(None, now.get(artefact), [])]
            chain = chain[:self.root_of(name, chain) + 1]
            # What is not made is no state.
            if artefact in written and (final.get(artefact) is not None or chain[-1][1] is not None):
                chain = chain + [(name, final.get(artefact), makers[artefact])]
            self.lineage[artefact] = chain
            self.pending.pop(artefact, None)
            self.removed.discard(artefact)

    # --- checks -----------------------------------------------------------------------------

    def check_files(self, name, before, final, read, written):
        after = snapshot(self.work)
        for artefact in sorted(set(before) | set(final) | set(after)):
            named = artefact in read or artefact in written
            want = (final if named else before).get(artefact)
            if after.get(artefact) == want:
                continue
            kind = "files" if named else "unnamed"
            raise Mismatch(kind, f"after a run of {name}, {artefact} is\n  {show(after.get(artefact))}\nshould be\n  {show(want)}"
                                 f"\nbefore the run it was\n  {show(before.get(artefact))}")

    def check_log(self, name, ran, clean, fresh):
        known = set(clean)
        for line in ran:
            if line not in known:
                raise Mismatch("saw", f"in a run of {name} a tool saw what it does not see in a clean run:\n  {line}\nthere:\n  "
                                      + "\n  ".join(clean))
        if fresh:
            if sorted(ran) != sorted(clean):
                raise Mismatch("fresh", f"--fresh: ran {sorted(ran)}, of {sorted(clean)}")
            return
        for line in set(ran):
            if line in self.vague or ("say=1" in line and ":" not in line):
                continue  # a value from nothing is another each time
            if line in self.sure:
                raise Mismatch("again", f"in a run of {name} this ran again:\n  {line}")
            if ran.count(line) > 1 and not self.parallel:
                raise Mismatch("twice", f"in a run of {name} this ran {ran.count(line)} times:\n  {line}")
        for line in known - self.sure - self.maybe - self.vague - set(ran):
            raise Mismatch("false-hit", f"in a run of {name} this did not run, and never has:\n  {line}")

    # --- operations -------------------------------------------------------------------------

    def do(self, op):
        getattr(self, "do_" + op[0])(*op[1:])

    def do_recipe(self, name, recipe):
        self.recipes[name] = recipe

    def write_recipes(self):
        cabs, text = recipes.definition(self.tool, self.recipes)
        self.parallel = '"scatter"' in text
        for path, words in (self.cabs, cabs), (self.file, text):
            if words == self.on_disk.get(path):
                continue  # a file that is older than a run lets the run be known again
            self.on_disk[path] = words
            with open(path, "w", encoding="utf-8") as file:
                file.write(words)
        if text != self.written:
            self.say(f"cat >../recipe.yml <<'END'\n{text}\nEND")
        self.written = text

    def clean_run(self, name, params, starts, options):
        """(well, log, files, what it reads, what it writes)"""
        shutil.rmtree(self.clean, ignore_errors=True)
        os.makedirs(self.clean)
        write_all(self.clean, starts)
        log, notes = os.path.join(self.root, "log.clean"), os.path.join(self.root, "notes.clean")
        words = ["run", "-c", "opts.store.enable=false", self.cabs, self.file, name]
        status, text = self.spoor_run(self.clean, words + [f"{k}={v}" for k, v in params.items()] + options, log, notes)
        final = snapshot(self.clean)
        read, written = self.touched(self.lines(notes), set(final) | set(self.lineage) | set(snapshot(self.work)))
        self.vague |= self.rewriters(self.lines(notes))
        return status == 0, self.lines(log), final, read, written, text

    def run(self, name, params, options, kill=None):
        words = ["run", self.cabs, self.file, name] + [f"{k}={v}" for k, v in params.items()] + options
        log = os.path.join(self.root, "log")
        order = f"PROPERTY_KILL={kill} " if kill else ""
        self.say(f"{order}spoor run ../cabs.yml ../recipe.yml " + " ".join(words[3:]))
        status, text = self.spoor_run(self.work, words, log, os.path.join(self.root, "notes"), kill)
        for line in self.lines(log):
            self.say(f"#   ran: {line}")
        if self.is_repeated():
            self.repeats += 1
            self.say("#   known to have nothing to do")
        return status, self.lines(log), text

    def is_repeated(self):
        journals = glob.glob(os.path.join(self.work, ".spoor/runs/*/journal.jsonl"))
        if not journals:
            return False
        with open(max(journals, key=os.path.getmtime), encoding="utf-8") as file:
            return '"repeats"' in file.readline()

    def edit_options(self):
        policies = set(self.pending.values())
        return ["--edits", policies.pop()] if policies else []

    def do_run(self, name, params, options=()):
        """False: it cannot be run, not even in a clean place."""
        options = list(options)
        on_top, fresh = "--on-top" in options, "--fresh" in options
        if name not in self.recipes:
            return False
        before = snapshot(self.work)
        starts = self.starts(name, before, on_top)
        self.write_recipes()
        well, clean, final, read, written, _ = self.clean_run(name, params, starts, [])
        if well and {a for a in self.removed if a in starts} & (read | written):
            return False
        if not well:
            self.recipes[name] = self.good.get(name, self.recipes[name])
            return False
        self.good[name] = self.recipes[name]
        self.last[name] = params
        status, ran, text = self.run(name, params, options + self.edit_options())
        if status != 0 and "is not kept, and nothing in this recipe" in text and self.maybe:
            raise GiveUp("gc has taken what another recipe made, which is said")
        if status != 0:
            raise Mismatch("status", f"a run of {name} ends with {status}, a clean one well:\n{text}")
        self.check_files(name, before, final, read, written)
        self.check_log(name, ran, clean, fresh)
        self.sure |= set(ran) - self.vague  # what was reused is as sure as it was
        self.maybe -= self.sure
        self.remember(name, before, final, read, written, on_top)
        return True

    def do_rest(self, name):
        """The same over and over, until it is known at once that there is nothing to do."""
        for _ in range(4):
            if name not in self.last or self.pending or self.removed:
                return
            self.say("sleep 0.05")
            time.sleep(0.05)
            self.do_run(name, self.last[name])

    def disturbed(self, name, params, options=(), kill=None, good=None):
        """A run that does not end well, or not all of it; then one that does."""
        if name not in self.last or self.pending or self.removed:
            return
        good = self.last[name] if good is None else good
        before = snapshot(self.work)
        self.write_recipes()
        starts = self.starts(name, before, False)
        if not self.clean_run(name, good, starts, [])[0]:
            return
        _, clean, final, read, written, _ = self.clean_run(name, params, starts, [])
        _, ran, text = self.run(name, params, list(options), kill)
        self.wait_for_tools()
        self.check_log_subset(name, ran, clean, text)
        self.maybe |= set(ran) - self.sure
        after = snapshot(self.work)
        for artefact in set(after) | set(before):
            if artefact not in read | written | set(final) and after.get(artefact) != before.get(artefact):
                raise Mismatch("unnamed", f"a run of {name} that was disturbed has changed {artefact}")
        for artefact in set(after) - set(self.lineage):
            self.lineage[artefact] = [(None, None, []), (name, after[artefact], [name])]
        self.do_run(name, good)

    def check_log_subset(self, name, ran, clean, text):
        for line in ran:
            if line not in clean:
                raise Mismatch("saw", f"in a run of {name} a tool saw what it does not see in a clean run:\n  {line}\nthere:\n  "
                                      + "\n  ".join(clean) + f"\n{text}")
            if line in self.sure - self.vague and ("say=1" not in line or ":" in line):
                raise Mismatch("again", f"in a run of {name} this ran again:\n  {line}")

    def do_kill(self, name, params, order):
        self.disturbed(name, params, kill=order, good=params)

    def do_fail(self, name, params):
        self.disturbed(name, params)

    def do_part(self, name, params, options):
        self.disturbed(name, params, options, good=params)

    def do_edit(self, path, text, policy):
        artefact = artefact_of(path)
        real = os.path.join(self.work, path)
        is_new = artefact not in self.lineage
        if not os.path.exists(os.path.dirname(real)) or is_new or os.path.isdir(real) or \
                (policy in ("adopt", "restore") and set(self.pending.values()) - {policy}):
            return
        if snapshot(self.work).get(artefact) is None:
            return
        with open(real, "w", encoding="utf-8") as file:
            file.write(text)
        self.say(f"printf %s {shlex.quote(text)} >{path}")
        # A source is taken as it is, whatever the policy.
        is_source = len(self.lineage[artefact]) == 1
        self.pending[artefact] = "adopt" if is_source else policy
        if is_source:
            self.pending = {a: "adopt" for a in self.pending}

    def do_remove(self, path):
        chain = self.lineage.get(path)
        real = os.path.join(self.work, path)
        if not chain or len(chain) < 2 or path in self.pending or snapshot(self.work).get(path) != chain[-1][1]:
            return
        if os.path.isdir(real):
            shutil.rmtree(real)
        elif os.path.exists(real):
            os.remove(real)
        self.removed.add(path)
        self.say(f"rm -rf {path}")

    def do_gc(self, options):
        status, text = self.spoor_run(self.work, ["gc", *options], os.path.join(self.root, "log"),
                                      os.path.join(self.root, "notes"))
        self.say("spoor gc " + " ".join(options))
        if status not in (0, 1):
            raise Mismatch("gc", text)
        self.maybe |= self.sure
        self.sure = set()
