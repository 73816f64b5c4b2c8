#!/usr/bin/env python3
"""A bucket that changes, and a server that fails, while the bucket is backed up: what is saved is always one version of an object, and what
could not be read is told.

    changing_source.py CAIRN
"""
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fault_server  # noqa: E402

MIB = 1 << 20


class Source:
    """A server with objects, and a repository in a folder."""

    def __init__(self, cairn, folder, faults=None):
        self.cairn, self.folder = cairn, tempfile.mkdtemp(dir=folder)
        self.server, self.store = fault_server.start(1, 0, faults)
        self.random, self.version = random.Random(5), 0
        for number in range(20):   # three pages of the list
            self.put(f"in/small{number:02}", 3000)
        self.put("in/long", 20 * MIB)
        self.run("init", "--new-key-file", f"{self.folder}/key", good=0)

    def put(self, key, size):
        self.version += 1
        self.store.objects[key] = (self.random.randbytes(size), f"2026-01-01T00:00:00.{self.version % 1000:03}Z")

    def run(self, *words, good, seconds="60"):
        environment = {**os.environ, "CAIRN_REPOSITORY": f"{self.folder}/repository", "CAIRN_KEY_FILE": f"{self.folder}/key",
                       "CAIRN_CACHE_DIR": f"{self.folder}/cache", "XDG_CONFIG_HOME": self.folder, "CAIRN_S3_RETRY_SECONDS": seconds,
                       "CAIRN_SOURCE_S3_ACCESS_KEY_ID": "access", "CAIRN_SOURCE_S3_SECRET_ACCESS_KEY": "secret",
                       "CAIRN_SOURCE_S3_ENDPOINT": f"http://127.0.0.1:{self.server.server_address[1]}"}
        done = subprocess.run([self.cairn, *words], env=environment, capture_output=True, timeout=300)
        assert done.returncode == good, f"{words}: exit code {done.returncode}, not {good}: {done.stderr.decode()[-2000:]}"
        return done

    def backup(self, good, says="", seconds="60"):
        done = self.run("-v", "backup", "s3://cairn/in", good=good, seconds=seconds)
        assert says in done.stderr.decode(), f"does not say {says!r}: {done.stderr.decode()}"
        self.store.before_get = None
        return done.stderr.decode()

    def expect(self, *left_out):
        """The newest snapshot has just what the server has now, but for these."""
        target = tempfile.mkdtemp(dir=self.folder)
        self.run("restore", "latest:in", "--target", target, good=0)
        found = {f"in/{name}" for name in os.listdir(f"{target}/in")}
        assert found == {key for key in self.store.objects if key.startswith("in/")} - set(left_out), found
        for key in found:
            with open(f"{target}/{key}", "rb") as file:
                assert file.read() == self.store.objects[key][0], f"{key}: other bytes"

    def snapshots(self):
        return len(self.run("snapshots", "--json", good=0).stdout.splitlines())

    def on_get(self, key, work, first=0, times=1):
        """Before the first `times` GETs of a key from byte `first` on: work(key)."""
        left = [times]

        def before(asked, offset):
            if asked == key and offset >= first and left[0] > 0:
                left[0] -= 1
                time.sleep(0.3 if first and left[0] < 3 else 0)   # pieces are asked for at once: let the first one be answered
                return work(key)
            return None
        self.store.before_get = before


def changed_between_list_and_get(source):
    source.on_get("in/small03", lambda key: source.put(key, 3000))   # of the same length
    source.backup(0)
    source.expect()
    assert source.backup(0).count(" 0 GET") == 0, "the time of what was got is not known to the millisecond: it is read again, once"
    source.expect()
    assert " 0 GET" in source.backup(0), "an unchanged bucket costs the list"
    assert " 0 HEAD" in source.backup(0)


def grew_and_shrank(source):
    source.on_get("in/small03", lambda key: source.put(key, 9 * MIB))
    source.backup(0)
    source.expect()
    source.put("in/long", 30 * MIB)
    source.on_get("in/long", lambda key: source.put(key, 0), first=8 * MIB)
    source.backup(0)
    source.expect()


def long_one_changed_while_read(source):
    source.on_get("in/long", lambda key: source.put(key, 20 * MIB), first=8 * MIB)
    source.backup(0)
    source.expect()
    source.put("in/long", 18 * MIB)
    source.on_get("in/long", lambda key: source.put(key, 18 * MIB))
    source.backup(0)
    source.expect()


def never_at_rest(source):
    source.on_get("in/long", lambda key: source.put(key, 20 * MIB), first=8 * MIB, times=1000)
    source.backup(3, "in/long: changed every time it was read")
    source.expect("in/long")
    source.backup(0)
    source.expect()


def vanished(source):
    source.on_get("in/small03", lambda key: source.store.objects.pop(key) and None)
    source.backup(3, "small03: vanished")
    source.expect()
    source.on_get("in/long", lambda key: source.store.objects.pop(key) and None, first=8 * MIB)
    source.put("in/long", 20 * MIB)
    source.backup(3, "in/long: vanished")
    source.expect()


def refused(source):
    source.on_get("in/small03", lambda key: 403, times=1000)
    source.backup(3, "s3:GetObject")
    source.expect("in/small03")
    source.on_get("in/long", lambda key: 403, first=8 * MIB, times=1000)
    source.put("in/long", 20 * MIB)
    source.backup(3, "s3:GetObject")
    source.expect("in/long")


def list_breaks_off(source):
    source.backup(0)
    source.store.before_list = lambda after: 403 if after else None   # the second page
    source.backup(1, "s3:ListBucket")
    assert source.snapshots() == 1, "half a list made a snapshot"


def server_fails(source):
    source.store.before_get = lambda key, offset: 500
    source.backup(1, "GET", seconds="2")
    assert source.snapshots() == 0, "what could not be read made a snapshot"
    source.backup(0)
    source.expect()


def network_fails(source):
    source.store.rate = 0.2
    source.backup(0)
    source.store.rate = 0
    assert source.store.log, "there was no fault"
    source.expect()


def main():
    with tempfile.TemporaryDirectory(prefix="cairn-changing-") as folder:
        for case in [changed_between_list_and_get, grew_and_shrank, long_one_changed_while_read, never_at_rest, vanished, refused,
                     list_breaks_off, server_fails, network_fails]:
            faults = ["truncated_body", "reset_in_body", "reset_before", "error_500", "drip"] if case is network_fails else None
            source = Source(sys.argv[1], folder, faults)
            try:
                case(source)
            except AssertionError as error:
                sys.exit(f"{case.__name__}: {error}")
            finally:
                source.server.shutdown()
                source.server.server_close()
            print(f"{case.__name__}: as it should be")


if __name__ == "__main__":
    main()
