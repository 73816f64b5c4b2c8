#!/usr/bin/env python3
"""Killed at any point: nothing old is lost, and the next run just works.

    kill_sweep.py CAIRN SHIM OPERATION [--only K] [--action kill|torn] [--jobs N]

For every k, until the operation comes to its end: a fresh copy of a repository, the operation killed at its k-th call that changes
something.  Then `check` is content, the newest and the oldest snapshot come back byte for byte, the same operation succeeds when it
is run again, everything comes back, and nothing lies about.  --only runs a single k, and says more.
"""
import argparse
import itertools
import os
import sys
import threading

from lab import Copy, Failure, Lab, fingerprint, report
from operations import OPERATIONS, require_done


class Sweep:
    def __init__(self, lab, name, action, verbose):
        self.lab, self.name, self.action, self.verbose = lab, name, action, verbose
        self.operation = OPERATIONS[name](lab)
        self.pristine = self.operation.prepare()
        self.before = fingerprint(self.pristine.repository) if os.path.exists(self.pristine.repository) else {}
        self.numbers, self.failures = itertools.count(1), []
        self.killed, self.ended = 0, False
        self.mu = threading.Lock()

    def kill_at(self, k):
        """True if the operation was killed; False if it came to its end before."""
        copy = Copy(self.lab, self.pristine)
        operation = self.operation
        log = os.path.join(copy.folder, "calls")
        shim = {"AT": k, "ACTION": self.action, "LOG": log}
        run = copy.run(*operation.arguments(copy), shim=shim, stdin=operation.stdin, environment=operation.environment)
        if self.verbose:
            with open(log, encoding="utf-8") as calls:
                print(calls.read() + run.text())
        if not run.killed:
            run.require(0)
        there = os.path.exists(os.path.join(copy.repository, "config"))
        if there:
            copy.require_whole(every=False, gone=operation.gone(copy))
        if run.killed:
            codes = operation.again(copy)
            copy.run(*operation.arguments(copy), stdin=operation.stdin, environment=operation.environment).require(*codes)
        require_done(operation, copy)
        copy.remove()
        return run.killed

    def work(self):
        while not self.ended:
            with self.mu:
                k = next(self.numbers)
            try:
                if self.kill_at(k):
                    with self.mu:
                        self.killed += 1
                else:
                    self.ended = True
            except Failure as failure:
                with self.mu:
                    self.failures.append(f"FAILED: {self.name}, {self.action} at {k}: {failure}\n  again: {sys.argv[0]} "
                                         f"{self.lab.cairn} {self.lab.shim} {self.name} --action {self.action} --only {k}")
                if len(self.failures) >= 5:
                    self.ended = True

    def run(self, jobs):
        workers = [threading.Thread(target=self.work) for _ in range(jobs)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if self.killed < 5 and not self.failures:
            self.failures.append(f"FAILED: {self.name}: the shim struck only {self.killed} times")
        if os.path.exists(self.pristine.repository) and fingerprint(self.pristine.repository) != self.before:
            self.failures.append(f"FAILED: {self.name}: a stored file was written to again (seen through a second name of it)")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cairn")
    arguments.add_argument("shim")
    arguments.add_argument("operation", choices=OPERATIONS)
    arguments.add_argument("--only", type=int)
    arguments.add_argument("--action", default="kill", choices=["kill", "torn"])
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    chosen = arguments.parse_args()
    with Lab(chosen.cairn, chosen.shim) as lab:
        sweep = Sweep(lab, chosen.operation, chosen.action, chosen.only is not None)
        if chosen.only is not None:
            sweep.kill_at(chosen.only)
            return 0
        sweep.run(chosen.jobs)
        return report(sweep.failures, sweep.killed, f"{chosen.operation} killed at every call")


if __name__ == "__main__":
    sys.exit(main())
