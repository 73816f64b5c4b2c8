"""What bench/postgres.py and bench/inside.py have in common: named subjects, their samples and what came of them."""

import argparse
import os
import shutil
import time
from pathlib import Path
from statistics import median

import peers
import tools as tools_
from measure import measure


class Bench:
    """One run: where things are, and what was found."""

    def __init__(self, options):
        self.options, self.samples, self.results = options, [], []
        # On a real disk: what stands on tmpfs is never out of memory.
        self.cairn = tools_.Cairn(options.store / "cairn", os.path.abspath(options.cairn))
        options.work.mkdir(parents=True, exist_ok=True)
        options.store.mkdir(parents=True, exist_ok=True)

    def fresh(self):
        self.cairn.start_afresh()
        peers.must(measure(self.cairn.init(), self.environment(), self.options.work / "init.log"), "cairn init")

    def environment(self):
        # As the user's, but for the settings of cairn.
        return {**self.cairn.environment(), **self.options.environment}

    def run(self, subject, label, argv, stdin=None, stdout=None):
        """Measures one command; (seconds, bytes that the repository grew by)."""
        before = self.cairn.stored_bytes()
        usage = measure([tools_.Command(argv, stdin=stdin, stdout=stdout)], self.environment(), self.options.work / "op.log")
        added = self.cairn.stored_bytes() - before
        self.samples.append({"subject": subject, "op": label, "wall_s": usage.wall_s, "cpu_s": usage.cpu_s, "rss_kib": usage.rss_kib,
                             "added_bytes": added, "exit_code": usage.exit_code, "message": usage.message})
        peers.say(f"{subject:9} {label:34} {usage.wall_s:8.3f} s  cpu {usage.cpu_s:7.2f} s  rss {usage.rss_kib / 1024:5.0f} MiB  "
                  f"+{added / 1e6:.2f} MB" + (f"  FAILED: {usage.message}" if usage.exit_code else ""))
        return usage.wall_s, added

    def backup(self, subject, label, file, *options):
        return self.run(subject, label, self.cairn.cairn("backup", "-", "--stdin-name", self.options.component, *options), stdin=file)

    def median(self, subject, label, key="wall_s"):
        return median(s[key] for s in self.samples if (s["subject"], s["op"]) == (subject, label))

    def result(self, what, value, goal, met, detail):
        """What came of the subject at hand; nothing is met where one of its commands failed."""
        failed = any(s["exit_code"] for s in self.samples if s["subject"] == self.samples[-1]["subject"])
        self.results.append({"what": what, "value": value, "goal": goal, "met": bool(met) and not failed, "detail": detail})


def forget_cached(folder):
    """Out of the system's memory; needs no rights, only that the data is on disk."""
    os.sync()
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run(subjects, options, versions, ours=lambda sample: True):
    """Runs the subjects asked for and prints a table.  `ours`: samples whose memory is cairn's alone.  Returns the exit code."""
    bench = Bench(options)
    facts = {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "commit": peers.commit(), "cpu": peers.cpu(),
             "load_before": os.getloadavg()[0], "rounds": options.rounds, "scale": options.scale,
             "versions": {"cairn": bench.cairn.version(), **versions},
             "work": peers.filesystem(options.work), "store": peers.filesystem(options.store)}
    try:
        for name in options.subjects:
            peers.say(f"{name}: {subjects[name].__doc__}")
            subjects[name](bench)
    finally:
        shutil.rmtree(options.work, ignore_errors=True)
        if bench.cairn.folder != getattr(options, "keep", None):
            shutil.rmtree(bench.cairn.folder, ignore_errors=True)
    peak = max(s["rss_kib"] for s in bench.samples if ours(s)) / 1024
    bench.result("largest peak memory of all runs", f"{peak:.0f} MiB", "≤ 250 MB", peak * 1.048576 <= 250, "the largest single process")
    peers.write({"facts": facts, "results": bench.results, "samples": bench.samples}, options.out)
    print(render(facts, bench))
    return 0 if all(r["met"] for r in bench.results) and not any(s["exit_code"] for s in bench.samples) else 1


def render(facts, bench):
    lines = [f"* {facts['date']}, commit {facts['commit']}; {facts['cpu']}, load before {facts['load_before']:.1f}",
             f"* {'; '.join(f'{k}: {v}' for k, v in facts['versions'].items())}; {facts['rounds']} rounds, scale {facts['scale']:g}; medians; "
             f"what is saved on {facts['work']}, repository on {facts['store']}", "",
             "| what | measured | goal | | |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r['what']} | {r['value']} | {r['goal']} | {'yes' if r['met'] else '**no**'} | {r['detail']} |" for r in bench.results]
    lines += [f"* FAILED: {s['subject']}, {s['op']}: exit code {s['exit_code']}: {s['message']}" for s in bench.samples if s["exit_code"]]
    return "\n".join(lines)


def parse_options(doc, subjects, folder, component, environment):
    """Of a program whose subjects these are; `folder`: where it works, in tmpfs."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--subjects", type=peers.names, default=list(subjects), help="of " + ",".join(subjects))
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--scale", type=float, default=1.0)
    p.add_argument("--cairn", default="build/cairn", help="the binary to be measured")
    p.add_argument("--work", type=Path, default=Path(f"/dev/shm/cairn-bench-{folder}"), help="what is saved, and servers; tmpfs")
    p.add_argument("--store", type=Path, default=Path("/var/tmp/cairn-bench"), help="packed data and the repository, on disk")
    p.add_argument("--out", type=Path, default=Path(f"bench/{folder}.json"))
    options = p.parse_args()
    unknown = set(options.subjects) - set(subjects)
    if unknown:
        p.error(f"unknown subject: {', '.join(sorted(unknown))}")
    options.work, options.store = options.work.resolve(), options.store.resolve()
    options.component, options.environment = component, environment
    return options
