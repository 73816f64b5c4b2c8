#!/usr/bin/env python3
"""A mounted snapshot, read: cairn's beside restic's, in one run.

    python3 bench/mount.py CAIRN [--work DIR] [--files 80000] [--long-mb 855] [--json FILE]

A tree of many files (one folder with 128 MB of small ones), and one long file of SQL-like text.  Each operation gets a mount of its own, so
nothing is in the kernel's caches of it; the repository's files are.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

WORDS = """static int void struct return const char for if else while switch case break unsigned long size_t NULL goto out err ret dev
pci net skb queue lock unlock irq dma map buffer page offset length flags mask register write read init exit probe remove""".split()


def text(random_, size):
    """Text that compresses like source code, about."""
    lines = []
    while size > 0:
        line = "\t" * random_.randrange(4) + " ".join(random_.choice(WORDS) + random_.choice(("", "_%x" % random_.randrange(4096), ";", "(", ")"))
                                                        for _ in range(random_.randrange(2, 9))) + "\n"
        lines.append(line)
        size -= len(line)
    return "".join(lines).encode()


def make_source(place, files, long_mb):
    random_ = random.Random(1)
    pool = text(random_, 8 << 20)

    def piece(size):
        at = random_.randrange(len(pool) - size)
        return b"%d\n" % random_.randrange(1 << 60) + pool[at:at + size]
    small = 8000 * files // 80000
    for i in range(files - small):
        folder = place / "tree" / str(i // 240) / str(i // 16)
        if i % 16 == 0:
            folder.mkdir(parents=True)
        (folder / f"file{i}.c").write_bytes(piece(random_.randrange(200, 4000)))
    for i in range(small):
        folder = place / "small" / str(i // 100)
        if i % 100 == 0:
            folder.mkdir(parents=True)
        (folder / f"driver{i}.c").write_bytes(piece(random_.randrange(2000, 30700)))
    with open(place / "long.sql", "wb") as out:   # rows of which a quarter is random
        for i in range(long_mb):
            digits = os.urandom(1 << 17).hex().encode()
            out.write(b"".join(b"INSERT INTO app.event (id, kind) VALUES (7, '%b');\n" % digits[at:at + 16] for at in range(0, 1 << 18, 16)))


class Cairn:
    name = "cairn"

    def __init__(self, program, work, environment):
        self.program, self.folder = program, work / "snapshot"
        self.environment = dict(environment, CAIRN_REPOSITORY=str(work / "cairn"), CAIRN_PASSWORD="bench", CAIRN_CACHE_DIR=str(work / "cache"))

    def backup(self, source):
        self.run("init")
        self.run("backup", "-q", f"source={source}")

    def run(self, *words):
        subprocess.run([self.program, *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def mount(self, place):
        return [self.program, "mount", "--foreground", str(place)]

    def inside(self, place, source):
        return place / "latest" / "source"


class Restic(Cairn):
    name = "restic"

    def __init__(self, program, work, environment):
        self.program = program
        self.environment = dict(environment, RESTIC_REPOSITORY=str(work / "restic"), RESTIC_PASSWORD="bench", RESTIC_CACHE_DIR=str(work / "cache-restic"))

    def backup(self, source):
        self.run("init")
        self.run("backup", "-q", str(source))

    def mount(self, place):
        return [self.program, "mount", str(place)]

    def inside(self, place, source):
        return Path(str(place) + "/snapshots/latest" + str(source))


def mounted(place):
    return f" {place} fuse" in Path("/proc/mounts").read_text()


def processor_time(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def with_mount(tool, place, source, command):
    """Seconds of the command, of processor time of the mount meanwhile, and its peak memory in MB."""
    process = subprocess.Popen(tool.mount(place), env=tool.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not mounted(place):
            if process.poll() is not None:
                raise SystemExit(f"{tool.name}: no mount")
            time.sleep(0.005)
        before = processor_time(process.pid)
        begin = time.perf_counter()
        done = subprocess.run(["sh", "-c", command.replace("@", str(tool.inside(place, source)))], capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        if done.returncode != 0:
            raise SystemExit(f"{tool.name}: {command}: {done.stderr}")
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        return seconds, processor_time(process.pid) - before, peak
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, stderr=subprocess.DEVNULL)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


OPERATIONS = [
    ("first ls", "ls @/ >/dev/null"),
    ("find | wc -l", "find @/ | wc -l"),
    ("find, every stat", "find @/ -size +99999G"),
    ("small files, 128 MB", "find @/small/ -type f -print0 | xargs -0 cat | wc -c"),
    ("small files again", "find @/small/ -type f -print0 | xargs -0 cat >/dev/null; find @/small/ -type f -print0 | xargs -0 cat | wc -c"),
    ("long file in order", "cat @/long.sql >/dev/null"),
    ("long file, 4 readers", "for i in 1 2 3 4; do cat @/long.sql >/dev/null & done; wait"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cairn", type=os.path.abspath)
    parser.add_argument("--work")
    parser.add_argument("--files", type=int, default=80000)
    parser.add_argument("--long-mb", type=int, default=855)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="cairn-bench-mount.", dir=arguments.work))
    results = []
    try:
        source, place = work / "source", work / "mnt"
        source.mkdir()
        place.mkdir()
        make_source(source, arguments.files, arguments.long_mb)
        tools = [Cairn(arguments.cairn, work, os.environ)]
        if shutil.which("restic"):
            tools.append(Restic("restic", work, os.environ))
        for tool in tools:
            tool.backup(source)
        for name, command in OPERATIONS:
            line = {"operation": name}
            for tool in tools:
                rounds = [with_mount(tool, place, source, command) for _ in range(arguments.rounds)]
                line[tool.name] = {"seconds": round(min(r[0] for r in rounds), 3), "processor_s": round(min(r[1] for r in rounds), 2),
                                   "peak_mb": round(max(r[2] for r in rounds))}
            begin = time.perf_counter()
            subprocess.run(["sh", "-c", command.replace("@", str(source))], check=True, stdout=subprocess.DEVNULL)
            line["source itself"] = {"seconds": round(time.perf_counter() - begin, 3)}
            results.append(line)
            print(json.dumps(line), flush=True)
        if arguments.json:
            Path(arguments.json).write_text(json.dumps({"load": os.getloadavg(), "results": results}, indent=1) + "\n")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
