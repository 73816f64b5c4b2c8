#!/usr/bin/env python3
"""The system refuses at any point: an error with a message and nothing recorded, or a result that is whole; never success with a hole.

    error_sweep.py CAIRN SHIM OPERATION [--only K --action ACTION] [--jobs N]

For each way to fail, once and from then on, and every k that it can strike at: a fresh copy of a repository, and the operation.
If it says that it succeeded, it must have.  If not, it must say why, by an exit code that fits (3, "some source files could not be
read", doesn't: the repository failed); what was there is whole, and the same operation succeeds afterwards.
"""
import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from lab import Copy, Failure, Findings, Lab
from operations import OPERATIONS, require_done, require_unhurt

ACTIONS = {"EIO": "Input/output error", "ENOSPC": "No space left", "ENOSPC+": "No space left", "EINTR": "", "short": ""}
TAKES_SPACE = ("write", "open", "mkdir", "rename", "link", "fsync", "fdatasync", "ftruncate", "fallocate")
STRIKES = {"EIO": (), "ENOSPC": TAKES_SPACE, "ENOSPC+": TAKES_SPACE, "short": ("write",),
           "EINTR": ("write", "open", "fsync", "fdatasync", "ftruncate")}
CODES = (1, 11)


class Sweep:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.operation = OPERATIONS[name](lab)
        self.pristine = self.operation.prepare()
        self.findings = Findings()

    def calls(self):
        """The calls of an undisturbed run, as the shim logs them: threads may swap two, their number hardly changes."""
        copy = Copy(self.lab, self.pristine)
        log = os.path.join(copy.folder, "calls")
        self.operation.start(copy, shim={"LOG": log}).require(*self.operation.codes)
        with open(log, encoding="utf-8") as file:
            return [tuple((line.split() + [""])[1:3]) for line in file]   # the root itself has no name

    def fail_at(self, action, k, verbose=False):
        copy = Copy(self.lab, self.pristine)
        log = os.path.join(copy.folder, "calls")
        run = self.operation.start(copy, shim={"AT": k, "ACTION": action, "LOG": log})
        with open(log, encoding="utf-8") as file:
            calls = file.read()
        if verbose:
            print(calls + run.text())
        if run.code == 0 or " <- " not in calls:
            run.require(*self.operation.codes)
            require_done(self.operation, copy)
        else:
            run.require(*CODES)
            said = run.err.decode(errors="replace")
            if not said.strip() or (ACTIONS[action] and ACTIONS[action] not in said):
                raise Failure(f"exit code {run.code}, and the message doesn't say why: {said!r}")
            require_unhurt(self.operation, copy)
            self.operation.run_again(copy)
            require_done(self.operation, copy)
        copy.remove()
        return " <- " in calls

    def try_at(self, place):
        action, k = place
        if self.findings.enough:
            return
        try:
            self.fail_at(action, k)
            self.findings.ran()
        except Failure as failure:
            self.findings.ran(f"{self.name}, {action} at {k}: {failure}", f"{sys.argv[0]} {self.lab.cairn} {self.lab.shim} "
                              f"{self.name} --action {action} --only {k}")


def places(calls):
    """(action, k): EIO at every call, the others at every third that they can strike, each with another beginning.

    Of a row of writes to one file only the first and the last count: what comes in between goes the same way.
    """
    dull = {k for k in range(2, len(calls)) if calls[k - 2][0] == "write" and calls[k - 2] == calls[k - 1] == calls[k]}
    for number, (action, names) in enumerate(STRIKES.items()):
        able = [k for k, (call, _) in enumerate(calls, 1) if k not in dull and (not names or call.startswith(names))]
        yield from ((action, k) for k in (able[number % 3::3] if number else able))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cairn")
    arguments.add_argument("shim")
    arguments.add_argument("operation", choices=OPERATIONS)
    arguments.add_argument("--only", type=int)
    arguments.add_argument("--action", choices=ACTIONS)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    chosen = arguments.parse_args()
    with Lab(chosen.cairn, chosen.shim) as lab:
        sweep = Sweep(lab, chosen.operation)
        if chosen.only is not None:
            sweep.fail_at(chosen.action, chosen.only, verbose=True)
            return 0
        with ThreadPoolExecutor(chosen.jobs) as pool:
            list(pool.map(sweep.try_at, places(sweep.calls())))
        return sweep.findings.report(f"{chosen.operation} with errors")


if __name__ == "__main__":
    sys.exit(main())
