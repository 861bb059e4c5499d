# SPDX-License-Identifier: BSD-3-Clause
"""Random recipes. A recipe is {"steps": [...]}; a step is

    {"label", "cab", "params"}                            one tool
    {"label", "steps", "params", "over"?, "scatter"?}     a nested recipe, or a loop over "over"

All of it is JSON, and JSON is YAML: what is written for Spoor is the text of `definition`.
"""
import copy
import json

TABLES = ["s0.ms", "s1.ms", "s2.ms"]          # sources
FILES = ["f0.txt", "f1.txt"]
PREFIXES = ["q0", "q1", "out1/q"]
PARAMS = ["v0", "v1", "v2", "v3"]


def cab(tool, inputs, outputs, **more):
    common = {"name": "str", "value": {"dtype": "int", "default": 1}, "word": "str"}
    return {"command": tool, "policies": {"key_value": True}, "inputs": {**common, **inputs},
            "outputs": outputs, **more}


def cabs(tool):
    hidden = {"policies": {"skip": True}}
    reads = {
        "in": "File", "table_in": "MS", "dir_in": "Directory",
        "ins": {"dtype": "List[File]", "policies": {"repeat": ","}},
        "opt": {"dtype": "File", "must_exist": False},
    }
    flag = {"dtype": "int", "default": 1}
    return {
        "file": cab(tool, reads, {"out": {"dtype": "File", "required": True}}),
        "coarse": cab(tool, {**reads, "coarse": flag}, {"out": {"dtype": "File", "required": True}}),
        "maybe": cab(tool, {**reads, "maybe": flag},
                     {"out": {"dtype": "File", "required": True, "must_exist": False}}),
        "table": cab(tool, reads, {"table": {"dtype": "MS", "required": True}}),
        "change": cab(tool, {**reads, "change": {"dtype": "MS", "writable": True, "required": True}},
                      {"out": {"dtype": "File"}}),
        "alter": cab(tool, {**reads, "change": {"dtype": "File", "writable": True, "required": True}}, {}),
        "many": cab(tool, {**reads, "prefix": {"dtype": "str", "required": True}},
                    {"files": {"dtype": "List[File]", "must_exist": False, **hidden,
                               "implicit": "=GLOB('{current.prefix}-*.txt')"}}),
        "say": cab(tool, {**reads, "say": flag}, {"val": {"dtype": "int", **hidden}},
                   management={"wranglers": {r"val: (?P<val>\d+)": ["PARSE_OUTPUT:val:int"]}}),
        "dir": cab(tool, reads, {"dir": {"dtype": "Directory", "required": True}}),
    }


def steps_of(steps):
    """As Spoor wants them."""
    result = {}
    for step in steps:
        if "cab" in step:
            result[step["label"]] = {"cab": step["cab"], "params": step["params"]}
            continue
        inner = {"inputs": {"v": "int"}, "steps": steps_of(step["steps"])}
        if "over" in step:
            inner["for_loop"] = {"var": "i", "over": step["over"]}
            if step["scatter"]:
                inner["for_loop"]["scatter"] = step["scatter"]
        result[step["label"]] = {"recipe": inner, "params": step["params"]}
    return result


def definition(tool, recipes):
    """The text of two files: the cabs, and the recipes, a step a line."""
    document = {"opts": {"store": {"sync": False}}, "cabs": cabs(tool)}
    lines = []
    for name, recipe in recipes.items():
        inputs = {p: {"dtype": "int", "default": 1} for p in PARAMS}
        lines += [f"{name}:", f"  inputs: {json.dumps(inputs)}", "  steps:"]
        lines += [f"    {label}: {json.dumps(step)}" for label, step in steps_of(recipe["steps"]).items()]
    return json.dumps(document), "\n".join(lines)


def walk(steps):
    """Every list of steps, with the place of each step in it."""
    for at, step in enumerate(steps):
        yield steps, at
        if "steps" in step:
            yield from walk(step["steps"])


class Maker:
    """Makes recipes. What exists where is guessed: a recipe that fails in a clean run is not used."""

    def __init__(self, rng):
        self.rng = rng
        self.count = 0

    def chance(self, p):
        return self.rng.random() < p

    def label(self):
        self.count += 1
        return f"s{self.count}"

    def value(self, scope):
        says = [s for s in scope["says"]]
        roll = self.rng.random()
        if says and roll < 0.25:
            return f"=steps.{self.rng.choice(says)}.val"
        if roll < 0.7:
            return f"=recipe.{self.rng.choice(scope['params'])}"
        if scope["loop"] and roll < 0.85:
            return "=recipe.i"
        return self.rng.randrange(5)

    def table(self, scope):
        if scope["loop"]:
            return self.rng.choice(["s{recipe.i}.ms", "s{recipe.i}.ms", "u{recipe.i}.ms"])
        return self.rng.choice(scope["tables"])

    def out(self, scope):
        if scope["loop"]:
            return self.rng.choice(["l{recipe.i}.txt", "m{recipe.i}.txt", "out1/l{recipe.i}.txt"])
        names = [f"p{i}.txt" for i in range(6)] + ["out1/a.txt", "out1/b.txt", "out2/c.txt"]
        # A second writer of a file may go on from what the first has made: it depends on that.
        free = [name for name in names if name not in scope["files"]]
        return self.rng.choice(free or names)

    def reads(self, scope, params):
        roll = self.rng.random()
        files = scope["files"]
        if roll < 0.45 and files:
            params["in"] = self.rng.choice(files)
        elif roll < 0.6:
            params["table_in"] = self.table(scope)
        elif roll < 0.72 and files:
            params["ins"] = [self.rng.choice(files) for _ in range(self.rng.randrange(1, 4))]
        elif roll < 0.84 and scope["many"]:
            label, prefix = self.rng.choice(scope["many"])
            params["ins"] = (f"=steps.{label}.files" if self.chance(0.5) else f"=GLOB('{prefix}-*.txt')")
        elif roll < 0.94:
            params["opt"] = self.out({**scope})
        elif scope["dirs"]:
            params["dir_in"] = self.rng.choice(scope["dirs"])

    def tool(self, scope):
        kinds = ["file"] * 4 + ["coarse", "maybe", "say"] + ["change"] * 5 + ["alter"]
        kinds += [] if scope["loop"] else ["many", "table"]
        kinds += ["dir"] if not scope["loop"] else []
        kind = self.rng.choice(kinds)
        label = self.label()
        params = {"name": self.rng.choice("abc"), "value": self.value(scope)}
        self.reads(scope, params)
        if kind in ("file", "coarse", "maybe"):
            params["out"] = self.out(scope)
            if kind != "maybe":
                scope["files"].append(params["out"])
        elif kind == "table":
            params["table"] = self.rng.choice(["t0.ms", "t1.ms"])
            scope["tables"].append(params["table"])
        elif kind == "change":
            params["change"] = self.table(scope)
            if self.chance(0.3):
                params["out"] = self.out(scope)
                scope["files"].append(params["out"])
        elif kind == "alter":
            if not scope["files"]:
                return self.tool(scope)
            params["change"] = self.rng.choice(scope["files"])
            for key in ("in", "opt", "ins"):
                params.pop(key, None)
        elif kind == "many":
            params["prefix"] = self.rng.choice(PREFIXES)
            scope["many"].append((label, params["prefix"]))
        elif kind == "say":
            # A value from nothing is another each time: never reused.
            if not set(params) & {"in", "ins", "opt", "table_in", "dir_in"}:
                params["in"] = FILES[0]
            scope["says"].append(label)
        elif kind == "dir":
            params["dir"] = self.rng.choice(["out1", "out3"])
            scope["dirs"].append(params["dir"])
            scope["files"].append(f"{params['dir']}/part0")
        return {"label": label, "cab": kind, "params": params}

    def scope(self, files=(), tables=(), loop=False, params=PARAMS):
        return {"files": list(files), "tables": list(tables), "many": [], "says": [], "dirs": [],
                "loop": loop, "params": list(params)}

    def nested(self, outer):
        loop = self.chance(0.7)
        step = {"label": self.label(), "params": {"v": self.value(outer)}}
        inner = self.scope([] if loop else outer["files"], outer["tables"], loop, ["v"])
        if loop:
            step["over"] = self.rng.sample([0, 1, 2], self.rng.randrange(1, 4))
            step["scatter"] = self.rng.choice([0, 0, 2, -1])
            if step["scatter"] == 0 and self.chance(0.3):
                inner["loop"] = False
        step["steps"] = [self.tool(inner) for _ in range(self.rng.randrange(1, 4))]
        if loop and inner["loop"]:
            outer["files"] += [f.replace("{recipe.i}", str(i)) for f in inner["files"] for i in step["over"]]
        elif not loop:
            outer["files"] += inner["files"]
        return step

    def step(self, scope):
        return self.nested(scope) if self.chance(0.2) else self.tool(scope)

    def recipe(self, foreign=()):
        scope = self.scope(FILES + list(foreign), TABLES)
        return {"steps": [self.step(scope) for _ in range(self.rng.randrange(2, 7))]}

    def scope_before(self, steps, at, foreign):
        """What the steps before that place have made."""
        scope = self.scope(FILES + list(foreign), TABLES)
        for step in steps[:at]:
            params = step["params"]
            if "cab" not in step:
                continue
            if step["cab"] in ("file", "coarse"):
                scope["files"].append(params["out"])
            elif step["cab"] == "table":
                scope["tables"].append(params["table"])
            elif step["cab"] == "many":
                scope["many"].append((step["label"], params["prefix"]))
            elif step["cab"] == "say":
                scope["says"].append(step["label"])
            elif step["cab"] == "dir":
                scope["dirs"].append(params["dir"])
                scope["files"].append(f"{params['dir']}/part0")
        return scope

    def vary(self, recipe, foreign=()):
        """The recipe with one thing changed."""
        recipe = copy.deepcopy(recipe)
        steps = recipe["steps"]
        how = self.rng.choice(["add", "remove", "swap", "rename", "value", "again", "path"])
        if how == "add" or len(steps) < 2:
            at = self.rng.randrange(len(steps) + 1)
            steps.insert(at, self.step(self.scope_before(steps, at, foreign)))
            return recipe
        places = list(walk(steps))
        where, at = self.rng.choice(places)
        if how == "remove" and len(where) > 1:
            del where[at]
        elif how == "swap" and len(where) > 1:
            other = self.rng.randrange(len(where))
            where[at], where[other] = where[other], where[at]
        elif how == "rename":
            self.relabel(recipe, where[at]["label"], self.label())
        elif how == "value" and "cab" in where[at]:
            where[at]["params"]["value"] = self.rng.randrange(5)
        elif how == "path" and "out" in where[at]["params"]:
            self.repath(recipe, where[at]["params"]["out"])
        elif where is steps:
            steps[at] = self.step(self.scope_before(steps, at, foreign))
        return recipe

    @staticmethod
    def relabel(recipe, old, new):
        text = json.dumps(recipe["steps"]).replace(f'"label": "{old}"', f'"label": "{new}"')
        recipe["steps"] = json.loads(text.replace(f"steps.{old}.", f"steps.{new}."))

    def repath(self, recipe, old):
        new = f"z{self.rng.randrange(3)}.txt"
        if "{" in old:
            new = "z{recipe.i}x.txt"
        text = json.dumps(recipe["steps"]).replace(json.dumps(old), json.dumps(new))
        recipe["steps"] = json.loads(text)
