#!/usr/bin/env python3
"""Measures what parts cost and give: RDB files of a real Redis, and JSON documents.  See bench/README.md.

    bench/inside.py --out bench/inside.json          everything, five rounds
    bench/inside.py --subjects keys --rounds 1       a subset of small, keys, one, server, json
    bench/inside.py --scale 0.05 --rounds 1          a minute, to see whether everything works

Prints a Markdown table.  Exit code 1: something failed, or a goal was missed.
"""

import json
import random
import shutil
import socket
import subprocess
import sys
import time

from subjects import forget_cached, parse_options, run

ONE_CORE = ["taskset", "-c", "0"]


class Redis:
    """A redis-server of our own in a folder; ends with the run."""

    def __init__(self, bench, *options):
        self.folder, self.options = bench.options.work / "redis", options
        self.folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder),
                                         "--dbfilename", "dump.rdb", *self.options], stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self.port}"
        while self.cli("ping") != "PONG":
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True).stdout.strip()

    def save(self, to):
        self.cli("save")
        shutil.copyfile(self.folder / "dump.rdb", to)


def string(data):
    size = len(data)
    return (bytes([size]) if size < 64 else bytes([0x40 | size >> 8, size & 255]) if size < 16384 else b"\x80" + size.to_bytes(4, "big")) + data


def saved(bench, name, keys, value_bytes, restarts=1):
    """Files that a real server saved, one for each start of it: the same keys in another order."""
    rng = random.Random(1)
    first = bench.options.work / "redis" / "dump.rdb"
    first.parent.mkdir(parents=True, exist_ok=True)
    with open(first, "wb", buffering=1 << 20) as out:
        out.write(b"REDIS0010\xfe\x00")
        for number in range(keys):
            # Half of it text that repeats, half that doesn't: as a session's data.
            value = rng.randbytes(value_bytes // 2).hex().encode()[:value_bytes // 2]
            value += b"abcdefgh" * ((value_bytes - len(value)) // 8)
            out.write(b"\x00" + string(b"session:%012x" % rng.getrandbits(48)) + string(value))
        out.write(b"\xff" + bytes(8))
    files = []
    for start in range(restarts):
        with Redis(bench, "--rdbcompression", "no") as server:
            files.append(bench.options.work / f"{name}.{start}.rdb")
            server.save(files[-1])
    return files


def small(bench):
    """Four million keys of some 100 bytes: how fast they come in, and what the file of another start adds."""
    files = saved(bench, "small", int(4_000_000 * bench.options.scale), 80, 2)
    size = files[0].stat().st_size
    for _ in range(bench.options.rounds):
        for label, options, core in (("raw", ["--format", "raw"], []), ("parts", [], []), ("parts, one core", [], ONE_CORE)):
            bench.fresh()
            argv = core + bench.cairn.cairn("backup", "-", "--stdin-name", "cache", *options)
            bench.run("small", f"first, {label}", argv, stdin=files[0])
        bench.fresh()
        bench.backup("small", "first", files[0])
        bench.backup("small", "after a restart", files[1])
        bench.run("small", "cat of the original", bench.cairn.cairn("cat", "latest:cache"), stdout=bench.options.work / "back")
    same = subprocess.run(["cmp", "-s", bench.options.work / "back", files[1]]).returncode == 0
    for label, goal in (("parts, one core", 300), ("parts", None), ("raw", None)):
        wall = bench.median("small", f"first, {label}")
        bench.result(f"small keys, {label}", f"{size / wall / 1e6:.0f} MB/s", f"≥ {goal} MB/s" if goal else "–", not goal or size / wall >= goal * 1e6,
                     f"{size / 1e6:.0f} MB in {wall:.2f} s, all of a backup")
    added, first = (bench.median("small", label, "added_bytes") for label in ("after a restart", "first"))
    bench.result("the file after a restart adds", f"{100 * added / size:.1f} %", "–", True,
                 f"{added / 1e6:.1f} MB of {size / 1e6:.0f} MB (three or four bytes a key are its order); the first added {first / 1e6:.1f} MB")
    bench.result("its original", "identical" if same else "FAILED", "identical", same, f"in {bench.median('small', 'cat of the original'):.2f} s")


def keys(bench):
    """A million keys of 250 bytes: listed; and again after a restart."""
    files = saved(bench, "keys", int(1_000_000 * bench.options.scale), 250, 2)
    size = files[0].stat().st_size
    bench.fresh()
    bench.backup("keys", "first", files[0])
    for _ in range(bench.options.rounds):
        bench.run("keys", "ls", bench.cairn.cairn("ls", "latest:cache/0"), stdout=bench.options.work / "listed")
        bench.run("keys", "ls -l", bench.cairn.cairn("ls", "-l", "latest:cache/0"), stdout=bench.options.work / "listed")
    for label, goal in (("ls", 1.0), ("ls -l", None)):
        wall = bench.median("keys", label)
        bench.result(f"a million keys, `{label}`", f"{wall:.2f} s", f"≤ {goal} s" if goal else "–", not goal or wall <= goal, "key derivation is part of it")
    _, added = bench.backup("keys", "after a restart", files[1])
    bench.result("the file after a restart adds", f"{100 * added / size:.1f} %", "< 5 %", added < 0.05 * size, f"{added / 1e6:.1f} MB of {size / 1e6:.0f} MB")
    bench.run("keys", "diff", bench.cairn.cairn("diff", "latest~1", "latest"), stdout=bench.options.work / "listed")
    bench.result("`diff` of the two", f"{bench.median('keys', 'diff'):.2f} s", "–", True, (bench.options.work / "listed").read_text().strip()[:100])


def one(bench):
    """One key out of a file of a gigabyte, with nothing of the repository in memory."""
    (file,) = saved(bench, "one", int(1_000_000 * bench.options.scale), 1000)
    bench.fresh()
    bench.backup("one", "backup", file)
    listed = subprocess.run(bench.cairn.cairn("ls", "latest:cache/0"), env=bench.environment(), capture_output=True, text=True).stdout.splitlines()
    for number in range(bench.options.rounds):
        argv = bench.cairn.cairn("cat", "latest:" + listed[len(listed) * (number + 1) // (bench.options.rounds + 2)])
        forget_cached(bench.cairn.folder)
        bench.run("one", "one key, cold", argv, stdout=bench.options.work / "key")
        bench.run("one", "one key, again", argv, stdout=bench.options.work / "key")
    for label, goal in (("one key, cold", 0.1), ("one key, again", None)):
        wall = bench.median("one", label)
        bench.result(f"`cat` of {label}", f"{wall:.3f} s", f"≤ {goal} s" if goal else "–", not goal or wall <= goal,
                     f"out of {file.stat().st_size / 1e6:.0f} MB; key derivation is part of it")


def server(bench):
    """A running server: saved, against its file; and everything into another one."""
    (file,) = saved(bench, "server", int(1_000_000 * bench.options.scale), 250)
    with Redis(bench) as running:
        for _ in range(bench.options.rounds):
            bench.fresh()
            bench.run("server", "live", bench.cairn.cairn("backup", f"cache={running.url}"))
            bench.fresh()
            bench.backup("server", "file", file)
    (bench.options.work / "redis" / "dump.rdb").unlink()
    with Redis(bench) as empty:
        for _ in range(bench.options.rounds):
            empty.cli("flushall")
            bench.run("server", "restore", bench.cairn.cairn("restore", "latest:cache", "--to", empty.url))
        count = empty.cli("dbsize")
    live, alone, back = (bench.median("server", label) for label in ("live", "file", "restore"))
    bench.result("a million keys from a server", f"{live:.2f} s", "–", True, f"its file: {alone:.2f} s; the server saves it meanwhile")
    bench.result("a million keys into a server", f"{back:.2f} s", "–", int(count) == int(1_000_000 * bench.options.scale), f"{int(count) / back / 1e3:.0f} thousand keys/s")


def document(bench):
    rng = random.Random(2)
    users = int(300_000 * bench.options.scale)
    path = bench.options.work / "knot.json"
    stamp = 48293012345678849
    with open(path, "w", buffering=1 << 20) as out:
        out.write('{"Templates":[],"TemplateVars":null,"Volumes":[],"Groups":[],"Roles":[],"Users":[')
        for number in range(users):
            user = {"user_id": f"{rng.getrandbits(64):016x}", "username": f"user{number}", "email": f"u{number}@example.org", "password": "$2a$10$" + rng.randbytes(32).hex(),
                    "ssh_public_key": "ssh-ed25519 " + "AAAA" * 20 + rng.randbytes(20).hex(), "roles": [f"{rng.getrandbits(32):08x}"], "groups": None, "active": True,
                    "preferences": {}, "last_login_at": None, "updated_at": stamp + number, "created_at": "2026-01-02T03:04:05.000000006Z"}
            tokens = [{"token_id": rng.randbytes(16).hex(), "user_id": user["user_id"], "name": "cli", "updated_at": stamp - number, "is_deleted": False}]
            out.write(("," if number else "") + json.dumps({"User": user, "Tokens": tokens, "Spaces": None}, separators=(",", ":")))
        out.write('],"Scripts":null,"Skills":null,"Commands":null,"Responses":null,"CfgValues":[],"AuditLogs":[]}')
    return path


def documents(bench):
    """A document as knot writes it, of 300,000 users."""
    file = document(bench)
    size = file.stat().st_size
    for _ in range(bench.options.rounds):
        for label, options in (("raw", ["--format", "raw"]), ("parts", [])):
            bench.fresh()
            bench.backup("json", f"first, {label}", file, *options)
        bench.run("json", "unchanged", bench.cairn.cairn("backup", "-", "--stdin-name", "cache"), stdin=file)
        forget_cached(bench.cairn.folder)
        bench.run("json", "one element, cold", bench.cairn.cairn("cat", "latest:cache/Users/user77.json"), stdout=bench.options.work / "element")
        bench.run("json", "--only users", bench.cairn.cairn("restore", "latest:cache", "--only", "users", "--target", str(bench.options.work / "out")))
    for label, goal in (("unchanged", 500), ("first, parts", None), ("first, raw", None), ("--only users", None)):
        wall = bench.median("json", label)
        bench.result(f"JSON, {label}", f"{size / wall / 1e6:.0f} MB/s", f"≥ {goal} MB/s" if goal else "–", not goal or size / wall >= goal * 1e6,
                     f"{size / 1e6:.0f} MB in {wall:.2f} s")
    bench.result("one element, cold", f"{bench.median('json', 'one element, cold'):.3f} s", "–", True, f"out of {size / 1e6:.0f} MB")


SUBJECTS = {"small": small, "keys": keys, "one": one, "server": server, "json": documents}


def version():
    return subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout.split(" sha=")[0]


if __name__ == "__main__":
    sys.exit(run(SUBJECTS, parse_options(__doc__, SUBJECTS, "inside", "cache", {}), {"Redis": version()}))
