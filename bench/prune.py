#!/usr/bin/env python3
"""A repository's life: seven nights, then all but three are forgotten and pruned.  cairn beside restic and borg, each in one run.

    bench/prune.py --out bench/prune.json                       both data sets, whole
    bench/prune.py --workloads dump --scale 0.1                a part of the data, for a quick run
    bench/prune.py --tools cairn --rounds 3                    one tool; medians of three lives

The tables go to standard output.  Exit code 1: something failed, or what was kept didn't come back.
"""

import argparse
import json
import random
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

import peers
import tools as tools_
import verify
import workloads as workloads_
from measure import measure

NIGHTS, KEPT = 7, 3


class DumpNights(workloads_.Dump):
    """Seven nightly pg_dumpall of an authentik-like database (dumpgen.py), through stdin."""

    def make(self):
        for night in range(NIGHTS):
            self.packed(night)
        self.source = self.folder / "night.sql"

    def night(self, number):
        workloads_.run("zstd", "-d", "-q", "-f", self.packed(number), "-o", self.source)
        if number == 0:
            self.notes.append(f"{NIGHTS} nights, the first of {self.source.stat().st_size / 1e6:.1f} MB")


class TreeNights(workloads_.Tree):
    """A kernel source tree; every night every fortieth of its C files gets three edits."""

    def make(self):
        self.first = workloads_.kernel_trees(self.store, [], wanted=1)[0]
        if self.scale < 1:
            self.first = workloads_.thin(self.first, self.scale)

    def night(self, number):
        if number == 0:
            self.lay(self.first)
            files = [p for p in self.source.rglob("*") if p.is_file() and not p.is_symlink()]
            self.notes.append(f"{self.first.name}: {len(files):,} files, {sum(p.stat().st_size for p in files) / 1e6:.1f} MB")
            return
        choice = random.Random(number)
        files = sorted(p for p in self.source.rglob("*.[ch]") if p.is_file() and not p.is_symlink())
        for file in choice.sample(files, len(files) // 40):
            workloads_.edit(file, choice)
        time.sleep(workloads_.SETTLE_S)


KINDS = {"dump": DumpNights, "tree": TreeNights}


def main():
    options = parse_options()
    tools = tools_.make_tools(options.tools, options.work, options.cairn)
    result = {"facts": peers.facts(tools, options), "workloads": {}, "samples": [], "checks": []}
    for name in options.workloads:
        workload = KINDS[name](options.work, options.store, options.scale)
        workload.prepare()
        try:
            for round_ in range(1, options.rounds + 1):
                workload.notes = []
                live(workload, tools, round_, options, result)
        finally:
            workload.remove()
            for tool in tools:
                shutil.rmtree(tool.folder, ignore_errors=True)
        result["workloads"][name] = {"about": workload.__doc__, "notes": workload.notes}
    if options.out:
        peers.write(result, options.out)
    print("\n".join(table(result, name) for name in options.workloads))
    return 1 if any(c["difference"] for c in result["checks"]) or any(s["exit_code"] for s in result["samples"]) else 0


def parse_options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tools", type=peers.names, default=["cairn", "restic", "borg"])
    p.add_argument("--workloads", type=peers.names, default=list(KINDS), help="of " + ",".join(KINDS))
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the data")
    p.add_argument("--cairn", default="build/cairn", help="the binary to be measured")
    p.add_argument("--work", type=Path, default=Path("/dev/shm/cairn-life"), help="sources and repositories; tmpfs")
    p.add_argument("--store", type=Path, default=Path("/var/tmp/cairn-bench"), help="packed data, on disk")
    p.add_argument("--out", type=Path, help="every sample, as JSON")
    options = p.parse_args()
    options.stdin = "pipe"
    options.work, options.store = options.work.resolve(), options.store.resolve()
    return options


def live(workload, tools, round_, options, result):
    """One life: every night is saved by every tool before the next one comes; in the end they forget and prune in turn."""
    for tool in tools:
        tool.start_afresh()
        peers.must(measure(tool.init(), tool.environment(), options.work / "init.log"), f"{tool.name} init")
    for night in range(NIGHTS):
        workload.night(night)
        for tool in tools:
            backup = tool.backup_stream(workload.source) if workload.stream else tool.backup(workload.source)
            run(workload, tool, f"night {night}", backup, round_, options, result)
    for tool in tools:
        run(workload, tool, "prune", tool.forget_and_prune(KEPT), round_, options, result)
    for tool in tools:
        run(workload, tool, "check", tool.check(), round_, options, result)
        target = options.work / "restored"
        peers.remove(target)
        if not workload.stream:
            target.mkdir()
        commands = tool.restore_stream(target) if workload.stream else tool.restore(workload.source, target)
        run(workload, tool, "restore", commands, round_, options, result)
        compare = verify.compare_streams if workload.stream else verify.compare_trees
        peers.check(result, workload, tool, compare(workload.source, target))
        peers.remove(target)


def run(workload, tool, op, commands, round_, options, result):
    usage = measure(commands, tool.environment(), options.work / "op.log")
    stored = tool.stored_bytes()
    result["samples"].append({"workload": workload.name, "round": round_, "tool": tool.name, "op": op, "stored_bytes": stored, **asdict(usage)})
    peers.say(f"{workload.name} {round_} {tool.name:9} {op:10} {usage.wall_s:8.2f} s  cpu {usage.cpu_s:7.2f} s  "
              f"rss {usage.rss_kib / 1024:6.0f} MiB  {stored / 1e6:.2f} MB"
              + (f"  FAILED, exit code {usage.exit_code}: {usage.message}" if usage.exit_code else ""))


def table(result, name):
    """Medians over the rounds."""
    samples = [s for s in result["samples"] if s["workload"] == name]

    def values(tool, op, key):
        return [s[key] for s in samples if (s["tool"], s["op"]) == (tool, op)]

    lines = [f"### {name}\n", f"{result['workloads'][name]['about']} " + "; ".join(result["workloads"][name]["notes"]) + ".\n",
             "| | forget and prune, s | CPU s | peak MiB | MB before | MB after |", "| --- " * 6 + "|"]
    tools = list(dict.fromkeys(s["tool"] for s in samples))
    both = {tool: median(values(tool, "prune", "wall_s")) for tool in tools}
    for tool in tools:
        cpu, peak = median(values(tool, "prune", "cpu_s")), max(values(tool, "prune", "rss_kib")) / 1024
        before, after = (median(values(tool, op, "stored_bytes")) / 1e6 for op in (f"night {NIGHTS - 1}", "prune"))
        failed = any(s["exit_code"] for s in samples if s["tool"] == tool)
        lines.append(f"| {tool}{' FAILED' if failed else ''} | {both[tool]:.2f} | {cpu:.2f} | {peak:.0f} | {before:.1f} | {after:.1f} |")
    others = {tool: s for tool, s in both.items() if tool != "cairn"}
    if "cairn" in both and others:
        best = min(others, key=others.get)
        lines.append(f"\nFastest peer: {best}; cairn takes {both['cairn'] / others[best]:.2f} of its time (goal: 0.33).")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
