"""What the fault tests share: the real program under the shim, repositories to break, and what "whole" means.

A Lab has a folder of its own and a pristine repository with two snapshots; a Copy is one repository to hurt.  Copies are made of
hard links: what is stored is never written to again, and Lab.require_untouched() says so if it was.
"""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

TIMEOUT_S = 60      # of one run: a hang is a failure
HEALTHY = {"config", "reserve", "keys", "leases", "index", "packs", "snapshots", "gc", "notes", "cards", "tmp"}


class Failure(Exception):
    """Something didn't hold.  The text says what; whoever catches it adds where."""


class Run:
    """One run of the program that has ended."""

    def __init__(self, arguments, process, out, err):
        self.arguments, self.code = arguments, process.returncode
        self.out, self.err = out, err

    @property
    def killed(self):
        return self.code == -signal.SIGKILL

    def require(self, *codes):
        if self.code not in codes:
            raise Failure(f"exit code {self.code}, not {' or '.join(map(str, codes))}: cairn {' '.join(self.arguments)}\n"
                          f"{self.text()}")
        return self

    def text(self):
        return (self.out + self.err).decode(errors="replace").strip()


def prose(seed, size):
    """Bytes that are the same for the same seed, compress a little and don't repeat."""
    out = b""
    while len(out) < size:
        out += hashlib.sha256(f"{seed}/{len(out)}".encode()).hexdigest().encode() + b"\n"
    return out[:size]


def write_tree(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def read_tree(folder):
    out = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                out[os.path.relpath(os.path.join(at, name), folder)] = file.read()
    return out


def fingerprint(folder):
    """Of every file: path, content, mode."""
    return {path: (hashlib.sha256(content).hexdigest(), os.stat(os.path.join(folder, path)).st_mode)
            for path, content in read_tree(folder).items()}


class Lab:
    def __init__(self, cairn, shim, memory=True):
        self.cairn, self.shim = os.path.realpath(cairn), os.path.realpath(shim)
        place = "/dev/shm" if memory and os.access("/dev/shm", os.W_OK) else None
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="cairn-faults-", dir=place))
        self.numbers = iter(range(10**9))
        self.mu = threading.Lock()

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # so that the folder goes away
        return self

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwX", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_folder(self, name):
        with self.mu:
            path = os.path.join(self.folder, f"{name}{next(self.numbers)}")
        os.mkdir(path)
        return path

    def source(self, name, files):
        """A folder of that name to back up, with these files."""
        path = os.path.join(self.new_folder("source"), name)
        write_tree(path, files)
        return path


class Copy:
    """A repository with the cache of the client that works on it, and what it must give back.

    expected: {snapshot id: {path: content}}.   allowed: contents that snapshots not listed there may have.
    """

    def __init__(self, lab, origin=None):
        self.lab, self.folder = lab, lab.new_folder("copy")
        self.repository, self.cache = os.path.join(self.folder, "repository"), os.path.join(self.folder, "cache")
        self.other_cache = os.path.join(self.folder, "other-cache")
        self.credentials = dict(origin.credentials) if origin else {"CAIRN_PASSWORD": "correct-horse"}
        self.expected = dict(origin.expected) if origin else {}
        self.allowed = list(origin.allowed) if origin else []
        if origin:
            if os.path.exists(origin.repository):
                subprocess.run(["cp", "-al", origin.repository, self.repository], check=True)
            if os.path.exists(origin.cache):
                subprocess.run(["cp", "-a", origin.cache, self.cache], check=True)

    def remove(self):
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def environment(self, cache, shim):
        out = {name: value for name, value in os.environ.items() if not name.startswith("CAIRN_")}
        out |= {"CAIRN_REPOSITORY": self.repository, "CAIRN_CACHE_DIR": cache, "HOME": self.folder, "LC_ALL": "C", "TZ": "UTC"}
        out |= self.credentials
        if shim is not None:
            out |= {"LD_PRELOAD": self.lab.shim, "CAIRN_SHIM_ROOT": self.repository}
            out |= {f"CAIRN_SHIM_{name}": str(value) for name, value in shim.items()}
        return out

    def start(self, *arguments, cache=None, shim=None, stdin=subprocess.DEVNULL, environment=()):
        return subprocess.Popen([self.lab.cairn, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(cache or self.cache, shim) | dict(environment), cwd=self.folder)

    def run(self, *arguments, stdin=None, **more):
        process = self.start(*arguments, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL, **more)
        return self.finish(arguments, process, stdin)

    def finish(self, arguments, process, stdin=None):
        try:
            out, err = process.communicate(stdin, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Failure(f"still runs after {TIMEOUT_S} s: cairn {' '.join(arguments)}\n{out.decode(errors='replace')}"
                          f"{err.decode(errors='replace')}") from None
        return Run(arguments, process, out, err)

    # From here on another client looks, with a cache of its own: it knows nothing that isn't stored.
    def look(self, *arguments):
        return self.run(*arguments, cache=self.other_cache)

    def snapshots(self):
        """As `snapshots --json` lists them, oldest first."""
        lines = self.look("snapshots", "--json").require(0).out.decode().splitlines()
        return [line for line in map(json.loads, lines) if line.get("message_type") in (None, "snapshot") and "id" in line]

    def content(self, snapshot):
        target = os.path.join(self.folder, "restored-" + snapshot)
        self.look("restore", snapshot, "--target", target).require(0)
        out = read_tree(target)
        shutil.rmtree(target)
        return out

    def require_whole(self, every=True, read_data=False, gone=()):
        """check is content, and the newest and the oldest (or every) snapshot is what it was.  `gone` may be missing.

        Gives {snapshot id: content} of what it looked at, oldest first.
        """
        self.look("check", *(["--read-data"] if read_data else [])).require(0)
        listed = [snapshot["id"] for snapshot in self.snapshots()]
        missing = set(self.expected) - set(listed) - set(gone)
        if missing:
            raise Failure(f"snapshots are gone: {sorted(missing)}")
        contents = {}
        for snapshot in listed if every else dict.fromkeys(listed[:1] + listed[-1:]):
            content = contents[snapshot] = self.content(snapshot)
            if snapshot in self.expected and content != self.expected[snapshot]:
                raise Failure(f"snapshot {snapshot} is not what was put in: {difference(content, self.expected[snapshot])}")
            if snapshot not in self.expected and content not in self.allowed:
                raise Failure(f"snapshot {snapshot}, which nobody made, or with a hole: {sorted(content)}")
        return contents

    def require_no_litter(self):
        """Nothing lies about but what belongs to a repository and temporaries, which go away by age."""
        strange = set(os.listdir(self.repository)) - HEALTHY
        for at, _, names in os.walk(self.repository):
            folder = os.path.relpath(at, self.repository)
            strange |= {f"{folder}/{name}" for name in names
                        if folder != "tmp" and name not in ("config", "reserve") and not re.fullmatch(r"[0-9a-f]{16,64}(\.\d+|\.\w+)?|\d+(\.\w+)?", name)}
        if strange:
            raise Failure(f"left behind: {sorted(strange)}")

    def temporaries(self):
        folder = os.path.join(self.repository, "tmp")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def files(self, folder):
        top = os.path.join(self.repository, folder)
        return sorted(os.path.relpath(os.path.join(at, name), top) for at, _, names in os.walk(top) for name in names)

    def age_leases(self, hours=1):
        """All leases that are there become stale: their age is that of the file."""
        for name in self.files("leases"):
            path = os.path.join(self.repository, "leases", name)
            try:
                then = os.stat(path).st_mtime - hours * 3600
                os.utime(path, (then, then))
            except FileNotFoundError:   # it ended meanwhile
                pass


def difference(content, wanted):
    changed = [path for path in wanted if path in content and content[path] != wanted[path]]
    return f"missing {sorted(set(wanted) - set(content))}, extra {sorted(set(content) - set(wanted))}, changed {sorted(changed)}"


OLD_FILES = {f"docs/{i}.txt": prose(i, 3000 + 700 * i) for i in range(6)} | {"big": prose("big", 300_000), "empty": b""}
NEW_FILES = OLD_FILES | {"docs/1.txt": prose("changed", 4000), "docs/new.txt": prose("new", 9000), "extra": prose("extra", 120_000)}
THIRD_FILES = NEW_FILES | {"docs/2.txt": prose("third", 5000), "third": prose("3rd", 60_000)}


def tree(files):
    """What a restore of a backup of Lab.source("data", files) gives."""
    return {"data/" + path: content for path, content in files.items()}


def new_repository(lab, key_file=True):
    """An empty one, opened by a key file: no password to think about, milliseconds a run.  Or by a password."""
    copy = Copy(lab)
    key = os.path.join(lab.folder, "key")
    if key_file and b"--new-key-file" in copy.run("init", "--help").out:
        copy.credentials = {"CAIRN_KEY_FILE": key}
        copy.run("init", "--new-key-file", key).require(0)
    else:
        copy.run("init").require(0)
    return copy


def prepared(lab, key_file=True):
    """The repository every sweep begins with: OLD_FILES, then NEW_FILES."""
    copy = new_repository(lab, key_file)
    for files in (OLD_FILES, NEW_FILES):
        snapshot = back_up(copy, lab.source("data", files))
        copy.expected[snapshot] = tree(files)
    return copy


def back_up(copy, *sources, **more):
    """Id of the new snapshot."""
    return json.loads(copy.run("backup", "--json", *sources, **more).require(0).out.splitlines()[-1])["snapshot_id"]


class Findings:
    """What failed, told at once, and how many runs there were.  Gives up after a few: one bug is seen at many points."""

    MOST = 5

    def __init__(self):
        self.mu = threading.Lock()
        self.runs, self.failures = 0, 0

    @property
    def enough(self):
        return self.failures >= self.MOST

    def ran(self, failure=None, again=""):
        with self.mu:
            self.runs += 1
            self.failures += failure is not None
        if failure is not None:
            print(f"FAILED: {failure}\n  again: {again}", file=sys.stderr, flush=True)

    def report(self, what):
        print(f"{what}: {self.runs} runs, {self.failures} failures")
        return 1 if self.failures else 0
