#!/usr/bin/env python3
"""cairn and restic with the same S3 server on this machine (a Ceph gateway in memory, tests/s3/rgw.sh), on a tree of yours.

    tests/s3/rgw.sh run bench/s3.py CAIRN TREE [RUNS]

Prints, for each program and in turns, the seconds of a first backup, one in which nothing changed, and a restore: the median of RUNS (3)
and all of them; for cairn the same into a directory.  Fresh prefixes, a kept local cache as in daily use.
Compression at each program's default.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ENDPOINT = os.environ["CAIRN_TEST_S3"]


def timed(words, environment):
    began = time.monotonic()
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return seconds


def one_round(name, program, tree, number, folder):
    """Steps of one program, {step: seconds}."""
    keys = {"AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret", "HOME": folder}
    place = f"bench-{os.getpid()}-{name}-{number}"
    target = f"{folder}/restored"
    if name == "restic":
        environment = {**os.environ, **keys, "RESTIC_REPOSITORY": f"s3:{ENDPOINT}/cairn/{place}", "RESTIC_PASSWORD": "x",
                       "RESTIC_CACHE_DIR": f"{folder}/cache-{place}"}
        backup, restore = [program, "backup", "-q", tree], [program, "restore", "-q", "latest", "--target", target]
    else:
        url = f"{folder}/{place}" if name == "cairn, directory" else f"s3://cairn/{place}?endpoint={ENDPOINT}"
        environment = {**os.environ, **keys, "CAIRN_REPOSITORY": url, "CAIRN_PASSWORD": "x", "CAIRN_CACHE_DIR": f"{folder}/cache-{place}"}
        backup = [program, "backup", f"tree={tree}"]
        restore = [program, "restore", "latest", "--target", target]
    timed([program, "init"], environment)
    steps = {"first backup": timed(backup, environment), "unchanged backup": timed(backup, environment), "restore": timed(restore, environment)}
    shutil.rmtree(target)
    return steps


def main():
    cairn, tree, runs = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 3
    programs = {"cairn, S3": cairn, "restic": "restic", "cairn, directory": cairn}
    figures = {}
    for number in range(runs):
        for name, program in programs.items():
            folder = tempfile.mkdtemp(prefix="cairn-bench-s3-")
            try:
                for step, seconds in one_round(name, program, tree, number, folder).items():
                    figures.setdefault((step, name), []).append(seconds)
            finally:
                shutil.rmtree(folder)
    print(subprocess.run(["restic", "version"], capture_output=True, text=True).stdout.strip(), "on", os.cpu_count(), "cores")
    for (step, name), seconds in figures.items():
        print(f"{step:18} {name:18} {statistics.median(seconds):7.2f} s   ({', '.join(f'{s:.2f}' for s in seconds)})")


if __name__ == "__main__":
    main()
