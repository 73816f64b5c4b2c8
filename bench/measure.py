"""Runs commands and measures them: wall clock, CPU, peak memory."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TIME = "/usr/bin/time"
LIMIT_S = 3600  # no single command of this benchmark needs an hour


@dataclass
class Usage:
    wall_s: float = 0.0
    cpu_s: float = 0.0    # user + system of the command and all its children; not of the `cat` that feeds a pipe
    rss_kib: int = 0      # largest single process (VmHWM), not a sum over concurrent ones
    exit_code: int = 0
    message: str = ""     # last words on stderr, if it failed

    def add(self, other):
        self.wall_s += other.wall_s
        self.cpu_s += other.cpu_s
        self.rss_kib = max(self.rss_kib, other.rss_kib)
        self.exit_code = self.exit_code or other.exit_code
        self.message = self.message or other.message


def measure(commands, environment, log, stdin_as="pipe"):
    """Runs the commands one after another; stops at the first that fails.

    GNU time stands between us and the command: a process counts the memory of the image it replaced in its peak,
    and GNU time's is 1 MB where ours is tens of them.
    """
    total = Usage()
    for command in commands:
        total.add(measure_one(command, environment, log, stdin_as))
        if total.exit_code:
            break
    return total


def measure_one(command, environment, log, stdin_as):
    figures = Path(str(log) + ".time")
    argv = [TIME, "-q", "-f", "%U %S %M", "-o", str(figures), *command.argv]
    with open(log, "wb") as errors, open(command.stdout or log.with_suffix(".out"), "wb") as output:
        feeder, stdin = open_stdin(command.stdin, stdin_as)
        begin = time.perf_counter()
        process = subprocess.Popen(argv, env=environment, cwd=command.cwd, stdin=stdin, stdout=output, stderr=errors)
        stdin.close()
        code = wait(process)
        wall = time.perf_counter() - begin
        if feeder:
            feeder.wait()
    user, system, rss = figures.read_text().split()[-3:]
    message = "" if code == 0 else last_line(log)
    return Usage(wall, float(user) + float(system), int(rss), code, message)


def wait(process):
    """Exit code.  Not process.wait(timeout): that polls, at last every 50 ms, and rounds every wall time up to it."""
    limit = threading.Timer(LIMIT_S, process.kill)
    limit.start()
    try:
        return process.wait()
    finally:
        limit.cancel()


def open_stdin(file, stdin_as):
    """A dump arrives through an ordinary pipe, as from pg_dumpall; `--stdin file` measures without it."""
    if file is None:
        return None, open(os.devnull, "rb")
    if stdin_as == "file":
        return None, open(file, "rb")
    feeder = subprocess.Popen(["cat", str(file)], stdout=subprocess.PIPE)
    return feeder, feeder.stdout


def last_line(log):
    lines = Path(log).read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
