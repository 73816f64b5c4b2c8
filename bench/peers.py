#!/usr/bin/env python3
"""Measures cairn, restic, borg and bup side by side, interleaved, on the same data.  See bench/README.md.

    bench/peers.py                                        everything, five rounds
    bench/peers.py --workloads tree --rounds 1            a subset
    bench/report.py bench/results.json > bench/RESULTS.md   the tables again
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import report
import tools as tools_
import verify
import workloads as workloads_
from measure import Usage, measure

REPOSITORY = Path(__file__).resolve().parent.parent


def main():
    options = parse_options()
    if options.prepare:
        return prepare(options)
    earlier = read_earlier(options) if options.reuse else None
    tools = tools_.make_tools(tool_names(options), options.work, options.cairn)
    result = {"facts": facts(tools, options), "workloads": {}, "samples": [], "checks": []}
    for name in options.workloads:
        workload = workloads_.KINDS[name](options.work, options.store, options.scale)
        run_workload(workload, tools, options, result)
    if earlier:
        reuse(result, earlier)
    write(result, options.out)
    print(report.render([result]))
    return 1 if any(c["difference"] for c in result["checks"]) or any(s["exit_code"] for s in result["samples"]) else 0


def parse_options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tools", type=names, default=["cairn", "restic", "borg", "bup"])
    p.add_argument("--workloads", type=names, default=list(workloads_.KINDS), help="of " + ",".join(workloads_.KINDS))
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--scale", type=float, default=1.0, help="0.05: a twentieth of the data, for a quick run")
    p.add_argument("--cairn", default="build/cairn", help="the binary to be measured")
    p.add_argument("--borg-zstd", action="store_true", help="borg a second time, with zstd,3 in place of its default")
    p.add_argument("--stdin", choices=["pipe", "file"], default="pipe", help="how the dump arrives")
    p.add_argument("--work", type=Path, default=Path("/dev/shm/cairn-bench"), help="sources and repositories; tmpfs")
    p.add_argument("--store", type=Path, default=Path("/var/tmp/cairn-bench"), help="packed data, on disk")
    p.add_argument("--out", type=Path, default=Path("bench/results.json"))
    p.add_argument("--reuse", type=Path, help="earlier JSON: take from it the tools not measured now, marked")
    p.add_argument("--prepare", action="store_true", help="only fetch and generate the data")
    options = p.parse_args()
    unknown = set(options.workloads) - set(workloads_.KINDS)
    if unknown:
        p.error(f"unknown workload: {', '.join(sorted(unknown))}")
    options.work, options.store = options.work.resolve(), options.store.resolve()
    return options


def names(text):
    return text.split(",")


def tool_names(options):
    return options.tools + (["borg-zstd"] if options.borg_zstd else [])


def prepare(options):
    """Fetches and generates what the store needs, so that a later run starts at once."""
    for name in options.workloads:
        workload = workloads_.KINDS[name](options.work, options.store, options.scale)
        workload.prepare()
        say("\n".join([f"{name}: ready", *workload.notes]))
        workload.remove()


def run_workload(workload, tools, options, result):
    say(f"{workload.name}: preparing")
    workload.prepare()
    try:
        for round_ in range(1, options.rounds + 1):
            for group in ([[t] for t in tools] if workload.one_tool_at_a_time else [tools]):
                run_group(workload, group, round_, options, result)
            run_limits(workload, round_, options, result)
            result["workloads"][workload.name] = {"about": workload.__doc__, "ops": workload.ops, "notes": workload.notes,
                                                  "rounds": round_}
            write(result, options.out)
    finally:
        workload.remove()


def run_group(workload, group, round_, options, result):
    """All operations of one round; each is done by every tool of the group before the next operation begins."""
    for tool in group:
        tool.start_afresh()
        must(measure(tool.init(), tool.environment(), options.work / "init.log"), f"{tool.name} init")
    for op in workload.ops:
        workload.before(op)
        for tool in group:
            run_op(workload, tool, op, round_, options, result)
    for tool in group:
        shutil.rmtree(tool.folder)


def run_op(workload, tool, op, round_, options, result):
    target = options.work / "restored"
    remove(target)
    if op == "restore" and not workload.stream:
        target.mkdir()
    before = tool.stored_bytes()
    usage = measure(commands(tool, op, workload, target), tool.environment(), options.work / "op.log", options.stdin)
    keep(result, workload, tool.name, op, round_, usage, tool.stored_bytes() - before)
    if op == "restore" and round_ == 1:
        compare = verify.compare_streams if workload.stream else verify.compare_trees
        check(result, workload, tool, compare(workload.source, target))
    remove(target)


def commands(tool, op, workload, target):
    if op == "restore":
        return tool.restore_stream(target) if workload.stream else tool.restore(workload.source, target)
    if op == "check":
        return tool.check()
    return tool.backup_stream(workload.source) if workload.stream else tool.backup(workload.source)


def run_limits(workload, round_, options, result):
    """What plain tools need for the same bytes: the floor under every row."""
    for label, line in workload.limits():
        command = tools_.Command(["bash", "-o", "pipefail", "-c", line])
        usage = measure([command], dict(os.environ), options.work / "limit.log")
        keep(result, workload, "limit", label, round_, usage, 0)
        remove(workload.folder / "copy")


def keep(result, workload, tool, op, round_, usage, added):
    result["samples"].append({"workload": workload.name, "round": round_, "tool": tool, "op": op,
                              "added_bytes": added, **asdict(usage)})
    failed = f"  FAILED, exit code {usage.exit_code}: {usage.message}" if usage.exit_code else ""
    say(f"{workload.name} {round_} {tool:9} {op:10} {usage.wall_s:8.2f} s  cpu {usage.cpu_s:7.2f} s  "
        f"rss {usage.rss_kib / 1024:6.0f} MiB  +{added / 1e6:.2f} MB{failed}")


def check(result, workload, tool, difference):
    result["checks"].append({"workload": workload.name, "tool": tool.name, "difference": difference})
    say(f"{workload.name}   {tool.name:9} restored: {'FAILED, ' + difference if difference else 'equal'}")


def must(usage: Usage, what):
    if usage.exit_code:
        raise SystemExit(f"{what}: exit code {usage.exit_code}: {usage.message}")


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_earlier(options):
    """The file of --reuse, refused before an hour of measuring if it can't be compared."""
    earlier = json.loads(options.reuse.read_text())
    for fact, now in (("scale", options.scale), ("stdin", options.stdin), ("cpu", cpu())):
        if earlier["facts"][fact] != now:
            raise SystemExit(f"--reuse: {fact} was {earlier['facts'][fact]}, now {now}")
    return earlier


def reuse(result, earlier):
    """Adds the earlier samples of tools that were not measured now, if their data was the same; the report marks them."""
    measured = {(s["workload"], s["tool"]) for s in result["samples"] + result["checks"]}
    same = set()
    for name, workload in result["workloads"].items():
        if earlier["workloads"].get(name, {}).get("notes") == workload["notes"]:
            same.add(name)
        else:
            say(f"{name}: nothing reused, the earlier data was another")
    for part in ("samples", "checks"):
        result[part] += [{**s, "reused": True} for s in earlier[part]
                         if s["workload"] in same and (s["workload"], s["tool"]) not in measured]
    result["facts"]["versions"] = {**earlier["facts"]["versions"], **result["facts"]["versions"]}
    result["facts"]["reused"] = f"{earlier['facts']['date']}, commit {earlier['facts']['commit']}, {earlier['facts']['cpu']}"


def facts(tools, options):
    return {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "commit": commit(), "cpu": cpu(), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load_before": os.getloadavg()[0], "rounds": options.rounds, "scale": options.scale, "stdin": options.stdin,
            "work": filesystem(options.work),
            "versions": {tool.name: tool.version() for tool in tools}}


def commit():
    run = lambda *a: subprocess.run(["git", *a], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    return run("rev-parse", "--short=12", "HEAD") + (" with local changes" if run("status", "--porcelain") else "")


def cpu():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} x {model[0] if model else platform.machine()}"


def filesystem(path):
    path.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["stat", "-f", "-c", "%T", str(path)], capture_output=True, text=True).stdout.strip()


def write(result, file):
    part = Path(f"{file}.part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    part.rename(file)


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
