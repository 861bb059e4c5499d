#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""No room, and no permission: a disk that is full at every instant of a run, one without inodes, data that nobody may write.

    room.py SPOOR [PART...]

A run on a disk that is full may fail, if it says why. When there is room again the next one ends where an undisturbed run
would have, and nothing is reused that is not whole.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "science")]
import place as places  # noqa: E402
import private  # noqa: E402
import tap  # noqa: E402

KIB = 1024
FULL = "No space left on device"
NOBODY = 65534


def skip(what, why):
    tap.ok(True, f"{what} # SKIP {why}")


def careful(text):
    """Of tools that notice when they cannot write; others write half of a result, and say that all is well."""
    return text.replace("#!/bin/sh\n", "#!/bin/sh\nset -e\n").replace(
        '"$1"/table.log >"$2" 2>/dev/null || cat "$1/column" >"$2"', '"$1"/table.log >"$2"')


class Disk:
    """A small file system, and what fills it."""

    def __init__(self, where):
        self.where = where

    def free(self):
        info = os.statvfs(self.where)
        return info.f_bavail * info.f_frsize // KIB

    def leave(self, kib):
        """All but so much is taken."""
        with open(self.where / "filler", "wb") as file:
            take = self.free() - kib
            while take > 0:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), take * KIB)
                    return
                except OSError:  # what the file system needs for itself
                    take -= 4

    def leave_inodes(self, count):
        folder = self.where / "fillers"
        folder.mkdir()
        for i in range(os.statvfs(self.where).f_favail - count):
            (folder / f"{i}").touch()

    def clear(self):
        (self.where / "filler").unlink(missing_ok=True)
        shutil.rmtree(self.where / "fillers", ignore_errors=True)


class Room:
    def __init__(self, spoor, base, disk, what):
        self.place = places.Place(spoor, base)
        self.disk, self.what = disk, what
        self.work = self.place.work
        for name, text in places.TOOLS.items():
            self.place.tool(name, careful(text))

    def on_disk(self, inside):
        """The workspace on the small disk, or its store alone."""
        place = self.place
        if inside == "workspace":
            self.work = place.work = self.disk.where / "work"
            place.settings = []
        else:
            self.work = place.work = place.base / "work"
            place.settings = [f"opts.store.dir={self.disk.where / 'store'}"]
        return self

    def ready(self):
        place = self.place
        shutil.rmtree(self.disk.where / "store", ignore_errors=True)
        place.fresh()
        status, said = place.run("all")
        if status:
            raise RuntimeError(said)
        place.ran()

    def sweep(self, amounts, leave):
        """A run with another parameter while there is room for so much, then one with room."""
        place = self.place
        failed, wrong = 0, []
        for amount in amounts:
            self.ready()
            leave(amount)
            status, said = place.run("all", "v2=22")
            differs = place.differs("all", "v2=22") if status == 0 else ""
            failed += status != 0
            place.spoor_says("why", "s2")
            place.spoor_says("runs")
            self.disk.clear()
            if status not in (0, 1, 4) or (status and FULL not in said and "no room" not in said) or differs:
                wrong.append(f"{amount}: status {status}\n{differs}\n{said[-1500:]}")
            wrong += self.after(amount)
        tap.ok(not wrong, f"{self.what}: {len(amounts)} amounts of room, with {failed} of which the run failed",
               "\n".join(wrong)[:6000])
        tap.ok(0 < failed < len(amounts), f"{self.what}: some are not enough")

    def after(self, amount):
        place = self.place
        back = False
        status, said = place.run("all", "v2=22")
        differs = place.differs("all", "v2=22")
        if status or differs:
            return [f"{amount}: the next run: status {status}\n{differs}\n{said[-1500:]}"]
        for words in (("all", "v2=22"), ("all",), ("all",)):
            place.ran()
            status, said = place.run(*words)
            # What there was no room for is made again: once.
            ran = [] if words == ("all",) and not back else place.ran()
            back = words == ("all",)
            if status or ran or place.differs(*words):
                return [f"{amount}: run {words}: status {status}, ran {ran}\n{place.differs(*words)}\n{said[-1500:]}"]
        status, said = place.spoor_says("fsck", "--data", *[w for s in place.settings for w in ("-c", s)])
        return [f"{amount}: fsck: {said}"] if status else []


def full(spoor, base):
    """A tmpfs for every amount; an ext4, whose metadata take room when they like, for some."""
    with private.mounted(base / "tmpfs", "-t", "tmpfs", "-o", "size=2M", "tmpfs") as where:
        room = Room(spoor, base / "t", Disk(where), "a full tmpfs")
        room.on_disk("workspace").sweep([*range(0, 160, 8), *range(160, 900, 48)], room.disk.leave)
        room.what = "a full tmpfs below the store"
        room.on_disk("store").sweep([*range(0, 64, 8), *range(64, 700, 64)], room.disk.leave)
        room.what = "a workspace on a full tmpfs, its store elsewhere"
    with private.mounted(base / "inodes", "-t", "tmpfs", "-o", "size=16M,nr_inodes=700", "tmpfs") as where:
        room = Room(spoor, base / "i", Disk(where), "a tmpfs without inodes")
        room.on_disk("workspace").sweep([0, 1, 2, 3, 5, 7, 9, 12, 15, 20, 25, 30, 40, 60, 100], room.disk.leave_inodes)
    if not shutil.which("mkfs.ext4"):
        return skip("a full ext4", "needs mkfs.ext4")
    if subprocess.run(["losetup", "--find"], capture_output=True, check=False).returncode:
        return skip("a full ext4", "needs loop devices")
    image = base / "ext4.img"
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-N", "800", image], check=True)
    with private.mounted(base / "ext4", "-o", "loop", image) as where:
        room = Room(spoor, base / "e", Disk(where), "a full ext4")
        room.on_disk("workspace").sweep([0, 4, 8, 16, 32, 64, 128, 256, 384, 512, 2048], room.disk.leave)
        room.what = "an ext4 without inodes"
        room.sweep([0, 2, 5, 10, 20, 40, 100], room.disk.leave_inodes)
    return None


class Forbidden:
    """An ordinary user, and what he may not write."""

    def __init__(self, spoor, base):
        self.place = places.Place(spoor, base)
        self.base, self.work = base, self.place.work
        for name, text in places.TOOLS.items():
            self.place.tool(name, careful(text))
        base.chmod(0o777)

    def belongs(self, path, user):
        for one in [path, *path.rglob("*")]:
            os.chown(one, user, user, follow_symlinks=False)

    def all(self):
        self.place.clean("all")
        self.place.clean("all", "v2=22")
        self.place.user = NOBODY
        self.sources()
        self.place.user = None
        self.others_workspace()
        self.read_only_disk()
        self.another_user()
        self.others_store()

    def tools(self, what, want, status, words, said=""):
        place = self.place
        place.ran_file.touch(0o666)
        place.ran_file.chmod(0o666)
        place.ran_file.write_text("")
        got, text = place.run(*words)
        ran = place.ran_file.read_text().split("\n")[:-1]
        tap.ok(got == status and ran == want and said in text, what, f"status {got}, ran {ran}\n{text}")

    def sources(self):
        """Data of somebody else, which nobody may write, in directories that nobody may write."""
        place = self.place
        place.fresh()
        data = self.base / "data"
        data.mkdir()
        shutil.move(self.work / "x.ms", data / "x.ms")
        (data / "x.ms" / "part-0").write_text("part\n")
        (self.work / "r.yml").write_text((self.work / "r.yml").read_text().replace("ms: x.ms", f"ms: {data / 'x.ms'}") + """
reads:
  inputs: {out: str = look.txt}
  steps: {look: {cab: digest, params: {ms: DATA, text: =recipe.out}}}
""".replace("DATA", str(data / "x.ms")))
        for root, dirs, files in os.walk(data):
            for name in files:
                os.chmod(os.path.join(root, name), 0o444)
            for name in dirs:
                os.chmod(os.path.join(root, name), 0o555)
        before = places.tree(data)
        self.belongs(self.work, NOBODY)
        for what in ("data that nobody may write", "data on a disk that nobody may write"):
            self.tools(what, ["digest look.txt"], 0, ("reads",))
            self.tools(f"{what}: once", [], 0, ("reads",))
            self.tools(f"{what}: a step that changes them fails", [], 1, ("inplace",), "is not writable at")
            self.tools(f"{what}: they can still be read", [], 0, ("reads",))
            tap.ok(places.tree(data) == before, f"{what}: they are as they were")
            if "disk" not in what:
                subprocess.run(["mount", "--bind", data, data], check=True)
                subprocess.run(["mount", "-o", "remount,ro,bind", data], check=True)
                shutil.rmtree(self.work / ".spoor")
        subprocess.run(["umount", data], check=True)
        shutil.rmtree(data)

    def looks(self, what):
        """Whoever only looks may do so."""
        for words in (("why", "s2"), ("runs",), ("versions", "x.ms"), ("status",), ("log", "s2")):
            status, said = self.place.spoor_says(*words)
            tap.ok(status == 0 and "s2" in said or words == ("runs",), f"{what}: spoor {' '.join(words)}", said)

    def others_workspace(self):
        place = self.place
        place.fresh()
        place.run("all")
        before = places.tree(self.work)
        place.user = NOBODY
        self.tools("a workspace of somebody else", [], 1, ("all", "v2=22"), "'ms' is not writable at 'x.ms'")
        self.looks("of somebody else")
        tap.ok(places.tree(self.work) == before, "it is not touched")
        place.user = None
        for path in [self.work, *self.work.rglob("*")]:
            if ".spoor" not in path.parts:
                path.chmod(path.stat().st_mode | 0o222)
        before = places.tree(self.work)
        place.user = NOBODY
        self.tools("its data may be written, its state not", [], 4, ("all", "v2=22"), "ermission denied")
        tap.ok(places.tree(self.work) == before, "and nothing is")
        place.user = None

    def read_only_disk(self):
        place = self.place
        place.fresh()
        place.run("all")
        with private.bound(self.work, self.work):
            subprocess.run(["mount", "-o", "remount,ro,bind", self.work], check=True)
            self.tools("a workspace that nobody may write", [], 1, ("all", "v2=22"), "'ms' is not writable at 'x.ms'")
            self.looks("read-only")
        self.tools("and then may", ["s2", "change", "s3"], 0, ("all", "v2=22"))
        tap.ok(not place.differs("all", "v2=22"), "to the result of a clean run")

    def another_user(self):
        place = self.place
        place.fresh()
        place.run("all")
        for user in (NOBODY, 0):
            self.belongs(self.work, user)
            place.user = user or None
            self.tools("a workspace that belongs to another user now: none runs", [], 0, ("all",))
            tap.ok(not place.differs("all"), "and all is as it was", place.differs("all"))
        place.user = None

    def others_store(self):
        place = self.place
        place.fresh()
        (self.base / "store").mkdir(0o700)
        place.settings = [f"opts.store.dir={self.base / 'store'}"]
        self.belongs(self.work, NOBODY)
        place.user = NOBODY
        self.tools("a store of somebody else", [], 4, ("all",), "ermission denied")
        status, said = place.run("all")
        tap.ok(str(self.base / "store") in said, "which is named", said)
        place.user = None


def forbidden(spoor, base):
    able = os.access(spoor, os.X_OK) and subprocess.run([spoor, "--version"], user=NOBODY, capture_output=True,
                                                        check=False).returncode == 0
    if not able:
        return skip("an ordinary user", "nobody may not run this spoor")
    (base / "f").mkdir()
    base.chmod(0o755)
    Forbidden(spoor, base / "f").all()
    return None


def main():
    private.mounts()
    if not private.is_private():
        print("1..0 # SKIP needs root, to mount")
        return 0
    base = pathlib.Path(tempfile.mkdtemp(prefix="spoor-room-", dir=places.quick_dir()))
    for part in (full, forbidden):
        if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
            part(sys.argv[1], base)
    shutil.rmtree(base)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
