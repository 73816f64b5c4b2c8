#!/usr/bin/env python3
"""Measures a repository that has lived: a hundred snapshots of 80,000 small files, 1 % of them rewritten between two.

    bench/life.py --out bench/life.json              everything, five rounds
    bench/life.py --subjects find --rounds 1         a subset of plan, find, history, diff
    bench/life.py --scale 0.05 --rounds 1            seconds, to see whether everything works
    bench/life.py --keep DIR                         makes the repository in DIR, or takes the one that is there
    bench/life.py --tree DIR                         a copy of the tree DIR lives, in place of the 80,000 files

Prints a Markdown table.  Exit code 1: something failed, or a goal was missed.
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import peers
from subjects import parse_options, run

FOLDERS, FILES_IN_FOLDER, SNAPSHOTS = 4_000, 20, 100


def path_of(root, number):
    """40 folders of 100 folders of 20 files each, as trees of sources and uploads are."""
    folder = number // FILES_IN_FOLDER
    return root / f"{folder // 100:02}" / f"{folder % 100:02}-things" / f"file-{number:05}.{('txt', 'conf', 'png', 'json')[number % 4]}"


def change(path, rng, of_tree=False):
    if of_tree:
        with path.open("ab") as out:
            out.write(f"/* {rng.randrange(10**9)} */\n".encode())
    else:
        path.write_bytes(rng.randbytes(rng.randrange(200, 600)))


def live(bench):
    """The snapshots, once a run; not measured.  Every file has 200 to 600 bytes; the changed ones are any of them."""
    if getattr(bench, "lived", False):
        return
    bench.lived = True
    kept = bench.options.keep
    if kept:
        bench.cairn.folder = kept
        if (kept / "repository" / "config").exists():
            return
    bench.fresh()
    rng = random.Random(5)
    root = bench.options.work / "tree"
    if bench.options.tree:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(bench.options.tree, root, symlinks=True)
        files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    else:
        files = [path_of(root, number) for number in range(int(FOLDERS * FILES_IN_FOLDER * bench.options.scale))]
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            change(path, rng)
    for snapshot in range(SNAPSHOTS):
        if snapshot:
            for path in rng.sample(files, max(1, len(files) // 100)):
                change(path, rng, of_tree=bool(bench.options.tree))
        done = subprocess.run(bench.cairn.cairn("backup", "-q", f"tree={root}"), env=bench.environment(), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"cairn backup: {done.stderr}")
    shutil.rmtree(root)


def key_file(bench):
    """One that opens the repository, made when there is none."""
    file = bench.cairn.folder / "keyfile"
    if not file.exists():
        subprocess.run(bench.cairn.cairn("key", "add", "-q", "--role", "owner", "--new-key-file", str(file)), env=bench.environment(), check=True)
    return file


def measured(bench, subject, what, goal_s, *words, first_without=None, by_key_file=False):
    """`first_without`: a file of the cache folder that is removed before each run.  `by_key_file`: no key is made of a password."""
    command = bench.cairn.cairn(*words)
    if by_key_file:
        command = [bench.cairn.program, "-r", str(bench.cairn.repository), "--key-file", str(key_file(bench)), *words]
    for _ in range(bench.options.rounds):
        for file in bench.cairn.folder.glob(f"cache/*/{first_without}") if first_without else []:
            file.unlink()
        bench.run(subject, what, command)
    wall, peak = bench.median(subject, what), bench.median(subject, what, "rss_kib") / 1024
    bench.result(what, f"{wall:.2f} s", f"≤ {goal_s} s, ≤ 150 MB", wall <= goal_s and peak * 1.048576 <= 150,
                 f"peak {peak:.0f} MiB; `cairn {' '.join(words)}`")


def plan(bench):
    """What a prune would do."""
    live(bench)
    measured(bench, "plan", "planning a prune, the first on a machine", 1, "prune", "-n", first_without="references")
    measured(bench, "plan", "planning a prune", 1, "prune", "-n")


def find(bench):
    """Names, sizes and everything, over all snapshots."""
    live(bench)
    name = "Makefile.boot" if bench.options.tree else "file-00777.conf"
    measured(bench, "find", "find: one name, the first on a machine", 2, "find", name, first_without="names")
    measured(bench, "find", "find: the same, by a key file", 2, "find", name, first_without="names", by_key_file=True)
    measured(bench, "find", "find: one name", 2, "find", name)
    if bench.options.tree:
        measured(bench, "find", "find: a path", 2, "find", "/tree/drivers/**/Kconfig")
        return
    measured(bench, "find", "find: a quarter of the files", 2, "find", "*.conf")
    measured(bench, "find", "find: a path", 2, "find", "/tree/17/*/*7.txt")
    measured(bench, "find", "find: large files, JSON", 2, "find", "*", "--size", "+590", "--json")


def history(bench):
    """All versions of one file."""
    live(bench)
    path = "MAINTAINERS" if bench.options.tree else "00/38-things/file-00777.conf"
    measured(bench, "history", "history of a file", 2, "history", f"tree/{path}")


def diff(bench):
    """Two neighbours, and the first and the last."""
    live(bench)
    measured(bench, "diff", "diff of neighbours", 0.2, "diff", "latest~1", "latest")
    measured(bench, "diff", "diff of neighbours, by a key file", 0.2, "diff", "latest~1", "latest", by_key_file=True)
    measured(bench, "diff", "diff of the first and the last", 0.5, "diff", f"latest~{SNAPSHOTS - 1}", "latest")


SUBJECTS = {"plan": plan, "find": find, "history": history, "diff": diff}


def options():
    own = {"--keep": None, "--tree": None}
    for name in own:
        if name in sys.argv:
            at = sys.argv.index(name)
            own[name] = Path(sys.argv[at + 1]).resolve()
            del sys.argv[at:at + 2]
    out = parse_options(__doc__, SUBJECTS, "life", "tree", {})
    out.keep, out.tree = own["--keep"], own["--tree"]
    return out


if __name__ == "__main__":
    sys.exit(run(SUBJECTS, options(), {"peers": peers.commit()}))
