#!/usr/bin/env python3
"""Measures a repository that has lived: a hundred snapshots of 80,000 small files, 1 % of them rewritten between two.

    bench/life.py --out bench/life.json              everything, five rounds
    bench/life.py --subjects find --rounds 1         a subset of find, history, diff
    bench/life.py --scale 0.05 --rounds 1            seconds, to see whether everything works
    bench/life.py --keep DIR                         makes the repository in DIR, or takes the one that is there

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
    files = int(FOLDERS * FILES_IN_FOLDER * bench.options.scale)
    for number in range(files):
        path = path_of(root, number)
        if number % FILES_IN_FOLDER == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(rng.randrange(200, 600)))
    for snapshot in range(SNAPSHOTS):
        if snapshot:
            for number in rng.sample(range(files), max(1, files // 100)):
                path_of(root, number).write_bytes(rng.randbytes(rng.randrange(200, 600)))
        done = subprocess.run(bench.cairn.cairn("backup", "-q", f"tree={root}"), env=bench.environment(), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"cairn backup: {done.stderr}")
    shutil.rmtree(root)


def measured(bench, subject, what, goal_s, *words):
    for _ in range(bench.options.rounds):
        bench.run(subject, what, bench.cairn.cairn(*words))
    wall, peak = bench.median(subject, what), bench.median(subject, what, "rss_kib") / 1024
    bench.result(what, f"{wall:.2f} s", f"≤ {goal_s} s, ≤ 150 MB", wall <= goal_s and peak * 1.048576 <= 150,
                 f"peak {peak:.0f} MiB; `cairn {' '.join(words)}`")


def find(bench):
    """Names, sizes and everything, over all snapshots."""
    live(bench)
    measured(bench, "find", "find: one name", 2, "find", "file-00777.conf")
    measured(bench, "find", "find: a quarter of the files", 2, "find", "*.conf")
    measured(bench, "find", "find: a path", 2, "find", "/tree/17/*/*7.txt")
    measured(bench, "find", "find: large files, JSON", 2, "find", "*", "--size", "+590", "--json")


def history(bench):
    """All versions of one file."""
    live(bench)
    measured(bench, "history", "history of a file", 2, "history", "tree/00/38-things/file-00777.conf")


def diff(bench):
    """Two neighbours, and the first and the last."""
    live(bench)
    measured(bench, "diff", "diff of neighbours", 0.2, "diff", "latest~1", "latest")
    measured(bench, "diff", "diff of the first and the last", 0.5, "diff", f"latest~{SNAPSHOTS - 1}", "latest")


SUBJECTS = {"find": find, "history": history, "diff": diff}


def options():
    keep = None
    if "--keep" in sys.argv:
        at = sys.argv.index("--keep")
        keep = Path(sys.argv[at + 1]).resolve()
        del sys.argv[at:at + 2]
    out = parse_options(__doc__, SUBJECTS, "life", "tree", {})
    out.keep = keep
    return out


if __name__ == "__main__":
    sys.exit(run(SUBJECTS, options(), {"peers": peers.commit()}))
