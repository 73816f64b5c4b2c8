"""Compares what was restored with its source: names, kinds, content (SHA-256), mode, mtime to the nanosecond."""

import hashlib
import os
import stat
from pathlib import Path

SHOWN = 3  # differences named in the message; all are counted


def compare_streams(source, restored):
    """Empty if equal, else what differs."""
    if not restored.exists():
        return "nothing was restored"
    return "" if digest(source) == digest(restored) else "content differs"


def compare_trees(source, target):
    """Empty if equal, else what differs."""
    restored = find_root(source, target)
    differences, counts = [], {}
    for path, what in walk_both(source, restored):
        counts[what] = counts.get(what, 0) + 1
        if len(differences) < SHOWN:
            differences.append(f"{what}: {path}")
    totals = ", ".join(f"{count}x {what}" for what, count in counts.items())
    return f"{totals}; e.g. {'; '.join(differences)}" if counts else ""


def find_root(source, target):
    """Where a tool put the folder: under its own name, under its whole path, or straight into the target."""
    for place in (target / source.name, target / str(source).lstrip("/")):
        if place.is_dir():
            return place
    return target


def walk_both(source, restored, below=""):
    """Yields (path, difference), one folder after another; the root's own metadata is left out."""
    ours, theirs = entries(source / below), entries(restored / below)
    for name in sorted(ours.keys() | theirs.keys()):
        path = os.path.join(below, name)
        if name not in theirs or name not in ours:
            yield path, "missing" if name not in theirs else "not in the source"
            continue
        yield from ((path, what) for what in differences_of(ours[name], theirs[name]))
        if ours[name].is_dir(follow_symlinks=False) and theirs[name].is_dir(follow_symlinks=False):
            yield from walk_both(source, restored, path)


def entries(folder):
    with os.scandir(folder) as listing:
        return {entry.name: entry for entry in listing}


def differences_of(ours, theirs):
    a, b = ours.stat(follow_symlinks=False), theirs.stat(follow_symlinks=False)
    if stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
        yield "kind"
        return
    if stat.S_ISLNK(a.st_mode):
        if os.readlink(ours.path) != os.readlink(theirs.path):
            yield "link target"
        return
    if a.st_mode != b.st_mode:
        yield "mode"
    if a.st_mtime_ns != b.st_mtime_ns:
        yield "folder mtime" if stat.S_ISDIR(a.st_mode) else "mtime"
    if stat.S_ISREG(a.st_mode) and digest(ours.path) != digest(theirs.path):
        yield "content"


def digest(path):
    if os.stat(path).st_size <= 1 << 20:
        return hashlib.sha256(Path(path).read_bytes()).digest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
