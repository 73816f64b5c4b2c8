"""The measured tools: which commands each of them needs for one operation.

A tool only builds commands; measure.py runs them.  Every tool keeps all it writes below its own folder,
so dropping the folder gives a fresh start.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "correct horse battery staple"


@dataclass
class Command:
    """One process.  stdin is a file fed through a pipe (or directly, see measure.py); stdout a file to be written."""
    argv: list
    stdin: Path = None
    stdout: Path = None
    cwd: Path = None


@dataclass
class Tool:
    """Base of all tools.  folder holds the repository, the caches and the password file of one tool."""
    folder: Path
    program: str = ""
    name: str = ""
    number: int = field(default=0)  # backups made so far, for tools that want a name for each

    @property
    def repository(self):
        return self.folder / "repository"

    @property
    def password_file(self):
        return self.folder / "password"

    def start_afresh(self):
        """An empty folder with a password in it.  init() comes next and isn't measured."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("cache", "home", "tmp"):
            (self.folder / part).mkdir(parents=True)
        self.password_file.write_text(PASSWORD + "\n")
        self.number = 0

    def environment(self):
        common = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                  "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        return {**common, **self.settings()}

    def version(self):
        run = subprocess.run([self.program, *self.version_arguments], capture_output=True, text=True)
        return (run.stdout or run.stderr).strip().splitlines()[0] if run.stdout or run.stderr else "unknown"

    def stored_bytes(self):
        """Size of the repository alone: no cache outside it, no list of files kept for the next run."""
        total = 0
        for folder, _, names in os.walk(self.repository):
            total += sum(os.lstat(os.path.join(folder, n)).st_size for n in names if not self.is_cache(n))
        return total

    def is_cache(self, name):
        return False

    version_arguments = ["version"]


@dataclass
class Cairn(Tool):
    name: str = "cairn"

    def settings(self):
        return {"CAIRN_CACHE_DIR": str(self.folder / "cache")}

    def cairn(self, *arguments):
        return [self.program, "-r", str(self.repository), "--password-file", str(self.password_file), *arguments]

    def init(self):
        return [Command(self.cairn("init"))]

    def backup(self, source):
        return [Command(self.cairn("backup", str(source)))]

    def backup_stream(self, file):
        return [Command(self.cairn("backup", "-", "--stdin-name", "db"), stdin=file)]

    def restore(self, source, target):
        return [Command(self.cairn("restore", "latest", "--target", str(target)))]

    def restore_stream(self, file):
        return [Command(self.cairn("cat", "latest:db"), stdout=file)]

    def check(self):
        return [Command(self.cairn("check", "--read-data"))]

    # All but the newest are forgotten and their space freed, in as few commands as the tool needs for it.
    def forget_and_prune(self, kept):
        return [Command(self.cairn("forget", "--keep-last", str(kept), "--prune"))]


@dataclass
class Restic(Tool):
    name: str = "restic"
    program: str = "restic"

    def settings(self):
        return {"RESTIC_REPOSITORY": str(self.repository), "RESTIC_PASSWORD_FILE": str(self.password_file),
                "RESTIC_CACHE_DIR": str(self.folder / "cache")}

    def restic(self, *arguments):
        return [self.program, "-q", "--compression", "auto", *arguments]

    def init(self):
        return [Command(self.restic("init", "--repository-version", "2"))]

    def backup(self, source):
        return [Command(self.restic("backup", str(source)))]

    def backup_stream(self, file):
        return [Command(self.restic("backup", "--stdin", "--stdin-filename", "db"), stdin=file)]

    def restore(self, source, target):
        return [Command(self.restic("restore", "latest", "--target", str(target)))]

    def restore_stream(self, file):
        return [Command(self.restic("dump", "latest", "db"), stdout=file)]

    def check(self):
        return [Command(self.restic("check", "--read-data"))]

    def forget_and_prune(self, kept):
        return [Command(self.restic("forget", "--keep-last", str(kept), "--prune"))]


@dataclass
class Borg(Tool):
    name: str = "borg"
    program: str = "borg"
    compression: str = "lz4"  # borg's own default
    version_arguments = ["--version"]

    def settings(self):
        return {"BORG_BASE_DIR": str(self.folder / "cache"), "BORG_REPO": str(self.repository),
                "BORG_PASSPHRASE": PASSWORD, "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}

    def init(self):
        return [Command([self.program, "init", "--encryption", "repokey-blake2"])]

    def newest(self):
        return f"::{self.number}"

    def create(self, source, **redirection):
        self.number += 1
        argv = [self.program, "create", "--compression", self.compression, "--stdin-name", "db", self.newest(), source]
        return [Command(argv, **redirection)]

    def backup(self, source):
        return self.create(str(source))

    def backup_stream(self, file):
        return self.create("-", stdin=file)

    def restore(self, source, target):
        return [Command([self.program, "extract", self.newest()], cwd=target)]

    def restore_stream(self, file):
        return [Command([self.program, "extract", "--stdout", self.newest()], stdout=file)]

    def check(self):
        return [Command([self.program, "check", "--verify-data"])]

    def forget_and_prune(self, kept):
        return [Command([self.program, "prune", "--keep-last", str(kept)]), Command([self.program, "compact"])]


@dataclass
class BorgZstd(Borg):
    name: str = "borg-zstd"
    compression: str = "zstd,3"


@dataclass
class Bup(Tool):
    """bup neither encrypts nor authenticates; its check reads the packs with git."""
    name: str = "bup"
    program: str = "bup"
    version_arguments = ["--version"]

    def settings(self):
        return {"BUP_DIR": str(self.repository)}

    def is_cache(self, name):
        return name.startswith("bupindex")

    def init(self):
        return [Command([self.program, "init"])]

    def backup(self, source):
        return [Command([self.program, "index", str(source)]),
                Command([self.program, "save", "-q", "-n", "bench", str(source)])]

    def backup_stream(self, file):
        return [Command([self.program, "split", "-q", "-n", "db"], stdin=file)]

    def restore(self, source, target):
        return [Command([self.program, "restore", "-q", "-C", str(target), f"/bench/latest{source}/."])]

    def restore_stream(self, file):
        return [Command([self.program, "join", "db"], stdout=file)]

    def check(self):
        return [Command([self.program, "fsck"])]


KINDS = {"cairn": Cairn, "restic": Restic, "borg": Borg, "borg-zstd": BorgZstd, "bup": Bup}


def make_tools(names, work, cairn_binary):
    """The tools in the order given; an unknown or missing one is an error that names it."""
    tools = []
    for name in names:
        if name not in KINDS:
            raise SystemExit(f"unknown tool {name}; known: {', '.join(KINDS)}")
        tool = KINDS[name](folder=work / "tools" / name)
        if name == "cairn":
            tool.program = str(Path(cairn_binary).resolve())
        if not shutil.which(tool.program):
            raise SystemExit(f"{name}: {tool.program} is not there (bench/install-peers.sh installs the peers, "
                             "--cairn names the binary, --tools leaves one out)")
        tools.append(tool)
    return tools
