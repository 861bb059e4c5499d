#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make images to test with, good and hostile: make.py KIND TARGET [OPTION=VALUE...].

KIND is a row of `kinds` below. TARGET is a directory for an OCI layout; `docker` writes an archive as
`docker save` does, `tar` turns a layout into an archive. Everything is made here, the programs inside
come from Debian's busybox-static.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
EPOCH = 1700000000


def entry(name, data=None, **fields):
    """One member of a layer; without data it is what `type` says."""
    info = tarfile.TarInfo(name)
    info.mtime = EPOCH
    info.mode = 0o644 if data is not None else 0o755
    info.type = tarfile.REGTYPE if data is not None else tarfile.DIRTYPE
    for key, value in fields.items():
        setattr(info, key, value)
    if data is not None:
        data = data if isinstance(data, bytes) else data.encode()
        info.size = len(data)
    return info, data


def link(name, target):
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def hard(name, target):
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


def layer(*members, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def pack(data, how):
    if how == "gzip":
        return gzip.compress(data, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


class Layout:
    """An OCI image layout; `put` and `finish` do as the specification says, whatever is put."""

    def __init__(self, path):
        self.path = path
        self.manifests = []
        os.makedirs(f"{path}/blobs/sha256", exist_ok=True)
        with open(f"{path}/oci-layout", "w") as file:
            json.dump({"imageLayoutVersion": "1.0.0"}, file)

    def put(self, data, digest=None):
        digest = digest or sha(data)
        with open(f"{self.path}/blobs/sha256/{digest[7:]}", "wb") as file:
            file.write(data)
        return digest

    def put_json(self, value):
        data = json.dumps(value).encode()
        return {"digest": self.put(data), "size": len(data)}

    def image(self, layers, arch=ARCH, how="gzip", diff_ids=None, size=0, **config):
        rows = []
        for data in layers:
            packed = pack(data, how)
            rows.append({"mediaType": "application/vnd.oci.image.layer.v1.tar"
                         + ("" if how == "plain" else "+" + how),
                         "digest": self.put(packed), "size": len(packed) + size})
        made = self.put_json({
            "architecture": arch, "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids or [sha(data) for data in layers]}})
        manifest = self.put_json({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **made},
            "layers": rows})
        return {"mediaType": "application/vnd.oci.image.manifest.v1+json", **manifest}

    def index(self, *images):
        made = self.put_json({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{**image, "platform": {"os": "linux", "architecture": arch}}
                          for arch, image in images]})
        return {"mediaType": "application/vnd.oci.image.index.v1+json", **made}

    def finish(self, tag, image):
        self.manifests.append({**image, "annotations": {"org.opencontainers.image.ref.name": tag}})
        with open(f"{self.path}/index.json", "w") as file:
            json.dump({"schemaVersion": 2, "manifests": self.manifests}, file)


def busybox(path="/bin/busybox"):
    with open(path, "rb") as file:
        program = file.read()
    return layer(entry("bin"), entry("bin/busybox", program, mode=0o755),
                 link("bin/sh", "busybox"), hard("bin/ls", "bin/busybox"), entry("etc"),
                 entry("etc/hello", "hello from the first layer\n"),
                 entry("etc/gone", "to be removed\n"), entry("var/lib/old/a", "a\n"),
                 entry("var/lib/old/b/c", "c\n"), link("lib", "usr/lib"), entry("usr/lib"),
                 entry("dev"), entry("dev/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3))


def upper():
    return layer(entry("etc/.wh.gone", ""), entry("etc/new", "new\n"),
                 entry("lib/x.so", "in usr/lib\n"), entry("var/lib/old/.wh..wh..opq", ""),
                 entry("var/lib/old/d", "d\n"), entry("bin/tool", "#!/bin/sh\n", mode=0o4755))


def good(path, how="gzip", tag="1"):
    made = Layout(path)
    made.finish(tag, made.image([busybox(), upper()], how=how, Env=["A=B"], Cmd=["/bin/sh"]))


def both(path):
    """An index for two architectures."""
    made = Layout(path)
    small = layer(entry("a", "a\n"))
    made.finish("1", made.index(("sparc64", made.image([layer(entry("b", "b\n"))], arch="sparc64")),
                                (ARCH, made.image([small]))))


def other(path):
    made = Layout(path)
    made.finish("1", made.index(("sparc64", made.image([layer(entry("b", "b\n"))], arch="sparc64"))))


def liar(path):
    """The manifest does not say for which architecture it is, the configuration does."""
    made = Layout(path)
    made.finish("1", made.image([layer(entry("b", "b\n"))], arch="sparc64"))


def hostile(path, members):
    made = Layout(path)
    made.finish("1", made.image([layer(*members)]))


def two(path, first, second):
    made = Layout(path)
    made.finish("1", made.image([layer(*first), layer(*second)]))


OUT = os.environ.get("OUTSIDE", "/nonexistent")
HOSTILE = {
    "dotdot": [entry("../escaped", "x")],
    "dotdot-inside": [entry("a"), entry("a/../../escaped", "x")],
    "absolute": [entry("/escaped", "x")],
    "symlink-out": [entry(OUT), link("out", OUT), entry("out/escaped", "x")],
    "symlink-nowhere": [link("out", OUT), entry("out/escaped", "x")],
    "symlink-up": [entry(OUT), link("out", "../../../../../../../.." + OUT), entry("out/escaped", "x")],
    "symlink-chain": [entry(OUT), link("a", "b"), link("b", OUT), entry("a/escaped", "x")],
    "symlink-file": [link("f", OUT + "/victim"), entry("f", "overwritten")],
    "symlink-loop": [link("a", "b"), link("b", "a"), entry("a/x", "x")],
    "hard-out": [hard("h", OUT + "/victim")],
    "hard-up": [hard("h", "../../../../../../../.." + OUT + "/victim")],
    "hard-symlink": [link("s", OUT), hard("h", "s/victim")],
    "hard-write": [link("s", OUT + "/victim"), hard("h", "s"), entry("h", "overwritten")],
    "hard-dir": [entry("d"), hard("h", "d")],
    "hard-nothing": [hard("h", "nothing")],
    "device": [entry("sda", type=tarfile.BLKTYPE, devmajor=8), entry("ok", "ok"),
               entry("pipe", type=tarfile.FIFOTYPE)],
    "setuid": [entry("su", "x", mode=0o6755)],
    "unwritable": [entry("d", mode=0), entry("d/x", "x", mode=0)],
    "whiteout-dot": [entry("a/.wh..", "")],
    "whiteout-empty": [entry("a/.wh.", "")],
    "dir-over-link": [link("d", OUT), entry("d"), entry("d/escaped", "x")],
    "parent-is-file": [entry("f", "x"), entry("f/g", "x")],
    "twice": [entry("f", "first"), entry("f", "second")],
    "deep": [entry("/".join(["d"] * 150), "x")],
    "deep-by-links": [entry("/".join(["d"] * 90)), link("l", "/".join(["d"] * 90)),
                      entry("l/" + "/".join(["e"] * 90), "x")],
    "long-link": [link("l", "x" * 5000)],
    "no-link": [link("l", "")],
    "names": [entry("na me\n\x1b[31m", "x"), entry("\u00e9t\u00e9/\u03b1", "x"), entry("-rf", "x")],
}
WHITEOUTS = {
    "whiteout-out": ([link("o", OUT)], [entry("o/.wh.victim", "")]),
    "opaque-out": ([link("o", OUT)], [entry("o/.wh..wh..opq", "")]),
    "whiteout-dots": ([entry("a", "a")], [entry(".wh...", "")]),
    "whiteout-own": ([entry("a", "old")], [entry("a", "new"), entry(".wh.a", "")]),
    "whiteout-first": ([entry("a", "old")], [entry(".wh.a", ""), entry("a", "new")]),
    "whiteout-missing": ([entry("a", "a")], [entry("no/such/.wh.x", "")]),
    "whiteout-link": ([link("l", "d"), entry("d"), entry("d/x", "x")], [entry(".wh.l", "")]),
    "aufs": ([entry("a", "a")], [entry(".wh..wh.plnk"), entry(".wh..wh.plnk/x", "x"),
                                 entry(".wh..wh.aufs", "")]),
    "dir-to-file": ([entry("d"), entry("d/x", "x")], [entry("d", "now a file")]),
    "file-to-dir": ([entry("d", "file")], [entry("d"), entry("d/x", "x")]),
}


def damaged(path, what):
    """A good image, and then one thing that is not as its name or size says."""
    made = Layout(path)
    first = layer(entry("a", "a" * 100000), entry("b", "b"))
    if what == "diff-id":
        image = made.image([first], diff_ids=[sha(b"other")])
    elif what == "diff-ids":
        image = made.image([first], diff_ids=[sha(first), sha(first)])
    elif what == "tar":
        image = made.image([first[:60000]])
    elif what == "gzip":
        whole = gzip.compress(first, mtime=0)
        made.put(whole)
        image = made.image([whole[:-20]], how="plain", diff_ids=[sha(first)])
        manifest = f"{path}/blobs/sha256/{image['digest'][7:]}"
        with open(manifest) as file:
            text = json.load(file)
        text["layers"][0]["mediaType"] += "+gzip"
        image.update(made.put_json(text))
    elif what == "size":
        image = made.image([first], size=5)
    else:
        image = made.image([first])
    made.finish("1", image)
    with open(f"{path}/blobs/sha256/{image['digest'][7:]}") as file:
        blob = f"{path}/blobs/sha256/" + json.load(file)["layers"][0]["digest"][7:]
    if what == "truncated":
        os.truncate(blob, os.path.getsize(blob) // 2)
    elif what == "longer":
        with open(blob, "ab") as file:
            file.write(b"x")
    elif what == "flipped":
        with open(blob, "r+b") as file:
            file.seek(50)
            byte = file.read(1)
            file.seek(50)
            file.write(bytes([byte[0] ^ 1]))
    elif what == "missing":
        os.remove(blob)
    elif what == "out":
        os.rename(blob, OUT + "/blob")
        os.symlink(OUT + "/blob", blob)


def docker(path, compressed="no"):
    """As `docker save` writes it."""
    layers = [busybox(), upper()]
    config = json.dumps({"architecture": ARCH, "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                         "rootfs": {"type": "layers", "diff_ids": [sha(x) for x in layers]}})
    packed = [pack(x, "gzip") if compressed == "yes" else x for x in layers]
    name = sha(config.encode())[7:] + ".json"
    members = [entry(name, config)]
    for i, data in enumerate(packed):
        members += [entry(f"layer{i}"), entry(f"layer{i}/layer.tar", data)]
    members.append(entry("manifest.json", json.dumps([
        {"Config": name, "RepoTags": ["busybox:1"],
         "Layers": [f"layer{i}/layer.tar" for i in range(len(layers))]}])))
    with open(path, "wb") as file:
        file.write(layer(*members))


def big(path, size):
    """Layers of so many MiB that do not compress."""
    made = Layout(path)
    noise = hashlib.shake_256(b"noise").digest(1 << 20)
    blocks = [bytes([i]) + noise[1:] for i in range(int(size))]
    made.finish("1", made.image([layer(entry("big", b"".join(blocks))),
                                 layer(*[entry(f"d/{i}", str(i)) for i in range(200)])],
                                how="plain"))


def main(kind, path, *options):
    given = dict(option.split("=", 1) for option in options)
    if kind in HOSTILE:
        hostile(path, HOSTILE[kind])
    elif kind in WHITEOUTS:
        two(path, *WHITEOUTS[kind])
    elif kind == "damaged":
        damaged(path, **given)
    elif kind == "tar":
        with tarfile.open(path, "w") as tar:
            for name in ("oci-layout", "index.json", "blobs"):
                tar.add(os.path.join(given["of"], name), name)
    elif kind == "list":
        print("\n".join(HOSTILE if path == "hostile" else WHITEOUTS))
    else:
        {"good": good, "both": both, "other": other, "liar": liar, "docker": docker,
         "big": big}[kind](path, **given)


if __name__ == "__main__":
    main(*sys.argv[1:])
