#!/usr/bin/env python3
"""Two writers, two pruners and somebody who restores, all at once on one directory; processes that are killed and frozen among them.

    races.py CAIRN SHIM [--seconds N] [--seed N]

Exit codes: 0; 11, and then there is no snapshot but a late one; of a restore also 1, if its snapshot was forgotten meanwhile.  In the end each
listed snapshot comes back byte for byte, and check --read-data is clean.
"""
import argparse
import json
import random
import signal
import sys
import threading
import time

from lab import Copy, Failure, Lab, back_up, difference, prepared, prose, tree, write_tree

KEPT = 4        # snapshots that each round of forgetting leaves


class Race:
    def __init__(self, lab, seed, seconds):
        self.lab, self.seed = lab, seed
        self.base = prepared(lab)
        self.until = time.monotonic() + seconds
        self.mu = threading.Lock()
        self.contents = list(self.base.expected.values())   # that a snapshot may have: written down before it is made
        self.saved = dict(self.base.expected)
        self.failures, self.counts = [], {}

    def client(self):
        """Another machine: the same repository, another cache."""
        copy = Copy(self.lab)
        copy.repository, copy.credentials = self.base.repository, self.base.credentials
        return copy

    def count(self, what):
        with self.mu:
            self.counts[what] = self.counts.get(what, 0) + 1

    def over(self):
        return self.failures or time.monotonic() > self.until

    def disturb(self, process, dice):
        """Now and then a process is frozen for a while, or dies."""
        what = dice.random()
        if what > 0.3:
            return
        time.sleep(dice.random() * 0.2)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL if what < 0.1 else signal.SIGSTOP)
            time.sleep(dice.random())
            process.send_signal(signal.SIGCONT)

    def run(self, copy, dice, *arguments, **more):
        process = copy.start(*arguments, **more)
        self.disturb(process, dice)
        return copy.finish(arguments, process)

    def writer(self, number):
        copy, dice = self.client(), random.Random(self.seed * 10 + number)
        files = {f"{i}": prose(f"shared {i}", 30_000) for i in range(8)}
        source = self.lab.source("data", files)
        while not self.over():
            # Of a small stock, so that both writers bring the same data, and what was deleted comes again.
            files[str(dice.randrange(8))] = prose(f"shared {dice.randrange(30)}", 30_000)
            write_tree(source, files)
            with self.mu:
                self.contents.append(tree(files))
            run = self.run(copy, dice, "backup", source, "--json")
            if run.killed:
                self.count("backups killed")
                continue
            run.require(0, 11)
            self.count("backups" if run.code == 0 else "backups given up")
            if run.code == 0:
                with self.mu:
                    self.saved[json.loads(run.out.splitlines()[-1])["snapshot_id"]] = tree(files)

    def pruner(self, number):
        copy, dice = self.client(), random.Random(self.seed * 10 + 5 + number)
        while not self.over():
            ids = [snapshot["id"] for snapshot in copy.snapshots()]
            doomed = dice.sample(ids, max(0, len(ids) - KEPT))
            if doomed:   # another pruner may have been faster
                run = self.run(copy, dice, "forget", *doomed)
                if not run.killed:
                    run.require(0, 1, 11)
            if dice.random() < 0.3:
                copy.age_leases()   # whoever is at work seems dead
            run = self.run(copy, dice, "prune")
            if not run.killed:
                run.require(0, 11)
            self.count("prunes killed" if run.killed else "prunes")

    def restorer(self, number):
        copy, dice = self.client(), random.Random(self.seed * 10 + 9 + number)
        while not self.over():
            listed = [snapshot["id"] for snapshot in copy.snapshots() if not snapshot.get("late")]
            if not listed:
                raise Failure("no snapshot is left")
            chosen = dice.choice(listed)
            try:
                content = copy.content(chosen)
            except Failure:
                if chosen in [snapshot["id"] for snapshot in copy.snapshots()]:
                    raise
                continue   # forgotten meanwhile
            self.require_known(chosen, content)
            self.count("restores")

    def require_known(self, snapshot, content):
        with self.mu:
            wanted, known = self.saved.get(snapshot), content in self.contents
        if wanted is not None and content != wanted:
            raise Failure(f"snapshot {snapshot}: {difference(content, wanted)}")
        if not known:
            raise Failure(f"snapshot {snapshot} has a content that nobody put in: {sorted(content)}")

    def finish(self):
        copy = self.client()
        copy.age_leases()
        copy.run("prune").require(0)
        self.forget_late(copy)
        copy.look("check", "--read-data").require(0)
        for snapshot in copy.snapshots():
            if not snapshot.get("late"):
                self.require_known(snapshot["id"], copy.content(snapshot["id"]))
        back_up(copy, self.lab.source("data", {"end": b"end"}))

    def forget_late(self, copy):
        """A writer that was declared dead and dies, or gives up, with its snapshot written leaves it late: it may lack what a prune took."""
        late = {snapshot["id"] for snapshot in copy.snapshots() if snapshot.get("late")}
        damages = [json.loads(line) for line in copy.look("check", "--json").out.decode().splitlines()]
        hurt = {victim["snapshot"] for damage in damages for victim in damage.get("victims", ())}
        if hurt - late:
            raise Failure(f"damaged, and not late: {sorted(hurt - late)}; late are {sorted(late)}")
        if hurt:
            self.count("late and damaged")
            copy.run("forget", *sorted(hurt)).require(0)

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as failure:   # an actor that is gone silently would leave a quieter race
            with self.mu:
                self.failures.append(f"{work.__name__}{arguments}: {failure if isinstance(failure, Failure) else repr(failure)}")

    def race(self):
        actors = [(self.writer, 1), (self.writer, 2), (self.pruner, 1), (self.pruner, 2), (self.restorer, 1)]
        threads = [threading.Thread(target=self.guarded, args=actor, daemon=True) for actor in actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not self.failures:
            self.guarded(self.finish)
        for needed in ("backups", "prunes", "restores"):
            if not self.failures and not self.counts.get(needed):
                self.failures.append(f"there were no {needed}: this run shows nothing")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cairn")
    arguments.add_argument("shim")
    arguments.add_argument("--seconds", type=float, default=40)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = arguments.parse_args()
    with Lab(chosen.cairn, chosen.shim) as lab:
        if b"\n  forget " not in Copy(lab).run("--help").out:
            print("SKIPPED: needs cairn forget", file=sys.stderr)
            return 77
        race = Race(lab, chosen.seed, chosen.seconds)
        race.race()
        counts = ", ".join(f"{count} {what}" for what, count in sorted(race.counts.items()))
        print(f"seed {chosen.seed}: {counts}; {len(race.failures)} failures")
        for failure in race.failures:
            print(f"FAILED: {failure}\n  again: {sys.argv[0]} {chosen.cairn} {chosen.shim} --seed {chosen.seed}", file=sys.stderr)
        return 1 if race.failures else 0


if __name__ == "__main__":
    sys.exit(main())
