#!/usr/bin/env python3
"""Backups to a server that misbehaves: whoever exits 0 has told the truth, whoever doesn't says why.

    fault_runs.py CAIRN RUNS [FIRST-SEED [ENDPOINT]]

Without ENDPOINT the server is fault_server.py's; with it the faults happen on the way to a real one (fault_proxy.py), which has a bucket
"cairn" of access/secret.  Each run: a repository of its own; with faults, some of: backups of a changing folder (sometimes two at once), forget with
prune, restore, check.  Afterwards, without faults: `check --read-data` finds no damage, every snapshot whose backup exited 0 is there
(unless it was forgotten) and restores to the very bytes, and a backup works.  A run is its seed: the same seed draws the same faults,
though threads may meet them in another order.
"""
import concurrent.futures
import filecmp
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fault_proxy  # noqa: E402
import fault_server  # noqa: E402

ALLOWED = {0, 1, 3, 11}   # done, failed with a reason, done in part, out-leased


class Run:
    def __init__(self, cairn, seed, folder, endpoint):
        self.cairn, self.seed, self.folder, self.random = cairn, seed, folder, random.Random(seed)
        # One in four meets so many faults that commands give up, one in ten none but one kind.
        self.rate = self.random.choice([0.02, 0.05, 0.1, 0.3])
        faults = [self.random.choice(fault_server.FAULTS)] if self.random.random() < 0.3 else None
        start = fault_proxy.start if endpoint else fault_server.start
        self.server, self.store = start(seed, 0, faults, *([endpoint] if endpoint else []))
        self.prefix = os.path.basename(folder)
        self.failed = 0
        self.patience_s = 60   # a busy machine is no fault

    def environment(self, cache):
        return {**os.environ, "CAIRN_REPOSITORY": f"s3://cairn/{self.prefix}?endpoint=http://127.0.0.1:{self.server.server_address[1]}",
                "AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret", "CAIRN_CACHE_DIR": f"{self.folder}/{cache}",
                "CAIRN_KEY_FILE": f"{self.folder}/key", "CAIRN_S3_RETRY_SECONDS": str(self.patience_s), "XDG_CONFIG_HOME": self.folder}

    def call(self, *words, cache="cache", good=None):
        done = subprocess.run([self.cairn, *words], env=self.environment(cache), capture_output=True, text=True, timeout=120)
        if done.returncode not in (ALLOWED if good is None else good):
            raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
        if done.returncode != 0:
            self.failed += 1
            if not done.stderr.strip():
                raise AssertionError(f"{' '.join(words)}: exit code {done.returncode} without a word")
        return done

    def change_source(self, step):
        os.makedirs(f"{self.folder}/source", exist_ok=True)
        for name in range(4):
            with open(f"{self.folder}/source/{name}", "wb") as file:
                file.write(self.random.randbytes(self.random.choice([0, 100, 40_000, 400_000])) + str(step).encode())
        shutil.copytree(f"{self.folder}/source", f"{self.folder}/kept/{step}")

    def backup(self, step, cache="cache"):
        done = self.call("backup", "--json", f"s=" + f"{self.folder}/kept/{step}", cache=cache)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])["snapshot_id"], step
        return None

    def work(self):
        """Snapshots that must be there: {id: step}."""
        snapshots, forgotten = {}, False
        for step in range(2):
            self.change_source(step)
            if self.random.random() < 0.3:   # two writers of two machines
                self.change_source(f"{step}b")
                with concurrent.futures.ThreadPoolExecutor() as both:
                    made = [both.submit(self.backup, step), both.submit(self.backup, f"{step}b", "cache2")]
                made = [m.result() for m in made]
            else:
                made = [self.backup(step)]
            snapshots.update(m for m in made if m)
        if self.random.random() < 0.4:
            forgotten = True   # its exit code may be wrong about what is gone, when a reply is lost; what is there must be whole
            self.call("forget", "--keep-last", "1", "--prune")
        if self.random.random() < 0.3:
            self.call("restore", "latest", "--target", f"{self.folder}/early")
        return {} if forgotten else snapshots

    def run(self):
        self.call("init", "--new-key-file", f"{self.folder}/key", good={0})
        os.makedirs(f"{self.folder}/kept")
        self.store.rate, self.patience_s = self.rate, 0.5
        snapshots = self.work()
        self.store.rate, self.patience_s = 0, 60
        refused = [line for line in self.store.log if line.startswith("REFUSED")]
        if refused:
            raise AssertionError(f"a request that S3 would refuse: {refused[0]}")
        self.call("check", "--read-data", cache="fresh", good={0})
        listed = [json.loads(line)["id"] for line in self.call("snapshots", "--json", good={0}).stdout.splitlines()
                  if '"id"' in line]
        missing = set(snapshots) - set(listed)
        if missing:
            raise AssertionError(f"reported as made, but gone: {missing}")
        for snapshot, step in list(snapshots.items())[-2:]:
            target = f"{self.folder}/out-{snapshot[:8]}"
            self.call("restore", snapshot, "--target", target, good={0})
            for name in os.listdir(f"{self.folder}/kept/{step}"):
                if not filecmp.cmp(f"{self.folder}/kept/{step}/{name}", f"{target}/s/{name}", shallow=False):
                    raise AssertionError(f"{snapshot}: {name} came back different")
        self.call("backup", f"s={self.folder}/kept/0", good={0})
        return self.failed, len(self.store.log)


def one(cairn, seed, endpoint):
    folder = tempfile.mkdtemp(prefix="cairn-faults-")
    run = Run(cairn, seed, folder, endpoint)
    try:
        return run.run()
    except (AssertionError, subprocess.TimeoutExpired, json.JSONDecodeError, OSError) as error:
        print(f"seed {seed} (rate {run.rate}, {run.store.faults}): {error}\n  faults: {'; '.join(run.store.log[-30:])}", flush=True)
        return None
    finally:
        run.server.shutdown()
        run.server.server_close()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    cairn, runs, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    endpoint = sys.argv[4] if len(sys.argv) > 4 else None
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda seed: one(cairn, seed, endpoint), range(first, first + runs)))
    good = [r for r in results if r]
    print(f"{runs} runs, {runs - len(good)} bad; {sum(f for f, _ in good)} commands gave up, {sum(n for _, n in good)} faults")
    if runs >= 100 and not sum(n for _, n in good) >= runs:
        sys.exit("hardly any fault happened: this shows nothing")
    sys.exit(len(good) != runs)


if __name__ == "__main__":
    main()
