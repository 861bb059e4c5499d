#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does a directory hold a valid RO-Crate 1.1? The MUSTs of the specification, each with its section:
https://www.researchobject.org/ro-crate/specification/1.1/ . Prints what is wrong; exit status 1 then."""
import json
import pathlib
import re
import sys
import urllib.parse

faults = []


def must(condition, section, text):
    if not condition:
        faults.append(f"{section}: {text}")


def types_of(entity):
    kinds = entity.get("@type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def as_list(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def check_document(document):
    must(set(document) == {"@context", "@graph"}, "structure", "@context and @graph, nothing else")
    contexts = as_list(document.get("@context"))
    must("https://w3id.org/ro/crate/1.1/context" in contexts, "JSON-LD", "refers to the 1.1 context")
    graph = document.get("@graph")
    must(isinstance(graph, list), "structure", "@graph is a list")
    ids = {}
    for entity in graph:
        must(isinstance(entity, dict) and isinstance(entity.get("@id"), str), "structure",
             f"an entity has an @id: {entity}")
        must(types_of(entity) and all(isinstance(t, str) for t in types_of(entity)), "structure",
             f"{entity['@id']} has a @type")
        must(entity["@id"] not in ids, "structure", f"{entity['@id']} stands once")
        ids[entity["@id"]] = entity
    for entity in graph:
        for key, value in entity.items():
            for item in as_list(value):
                if isinstance(item, dict):  # flattened: references only
                    must(set(item) == {"@id"}, "JSON-LD, flattened", f"{entity['@id']} {key}: {item}")
                    target = item.get("@id", "")
                    if not re.match(r"[a-z]+:", target):
                        must(target in ids, "references", f"{entity['@id']} {key}: no entity {target}")
                else:
                    must(isinstance(item, (str, int, float, bool)), "JSON-LD, flattened",
                         f"{entity['@id']} {key}: {item}")
    return ids


def check_root(ids):
    descriptor = ids.get("ro-crate-metadata.json", {})
    must(types_of(descriptor) == ["CreativeWork"], "root 1", "the descriptor is a CreativeWork")
    must(descriptor.get("about") == {"@id": "./"}, "root 2", "it is about ./")
    must(descriptor.get("conformsTo") == {"@id": "https://w3id.org/ro/crate/1.1"}, "root 3", "conformsTo")
    root = ids.get("./", {})
    must("Dataset" in types_of(root), "root 4", "the root is a Dataset")
    date = root.get("datePublished")
    must(isinstance(date, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", date),
         "root 5", f"datePublished: {date}")
    for key in ("name", "description", "license"):
        must(root.get(key), "root 6", f"the root has {key}")
    for profile in as_list(root.get("conformsTo")):
        must(profile["@id"] in ids, "profiles", f"{profile['@id']} is described")
    return root


def check_data(ids, root, base):
    linked = set()
    todo = [root]
    while todo:
        for part in as_list(todo.pop().get("hasPart")):
            if part["@id"] not in linked:
                linked.add(part["@id"])
                todo.append(ids.get(part["@id"], {}))
    for name, entity in ids.items():
        if name == "./" or not {"File", "Dataset"} & set(types_of(entity)):
            continue
        must(name in linked, "data entities", f"{name} is reached by hasPart")
        must(not name.startswith(("/", "../", "#")), "data entities", f"{name} is relative")
        must(re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+", name), "data entities",
             f"{name} is an escaped URI")
        path = base / urllib.parse.unquote(name)
        if "Dataset" in types_of(entity):
            must(name.endswith("/"), "data entities", f"directory {name} ends with a slash")
            must(path.is_dir(), "data entities", f"{path} is a directory")
        else:
            must(path.is_file(), "data entities", f"{path} is a file")
            if path.is_file() and "contentSize" in entity:
                must(entity["contentSize"] == str(path.stat().st_size), "data entities", f"{name}: contentSize")
    return linked


def check_run(ids, root):
    """Process Run Crate 0.5, Workflow Run Crate 0.5"""
    actions = [e for e in ids.values() if "CreateAction" in types_of(e)]
    must(actions, "process", "there is an action")
    for action in actions:
        instrument = ids.get(action.get("instrument", {}).get("@id"), {})
        must({"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"} & set(types_of(instrument)),
             "process", f"{action['@id']} has an instrument")
        must({"@id": action["@id"]} in as_list(root.get("mentions")), "process", f"{action['@id']} is mentioned")
    main = root.get("mainEntity")
    if main:
        workflow = ids.get(main["@id"], {})
        must({"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(types_of(workflow)), "workflow", "types")
        must(workflow.get("programmingLanguage", {}).get("@id") in ids, "workflow", "programmingLanguage")
        for formal in as_list(workflow.get("input")):
            must("FormalParameter" in types_of(ids.get(formal["@id"], {})), "workflow", f"{formal['@id']}")


def main(directory):
    base = pathlib.Path(directory)
    ids = check_document(json.loads((base / "ro-crate-metadata.json").read_text(encoding="utf-8")))
    root = check_root(ids)
    check_data(ids, root, base)
    check_run(ids, root)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
