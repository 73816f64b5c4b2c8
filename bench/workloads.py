"""The four workloads: how their data is made, and what state each operation finds it in.

Packed data stays in the store (on disk); a workload lays its data below the work folder (tmpfs) and removes it at
the end, so that only one workload's data is in memory.
"""

import os
import random
import shlex
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

HERE = Path(__file__).parent
SETTLE_S = 3  # every tool distrusts time stamps as young as its own start


def run(*argv, **options):
    return subprocess.run([str(a) for a in argv], check=True, **options)


class Workload:
    """One data set.  before(op) brings it into the state that op needs; ops run in the order given."""
    name = ""
    ops = ["first", "unchanged", "changed", "restore", "check"]
    stream = False           # the source is one file for stdin, not a folder
    one_tool_at_a_time = False  # repositories are too large to keep those of all tools at once

    def __init__(self, work, store, scale):
        self.folder, self.store, self.scale = work / "data" / self.name, store, scale
        self.source = self.folder / self.name
        self.notes = []      # facts of this run, for the report

    def prepare(self):
        self.remove()
        self.folder.mkdir(parents=True)
        self.store.mkdir(parents=True, exist_ok=True)
        self.make()

    def before(self, op):
        pass

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self, full):
        return max(1, int(full * self.scale))


class Tree(Workload):
    """A kernel source tree and its next releases."""
    name = "tree"

    def make(self):
        self.releases = kernel_trees(self.store, self.notes)
        if self.scale < 1:
            self.releases = [thin(tree, self.scale) for tree in self.releases]
        self.ops = ["first", "unchanged", *changed_ops(len(self.releases)), "restore", "check"]
        self.notes.append("releases " + ", ".join(t.name for t in self.releases)
                          + "; each is laid over the one before by `rsync -a --checksum --no-times --delete`: files with "
                            "equal content keep inode, mtime and ctime, the others are new files with the time of laying")

    def before(self, op):
        if op == "first":
            self.lay(self.releases[0])
        elif op.startswith("changed"):
            self.lay(self.releases[changed_number(op)])

    def lay(self, release):
        self.source.mkdir(exist_ok=True)
        run("rsync", "-a", "--checksum", "--no-times", "--delete", f"{release}/", f"{self.source}/")
        time.sleep(SETTLE_S)

    def limits(self):
        tree = shlex.quote(str(self.source))
        copy = shlex.quote(str(self.folder / "copy"))
        return [("cp -a", f"cp -a {tree} {copy}"),
                ("tar | cat >/dev/null", f"tar -C {tree} -c . | cat >/dev/null"),
                ("tar | zstd -1 -T2", f"tar -C {tree} -c . | zstd -1 -T2 -q >/dev/null"),
                ("find, stat walk", f"find {tree} -size +99999G")]


class Dump(Workload):
    """Nightly pg_dumpall of an authentik-like database (dumpgen.py), through stdin."""
    name = "dump"
    stream = True
    ops = ["first", "unchanged", "changed", "changed2", "restore", "check"]
    nights = 3

    def make(self):
        self.files = [self.folder / f"night{n}.sql" for n in range(self.nights)]
        for night, file in enumerate(self.files):
            run("zstd", "-d", "-q", "-f", self.packed(night), "-o", file)
        self.source = self.files[0]
        self.notes.append("nights of " + ", ".join(f"{f.stat().st_size / 1e6:.1f}" for f in self.files)
                          + " MB; true information per night, `zstd -1 --patch-from`: "
                          + ", ".join(f"{delta_bytes(a, b) / 1e6:.2f} MB" for a, b in zip(self.files, self.files[1:])))

    def packed(self, night):
        """The night's dump in the store; its name carries everything it depends on."""
        generator = zlib.crc32((HERE / "dumpgen.py").read_bytes())
        packed = self.store / f"dump-{generator:08x}-{self.scale:g}-{night}.sql.zst"
        if not packed.exists():
            part = packed.with_suffix(".part")
            with subprocess.Popen([sys.executable, str(HERE / "dumpgen.py"), str(night), str(self.scale)],
                                  stdout=subprocess.PIPE) as generated:
                run("zstd", "-1", "-q", "-f", "-o", part, stdin=generated.stdout)
            if generated.returncode:
                raise SystemExit("dumpgen.py failed")
            part.rename(packed)
        return packed

    def before(self, op):
        if op == "first":
            self.source = self.files[0]
        elif op.startswith("changed"):
            self.source = self.files[changed_number(op)]

    def limits(self):
        dump = shlex.quote(str(self.source))
        return [("zstd -1 -T2", f"zstd -1 -T2 -q -c {dump} >/dev/null"),
                ("cat | cat >/dev/null (the pipe)", f"cat {dump} | cat >/dev/null"),
                ("cp", f"cp {dump} {shlex.quote(str(self.folder / 'copy'))}")]


class Random(Workload):
    """One file of 2 GiB that neither compresses nor repeats."""
    name = "random"
    ops = ["first", "unchanged", "restore", "check"]
    one_tool_at_a_time = True

    def make(self):
        self.source.mkdir()
        self.file = self.source / "random.bin"
        noise = random.Random(2026)
        with open(self.file, "wb") as out:
            for _ in range(self.count(128)):
                out.write(noise.randbytes(16 << 20))
        self.notes.append(f"{self.file.stat().st_size / 2**20:.0f} MiB; `unchanged` is after `touch`, so it is read again")

    def before(self, op):
        if op == "unchanged":
            os.utime(self.file)
            time.sleep(SETTLE_S)

    def limits(self):
        file = shlex.quote(str(self.file))
        return [("b3sum", f"b3sum {file}"),
                ("cp", f"cp {file} {shlex.quote(str(self.folder / 'copy'))}"),
                ("zstd -1 -T2", f"zstd -1 -T2 -q -c {file} >/dev/null")]


class Tiny(Workload):
    """400,000 files of 160 bytes in 400 folders; `changed` edits 1 % of them in place."""
    name = "tiny"
    per_folder = 1000

    def make(self):
        self.folders = self.count(400)
        for folder in range(self.folders):
            (self.source / f"{folder:03}").mkdir(parents=True)
            for number in range(self.per_folder):
                self.write(folder, number, "a")
        self.notes.append(f"{self.folders * self.per_folder} files of 160 bytes in {self.folders} folders; "
                          "`changed` rewrites every hundredth file")

    def write(self, folder, number, edition):
        text = f"{edition} {folder}/{number} ".encode()
        text += random.Random(f"{folder}/{number}/{edition}").randbytes(60).hex().encode()
        (self.source / f"{folder:03}" / f"{number:04}.txt").write_bytes(text.ljust(159, b".")[:159] + b"\n")

    def before(self, op):
        if op in ("first", "changed"):
            for folder in range(self.folders):
                for number in range(folder % 100, self.per_folder, 100):
                    self.write(folder, number, "a" if op == "first" else "b")
            time.sleep(SETTLE_S)

    limits = Tree.limits


KINDS = {kind.name: kind for kind in (Tree, Dump, Random, Tiny)}


def changed_ops(releases):
    return ["changed" if n == 1 else f"changed{n}" for n in range(1, releases)]


def changed_number(op):
    return int(op.removeprefix("changed") or 1)


def delta_bytes(old, new):
    """What is new in `new`, measured by the best simple means."""
    return len(run("zstd", "-1", "--long=30", f"--patch-from={old}", "-q", "-c", new, stdout=subprocess.PIPE).stdout)


def kernel_trees(store, notes, wanted=3):
    """Up to three successive releases, unpacked in the store, oldest first.  Those already there are used."""
    present = sorted((p for p in store.glob("linux-[0-9]*") if not p.name.endswith(("-thin", ".part", "-edited"))), key=version_key)
    trees = present[-wanted:] if len(present) >= 2 else [fetch_kernel(store, v) for v in offered_versions()[-wanted:]]
    if not trees:
        raise SystemExit("apt-cache madison lists no linux-source-6.1: run apt-get update")
    if len(trees) == 1:
        notes.append("only one release was to be had: the next one is derived by edits of about 1,900 files")
        trees.append(edited(trees[0]))
    return trees


def offered_versions():
    """What the mirror has now, one per upstream release (the newest packaging), oldest first."""
    listing = run("apt-cache", "madison", "linux-source-6.1", stdout=subprocess.PIPE, text=True).stdout
    newest = {}
    for version in sorted({line.split("|")[1].strip() for line in listing.splitlines()}, key=version_key):
        newest[version.rpartition("-")[0]] = version
    return sorted(newest.values(), key=version_key)


def version_key(version):
    name = getattr(version, "name", version)
    return [int(n) for n in "".join(c if c.isdigit() else " " for c in name).split()]


def fetch_kernel(store, version):
    """Downloads and unpacks one release, unless it is there; the packed one stays beside it."""
    tree = store / f"linux-{version}"
    if tree.exists():
        return tree
    part = store / f"linux-{version}.part"
    run("apt-get", "download", "-q", f"linux-source-6.1={version}", cwd=store)
    package = next(store.glob(f"linux-source-6.1_{version}_*.deb"))
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    packed, target = shlex.quote(str(package)), shlex.quote(str(part))
    run("bash", "-o", "pipefail", "-c", f"dpkg-deb --fsys-tarfile {packed} | tar -xO --wildcards '*.tar.xz' "
                                        f"| tar -xJ --strip-components=1 -C {target}")
    part.rename(tree)
    return tree


def thin(tree, scale):
    """A part of the tree for quick runs: whole folders, chosen by their names alone."""
    target = tree.with_name(f"{tree.name}-{scale:g}-thin")
    if not target.exists():
        chosen = [os.path.relpath(folder, tree) for folder, _, _ in os.walk(tree)
                  if zlib.crc32(os.path.relpath(folder, tree).encode()) < scale * 2**32]
        names = "\n".join(os.path.join(folder, entry.name) for folder in chosen
                          for entry in os.scandir(tree / folder) if not entry.is_dir(follow_symlinks=False))
        run("rsync", "-a", "--files-from=-", f"{tree}/", f"{target}/", input=names.encode())
    return target


def edited(tree):
    """A stand-in for the next release: 1,850 C files with three edits each, 25 removed, 25 added.  Repeatable."""
    target = tree.with_name(f"{tree.name}-edited")
    if target.exists():
        return target
    part = tree.with_name(f"{tree.name}-edited.part")
    run("rsync", "-a", "--delete", f"{tree}/", f"{part}/")
    choice = random.Random(6)
    files = choice.sample(sorted(p for p in part.rglob("*.[ch]") if p.is_file() and not p.is_symlink()), 1900)
    for file in files[:1850]:
        edit(file, choice)
    for file in files[1850:1875]:
        file.unlink()
    for file in files[1875:]:
        shutil.copy(file, file.with_name("new-" + file.name))
        edit(file.with_name("new-" + file.name), choice)
    part.rename(target)
    return target


def edit(file, choice):
    lines = file.read_bytes().splitlines(keepends=True)
    for _ in range(3):
        place = choice.randrange(len(lines) + 1)
        lines[place:place + choice.randrange(2)] = [b"\tif (unlikely(err < %d))\n" % choice.randrange(9999), b"\t\tgoto out;\n"]
    file.write_bytes(b"".join(lines))
