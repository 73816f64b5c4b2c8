#!/usr/bin/env python3
"""Measures what parts cost and give: PostgreSQL dumps, archives and a live server.  See bench/README.md.

    bench/postgres.py --out bench/postgres.json      everything, five rounds
    bench/postgres.py --subjects ingest --rounds 1   a subset of ingest, cat, archives, live, rows
    bench/postgres.py --scale 0.05 --rounds 1        a minute, to see whether everything works

Prints a Markdown table.  Exit code 1: something failed, or a goal was missed.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import dumpgen
import workloads
from subjects import forget_cached, parse_options, run

BIN = Path("/usr/lib/postgresql/15/bin")
SMALL_TABLE_BYTES = 1_000_000
SMALL_TABLE = "authentik_crypto_certificatekeypair"
LONG_ROW_BYTES = 400_000_000


def nights(bench):
    """Two nights of the dump, the first with a table of one megabyte before its end."""
    dump = workloads.Dump(bench.options.work, bench.options.store, bench.options.scale)
    dump.nights = 2
    dump.prepare()
    tail = dumpgen.TAIL.encode()
    for file in dump.files:
        with open(file, "r+b") as out:
            out.seek(-len(tail), os.SEEK_END)
            if out.read() != tail:
                raise SystemExit(f"{file} does not end as dumpgen.py writes it")
            out.seek(-len(tail), os.SEEK_END)
            out.write(small_table() + tail)
    return dump.files


def small_table():
    rows, number = [], 0
    while sum(map(len, rows)) < SMALL_TABLE_BYTES:
        rows += [f"{n}\t{dumpgen.noise(b'small', n).hex()}\n" for n in range(number, number + 1000)]
        number += 1000
    return table_head(SMALL_TABLE, "id integer", "pem text") + "".join(rows).encode() + TABLE_END


TABLE_END = b"\\.\n\n\n"


def table_head(name, *columns):
    """What stands in a dump before the rows of a table."""
    what = f"{name}; Type: TABLE; Schema: public; Owner: authentik"
    return (f"--\n-- Name: {what}\n--\n\nCREATE TABLE public.{name} (\n    {', '.join(columns)}\n);\n\n\n"
            f"--\n-- Data for Name: {what.replace('TABLE', 'TABLE DATA')}\n--\n\n"
            f"COPY public.{name} ({', '.join(c.split()[0] for c in columns)}) FROM stdin;\n").encode()


def ingest(bench):
    """Parts against raw bytes, a first night and the one after it, in turn."""
    files = nights(bench)
    for _ in range(bench.options.rounds):
        for name, options in (("raw", ["--format", "raw"]), ("parts", [])):
            bench.fresh()
            bench.backup("ingest", f"first night, {name}", files[0], *options)
            bench.backup("ingest", f"second night, {name}", files[1], *options)
    size = files[0].stat().st_size
    for night in ("first", "second"):
        raw, parts = (bench.median("ingest", f"{night} night, {name}") for name in ("raw", "parts"))
        bench.result(f"{night} night with parts, against `--format raw`", f"{raw / parts:.2f} ×", "≥ 0.90 ×", raw / parts >= 0.9,
                     f"{size / 1e6:.0f} MB in {parts:.2f} s ({size / parts / 1e6:.0f} MB/s), raw {raw:.2f} s")
    added = [bench.median("ingest", f"second night, {name}", "added_bytes") for name in ("raw", "parts")]
    bench.result("second night adds, with parts", f"{added[1] / 1e6:.2f} MB", "≤ 1.05 × raw", added[1] <= 1.05 * added[0],
                 f"raw {added[0] / 1e6:.2f} MB; another seed of the cutter in every repository")


def cat(bench):
    """One table of a megabyte out of the dump, with nothing of it in memory, and also without cairn's cache folder."""
    files = nights(bench)
    bench.fresh()
    bench.backup("cat", "backup", files[0])
    argv = bench.cairn.cairn("cat", f"latest:db/authentik/public/{SMALL_TABLE}.copy")
    out, cache = bench.options.work / "rows", bench.cairn.folder / "cache"
    for _ in range(bench.options.rounds):
        forget_cached(bench.cairn.folder)
        bench.run("cat", "1 MB table, cold", argv, stdout=out)
        shutil.rmtree(cache)
        cache.mkdir()
        forget_cached(bench.cairn.folder)
        bench.run("cat", "1 MB table, cold, no cache folder", argv, stdout=out)
        bench.run("cat", "1 MB table, again", argv, stdout=out)
    for label, goal in (("1 MB table, cold", 0.1), ("1 MB table, cold, no cache folder", None), ("1 MB table, again", None)):
        wall = bench.median("cat", label)
        bench.result(f"`cat` of a {label}", f"{wall:.3f} s", f"≤ {goal} s" if goal else "–", not goal or wall <= goal,
                     f"{out.stat().st_size / 1e6:.2f} MB out of {files[0].stat().st_size / 1e6:.0f}; key derivation is part of it")


class Server:
    """A PostgreSQL of our own, as user postgres where we are root; ends with the run."""

    def __init__(self, bench):
        self.folder, self.log = bench.options.work / "server", bench.options.work / "server.log"
        self.as_server = ["setpriv", "--pdeathsig", "QUIT"]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.as_server += ["--reuid=postgres", "--regid=postgres", "--init-groups"]

    def __enter__(self):
        with open(self.log, "wb") as log, socket.socket() as probe:
            workloads.run(*self.as_server, BIN / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust",
                          "-E", "UTF8", "--locale=C", "--no-sync", stdout=log, cwd=self.folder)
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
            probe.close()
            self.process = subprocess.Popen(
                [*self.as_server, BIN / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder,
                 "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB",
                 "-c", "autovacuum=off"],
                stdout=log, stderr=log, cwd=self.folder)
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}"
        for _ in range(200):
            if subprocess.run([BIN / "pg_isready", "-q", "-d", self.url]).returncode == 0:
                return self
            time.sleep(0.05)
        raise SystemExit(f"PostgreSQL does not start: see {self.log}")

    def __exit__(self, *_):
        self.process.send_signal(subprocess.signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.folder)

    def sql(self, database, *arguments, **options):
        workloads.run(BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", f"{self.url}/{database}", *arguments, **options)


def archives(bench):
    """Custom archives of a database: the second of an unchanged one, and the first after a plain dump."""
    files = nights(bench)
    with Server(bench) as server:
        server.sql("postgres", "-f", files[0], stdout=subprocess.DEVNULL)
        made = {}
        for name, options in (("plain", []), ("custom", ["-Fc"]), ("custom later", ["-Fc"])):
            made[name] = bench.options.work / name.replace(" ", ".")
            workloads.run(BIN / "pg_dump", *options, "-f", made[name], f"{server.url}/authentik")
    size = {name: file.stat().st_size for name, file in made.items()}
    bench.fresh()
    _, alone = bench.backup("archives", "-Fc", made["custom"])
    _, again = bench.backup("archives", "second -Fc", made["custom later"])
    bench.result("second -Fc of an unchanged database adds", f"{100 * again / size['custom']:.2f} %", "< 2 %",
                 again < 0.02 * size["custom"], f"{again / 1e6:.2f} MB of {size['custom'] / 1e6:.0f} MB; the first added {alone / 1e6:.1f} MB")
    bench.fresh()
    _, plain = bench.backup("archives", "plain", made["plain"])
    _, after = bench.backup("archives", "-Fc after plain", made["custom"])
    bench.result("-Fc after plain shares", f"{100 * (1 - after / plain):.1f} %", "> 90 %", after < 0.1 * plain,
                 f"adds {after / 1e6:.2f} MB where plain added {plain / 1e6:.1f} MB")
    out = bench.options.work / "back"
    bench.run("archives", "cat -Fc", bench.cairn.cairn("cat", "latest:db"), stdout=out)
    same = subprocess.run(["cmp", "-s", out, made["custom"]]).returncode == 0
    bench.result("-Fc comes back", "identical" if same else "FAILED", "identical", same, f"in {bench.median('archives', 'cat -Fc'):.2f} s")


def live(bench):
    """A pgbench database of a gigabyte: from the server, and what pg_dump prints."""
    with Server(bench) as server:
        server.sql("postgres", "-c", "CREATE DATABASE bench")
        workloads.run(BIN / "pgbench", "-i", "-q", "-s", str(max(1, int(70 * bench.options.scale))), f"{server.url}/bench",
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run = subprocess.run([BIN / "psql", "-XAtc", "SELECT pg_database_size('bench')", f"{server.url}/bench"],
                             capture_output=True, check=True)
        ours = shlex.join(bench.cairn.cairn("backup", "-", "--stdin-name", "db"))
        pipe = f"pg_dump {shlex.quote(server.url + '/bench')} | {ours}"
        for _ in range(bench.options.rounds):
            for label, argv in (("pg_dump | cairn", ["bash", "-o", "pipefail", "-c", pipe]),
                                ("live", bench.cairn.cairn("backup", f"db={server.url}/bench"))):
                bench.fresh()
                bench.run("live", label, argv)
    piped, ours = bench.median("live", "pg_dump | cairn"), bench.median("live", "live")
    bench.result("live backup against `pg_dump \\| cairn`", f"{piped / ours:.2f} ×", "≥ 1.00 ×", ours <= piped,
                 f"{int(run.stdout) / 1e6:.0f} MB database: {ours:.2f} s, piped {piped:.2f} s")


def rows(bench):
    """A table with one row that is larger than all memory cairn may use."""
    file = bench.options.work / "long.sql"
    with open(file, "wb") as out:
        out.write(dumpgen.HEAD.encode() + table_head("long", "a text"))
        for number in range(int(LONG_ROW_BYTES * bench.options.scale) // 128):
            out.write(dumpgen.noise(b"long", number).hex().encode())
        out.write(b"\n" + TABLE_END + dumpgen.TAIL.encode())
    bench.fresh()
    bench.backup("rows", "one long row", file)
    bench.run("rows", "its rows", bench.cairn.cairn("cat", "latest:db/authentik/public/long.copy"), stdout=bench.options.work / "rows")
    file.unlink()


SUBJECTS = {"ingest": ingest, "cat": cat, "archives": archives, "live": live, "rows": rows}


def version():
    return subprocess.run([BIN / "postgres", "--version"], capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    # Of cairn alone: the pipe's largest process could be pg_dump.
    sys.exit(run(SUBJECTS, parse_options(__doc__, SUBJECTS, "postgres", "db", {"PATH": f"{BIN}:{os.environ['PATH']}", "PGUSER": "postgres"}),
                 {"PostgreSQL": version()}, lambda sample: "pg_dump" not in sample["op"]))
