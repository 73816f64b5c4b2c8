#!/usr/bin/env python3
"""Killed at any point: nothing old is lost, and the next run just works.

    kill_sweep.py CAIRN SHIM OPERATION [--only K] [--every N] [--action kill|torn] [--jobs N]

For every k, until the operation comes to its end: a fresh copy of a repository, the operation killed at its k-th call that changes
something.  Then `check` is content, the newest and the oldest snapshot come back byte for byte, the same operation succeeds when it
is run again, everything comes back, and nothing lies about.  --every leaves most of a long sweep out: each N-th k.  --only
runs a single k, and says more.
"""
import argparse
import itertools
import os
import sys
import threading

from lab import Copy, Failure, Findings, Lab, fingerprint
from operations import OPERATIONS, require_done, require_unhurt


class Sweep:
    def __init__(self, lab, name, action, verbose, every=1):
        self.lab, self.name, self.action, self.verbose = lab, name, action, verbose
        self.operation = OPERATIONS[name](lab)
        self.pristine = self.operation.prepare()
        self.before = fingerprint(self.pristine.repository) if os.path.exists(self.pristine.repository) else {}
        self.numbers, self.findings, self.ended = itertools.count(1, every), Findings(), False
        self.mu = threading.Lock()

    def kill_at(self, k):
        """True if the operation was killed; False if it came to its end before."""
        copy = Copy(self.lab, self.pristine)
        operation = self.operation
        log = os.path.join(copy.folder, "calls")
        shim = {"AT": k, "ACTION": self.action, "LOG": log}
        run = operation.start(copy, shim=shim)
        if self.verbose:
            with open(log, encoding="utf-8") as calls:
                print(calls.read() + run.text())
        if not run.killed:
            run.require(*operation.codes)
        require_unhurt(operation, copy)
        if run.killed:
            operation.run_again(copy)
        require_done(operation, copy)
        copy.remove()
        return run.killed

    def work(self):
        while not self.ended and not self.findings.enough:
            with self.mu:
                k = next(self.numbers)
            again = f"{sys.argv[0]} {self.lab.cairn} {self.lab.shim} {self.name} --action {self.action} --only {k}"
            try:
                if self.kill_at(k):
                    self.findings.ran()
                else:
                    self.ended = True
            except Failure as failure:
                self.findings.ran(f"{self.name}, {self.action} at {k}: {failure}", again)

    def run(self, jobs):
        workers = [threading.Thread(target=self.work, daemon=True) for _ in range(jobs)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        again = " ".join(sys.argv)
        if self.findings.runs < self.operation.fewest:
            self.findings.ran(f"{self.name}: the shim struck only {self.findings.runs} times", again)
        if os.path.exists(self.pristine.repository) and fingerprint(self.pristine.repository) != self.before:
            self.findings.ran(f"{self.name}: a stored file was written to again (seen through a second name of it)", again)
        return self.findings.report(f"{self.name} killed at every call")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cairn")
    arguments.add_argument("shim")
    arguments.add_argument("operation", choices=OPERATIONS)
    arguments.add_argument("--only", type=int)
    arguments.add_argument("--every", type=int, default=1)
    arguments.add_argument("--action", default="kill", choices=["kill", "torn"])
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    chosen = arguments.parse_args()
    with Lab(chosen.cairn, chosen.shim) as lab:
        sweep = Sweep(lab, chosen.operation, chosen.action, chosen.only is not None, chosen.every)
        if chosen.only is not None:
            sweep.kill_at(chosen.only)
            return 0
        return sweep.run(chosen.jobs)


if __name__ == "__main__":
    sys.exit(main())
