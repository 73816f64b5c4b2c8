"""The operations that are swept, as a table.  Each starts from lab.prepared(): two snapshots of a small tree."""
import os

from lab import NEW_FILES, OLD_FILES, THIRD_FILES, Copy, Failure, prepared, prose, tree

STREAM = prose("stream", 400_000)


class Operation:
    """What is done to a repository, and how to tell that it was.

    prepare()       -> Copy to start from
    arguments(copy) -> of the program
    gone(copy)      -> snapshots that may be missing once it began, and must be once it is done
    done(copy, contents) -> raises Failure unless it was done; contents: as require_whole() gives them
    again(copy)     -> exit codes of a second run that say "it is done already"
    """

    def __init__(self, lab):
        self.lab = lab

    stdin = None
    environment = {}

    def prepare(self):
        return prepared(self.lab)

    def gone(self, _copy):
        return ()

    def done(self, copy, contents):
        pass

    def again(self, _copy):
        return (0,)


class Init(Operation):
    def prepare(self):
        copy = Copy(self.lab)
        copy.allowed.append(tree(OLD_FILES))
        self.source = self.lab.source("data", OLD_FILES)
        return copy

    def arguments(self, _copy):
        return ["init"]

    def again(self, copy):
        return (1,) if os.path.exists(os.path.join(copy.repository, "config")) else (0,)

    def done(self, copy, _contents):
        copy.run("backup", self.source).require(0)
        copy.require_whole()


class Backup(Operation):
    def prepare(self):
        copy = super().prepare()
        copy.allowed.append(tree(THIRD_FILES))
        self.source = self.lab.source("data", THIRD_FILES)
        return copy

    def arguments(self, _copy):
        return ["backup", self.source]

    def done(self, copy, contents):
        if list(contents.values())[-1] != copy.allowed[0]:
            raise Failure("the new snapshot isn't what was backed up")


class BackupOfAStream(Backup):
    stdin = STREAM

    def prepare(self):
        copy = super().prepare()
        copy.allowed = [{"dump": STREAM}]
        return copy

    def arguments(self, _copy):
        return ["backup", "--stdin-name", "dump", "-"]


OPERATIONS = {"init": Init, "backup": Backup, "backup_stream": BackupOfAStream}


def require_done(operation, copy):
    """The operation was done, wholly, and nothing else happened."""
    contents = copy.require_whole(gone=operation.gone(copy))
    still = set(operation.gone(copy)) & set(contents)
    if still:
        raise Failure(f"snapshots that should be gone are listed: {sorted(still)}")
    operation.done(copy, contents)
    copy.require_no_litter()
