#!/usr/bin/env python3
"""Renders the tables from the JSON that peers.py wrote.

    bench/report.py FILE... > bench/RESULTS.md     several files: one section each, e.g. one per workload
"""

import json
import sys
from pathlib import Path
from statistics import median

GOAL = 2.0  # a row is marked when cairn is at least so many times faster than the fastest peer


class Samples:
    """The samples of one workload, by tool and operation."""

    def __init__(self, result, workload):
        self.by = {}
        for sample in result["samples"]:
            if sample["workload"] == workload:
                self.by.setdefault((sample["tool"], sample["op"]), []).append(sample)
        self.failed = {(s["tool"], s["op"]) for group in self.by.values() for s in group if s["exit_code"]}
        self.failed |= {(c["tool"], "restore") for c in result["checks"] if c["workload"] == workload and c["difference"]}
        self.tools = list(dict.fromkeys(tool for tool, _ in self.by if tool != "limit"))
        self.limits = [op for tool, op in self.by if tool == "limit"]
        self.reused = {key[0] for key, group in self.by.items() if any(s.get("reused") for s in group)}

    def values(self, tool, op, key):
        return [s[key] for s in self.by.get((tool, op), [])]

    def good_median(self, tool, op):
        """Seconds, or None if there is nothing to be compared."""
        values = self.values(tool, op, "wall_s")
        return median(values) if values and (tool, op) not in self.failed else None

    def title(self, tool):
        return tool + (" †" if tool in self.reused else "")


def render(results):
    return "\n".join(["# cairn beside restic, borg and bup\n", *(section(r) for r in results)])


def section(result):
    parts = [machine(result["facts"])]
    for name, about in result["workloads"].items():
        samples = Samples(result, name)
        parts.append(f"## {name}\n\n{about['about']}\n\n" + "\n".join(f"* {note}" for note in about["notes"]) + "\n")
        parts += [wall_table(samples, about["ops"]), stored_table(samples, about["ops"]),
                  cost_table(samples, about["ops"]), limits_table(samples), failures(result, name)]
    return "\n".join(part for part in parts if part)


def machine(facts):
    lines = [f"* {facts['date']}, commit {facts['commit']}",
             f"* {facts['cpu']}, {facts['memory_gib']} GiB, kernel {facts['kernel']}, load before {facts['load_before']:.1f}",
             "* " + "; ".join(f"{tool}: {version}" for tool, version in facts["versions"].items()),
             f"* {facts['rounds']} rounds, tools in turn within each; sources and repositories on {facts['work']}, "
             f"dumps through a {facts['stdin']}; scale {facts['scale']:g}",
             "* encryption everywhere but in bup; restic `--compression auto`, borg lz4 (borg-zstd: zstd,3)"]
    if "reused" in facts:
        lines.append(f"* † taken from an earlier run: {facts['reused']}")
    return "\n".join(lines) + "\n"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def wall_table(samples, ops):
    head = ["seconds, median (min–max)", *map(samples.title, samples.tools), "best peer", "cairn against it", f"≥ {GOAL:g}×"]
    return table(head, [[op, *(seconds(samples, tool, op) for tool in samples.tools), *verdict(samples, op)] for op in ops])


def seconds(samples, tool, op):
    values = samples.values(tool, op, "wall_s")
    if not values:
        return "–"
    text = f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
    return f"FAILED {text}" if (tool, op) in samples.failed else text


def verdict(samples, op):
    """Best peer, ratio, mark.  A failed operation neither wins nor loses: it doesn't count."""
    peers = [(t, tool) for tool in samples.tools if tool != "cairn" and (t := samples.good_median(tool, op))]
    ours = samples.good_median("cairn", op)
    if not peers:
        return ["–", "–", "–"]
    best, name = min(peers)
    if not ours:
        return [name, "–", "–"]
    return [name, f"{best / ours:.2f}×", "yes" if best >= GOAL * ours else "**no**"]


def stored_table(samples, ops):
    rows = [op for op in ops if op not in ("restore", "check")]
    return table(["MB added, median", *map(samples.title, samples.tools)],
                 [[op, *(megabytes(samples.values(tool, op, "added_bytes")) for tool in samples.tools)] for op in rows])


def megabytes(values):
    return f"{median(values) / 1e6:.2f}" if values else "–"


def cost_table(samples, ops):
    return table(["CPU seconds / peak MiB", *map(samples.title, samples.tools)],
                 [[op, *(cost(samples, tool, op) for tool in samples.tools)] for op in ops])


def cost(samples, tool, op):
    cpu, rss = (samples.values(tool, op, key) for key in ("cpu_s", "rss_kib"))
    return f"{median(cpu):.2f} / {max(rss) / 1024:.0f}" if cpu else "–"


def limits_table(samples):
    return table(["limit", "seconds"], [[op.replace("|", "\\|"), seconds(samples, "limit", op)] for op in samples.limits])


def failures(result, workload):
    lines = [f"* FAILED: {c['tool']} restored something else: {c['difference']}"
             for c in result["checks"] if c["workload"] == workload and c["difference"]]
    lines += [f"* FAILED: {s['tool']} {s['op']}, round {s['round']}, exit code {s['exit_code']}: {s['message']}"
              for s in result["samples"] if s["workload"] == workload and s["exit_code"]]
    checked = [c["tool"] for c in result["checks"] if c["workload"] == workload and not c["difference"]]
    if checked:
        lines.append(f"* restored equal to the source (names, SHA-256, mode, mtime): {', '.join(checked)}")
    return "\n".join(lines) + "\n" if lines else ""


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print(render([json.loads(Path(name).read_text()) for name in sys.argv[1:]]))
