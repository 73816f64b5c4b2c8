"""The operations that are swept, as a table.  Each starts from lab.prepared(): two snapshots of a small tree."""
import os

from lab import NEW_FILES, OLD_FILES, THIRD_FILES, Copy, Failure, back_up, fingerprint, new_repository, prepared, prose, tree

STREAM = prose("stream", 400_000)


class Operation:
    """What is done to a repository, and how to tell that it was.  Overridden where it differs."""

    stdin = None
    codes = (0,)           # exit codes of a run that nothing disturbs
    fewest = 5             # calls that change something; fewer mean that the shim doesn't see them
    intact_before = True   # false: what the operation starts from is damaged, and need not be whole before it is done

    def __init__(self, lab):
        self.lab = lab

    def prepare(self):
        """What to start from, as a Copy."""
        return prepared(self.lab)

    def arguments(self, copy):
        """Of the program."""
        raise NotImplementedError

    def environment(self, _copy):
        return {}

    def gone(self, _copy):
        """Snapshots that may be missing once it began, and must be once it is done."""
        return ()

    def settle(self, _copy):
        """However it ended: does what a person would have to do, such as trying the other password."""

    def again(self, _copy):
        """Exit codes of a second run; others than the first one's say "it is done already"."""
        return self.codes

    def done(self, copy, contents):
        """Raises Failure unless it was done.  contents: as require_whole() gives them."""

    def start(self, copy, **more):
        return copy.run(*self.arguments(copy), stdin=self.stdin, environment=self.environment(copy), **more)

    def run_again(self, copy):
        codes = self.again(copy)
        self.start(copy).require(*codes)


class Init(Operation):
    def prepare(self):
        copy = Copy(self.lab)
        copy.allowed.append(tree(OLD_FILES))
        self.source = self.lab.source("data", OLD_FILES)
        return copy

    def arguments(self, copy):
        return ["init"]

    def again(self, copy):
        return (1,) if os.path.exists(os.path.join(copy.repository, "config")) else (0,)

    def done(self, copy, _contents):
        back_up(copy, self.source)
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


class Forget(Operation):
    def gone(self, copy):
        return list(copy.expected)[:1]

    def arguments(self, copy):
        return ["forget", *self.gone(copy)]

    def again(self, copy):
        listed = {snapshot["id"] for snapshot in copy.snapshots()}
        return (0,) if set(self.gone(copy)) <= listed else (0, 1)


class Tag(Operation):
    def arguments(self, _copy):
        return ["tag", "--add", "before-upgrade", "--protect", "latest"]

    def done(self, copy, _contents):
        if "before-upgrade" not in copy.snapshots()[-1]["tags"]:
            raise Failure("the tag is not there")


class KeyAdd(Operation):
    def new_key(self, copy):
        return os.path.join(copy.folder, "new-key")

    def arguments(self, copy):
        return ["key", "add", "--role", "reader", "--label", "new", "--new-key-file", self.new_key(copy)]

    def done(self, copy, _contents):
        copy.look("key", "list").require(0)
        copy.run("ls", "latest", environment={"CAIRN_KEY_FILE": self.new_key(copy)}).require(0)


class KeyChange(KeyAdd):
    def arguments(self, copy):
        return ["key", "passwd", "--new-key-file", self.new_key(copy)]

    def settle(self, copy):
        """Whichever key opens it: the old one counts as long as it does."""
        if copy.look("ls", "latest").require(0, 12).code == 12:
            copy.credentials = {"CAIRN_KEY_FILE": self.new_key(copy)}

    def run_again(self, copy):
        if copy.credentials["CAIRN_KEY_FILE"] != self.new_key(copy):
            self.start(copy).require(0)

    def done(self, copy, contents):
        super().done(copy, contents)
        copy.run("ls", "latest", environment={"CAIRN_KEY_FILE": os.path.join(self.lab.folder, "key")}).require(12)


class KeyRemove(Operation):
    fewest = 1             # it takes one file away

    def prepare(self):
        copy = super().prepare()
        self.key = os.path.join(self.lab.folder, "reader-key")
        before = set(copy.files("keys"))
        copy.run("key", "add", "--role", "reader", "--new-key-file", self.key).require(0)
        (self.slot,) = {name for name in set(copy.files("keys")) - before if "." not in name}
        return copy

    def arguments(self, _copy):
        return ["key", "remove", self.slot]

    def again(self, copy):
        return (0,) if self.slot in copy.files("keys") else (0, 1, 2)

    def done(self, copy, _contents):
        copy.look("key", "list").require(0)
        copy.run("ls", "latest", environment={"CAIRN_KEY_FILE": self.key}).require(12)


class RepairIndex(Operation):
    intact_before = False

    def prepare(self):
        copy = super().prepare()
        for name in copy.files("index")[:1]:
            os.unlink(os.path.join(copy.repository, "index", name))
        return copy

    def arguments(self, _copy):
        return ["repair", "index"]


class RepairSnapshots(Operation):
    """The newest snapshot lost its data pack; what is left of it gets a new id."""

    intact_before = False
    codes = (1,)           # something was lost

    def again(self, _copy):
        return (0, 1)

    def prepare(self):
        copy = super().prepare()
        packs = set(copy.files("packs"))
        self.lost = back_up(copy, self.lab.source("data", THIRD_FILES))
        copy.expected[self.lost] = None   # gone when it is done
        copy.allowed.append({path: content for path, content in tree(THIRD_FILES).items()
                             if path not in ("data/third", "data/docs/2.txt")})
        data = max(set(copy.files("packs")) - packs, key=lambda name: os.stat(os.path.join(copy.repository, "packs", name)).st_size)
        os.unlink(os.path.join(copy.repository, "packs", data))
        return copy

    def gone(self, _copy):
        return [self.lost]

    def arguments(self, _copy):
        return ["repair", "snapshots", "--forget"]


class CopyAll(Operation):
    def prepare(self):
        self.origin = prepared(self.lab, key_file=False)
        self.before = fingerprint(self.origin.repository)
        copy = new_repository(self.lab)
        copy.expected[back_up(copy, self.lab.source("data", THIRD_FILES))] = tree(THIRD_FILES)
        copy.allowed = list(self.origin.expected.values())
        return copy

    def arguments(self, _copy):
        return ["copy", "--from", self.origin.repository]

    def environment(self, _copy):
        return {name.replace("CAIRN_", "CAIRN_FROM_"): value for name, value in self.origin.credentials.items()}

    def done(self, copy, contents):
        for wanted in copy.allowed:
            if wanted not in contents.values():
                raise Failure("a snapshot wasn't copied")
        if fingerprint(self.origin.repository) != self.before:
            raise Failure("the repository that was copied from has changed")


class Prune(Operation):
    """Much is dead, some of it in packs that are partly needed."""

    def prepare(self):
        copy = super().prepare()
        first = next(iter(copy.expected))
        self.source = self.lab.source("data", THIRD_FILES)
        mixed = {"kept": prose("kept", 50_000), "junk": prose("junk", 200_000)}
        forgotten = [first, back_up(copy, self.source), back_up(copy, self.lab.source("mixed", mixed))]
        del mixed["junk"]
        copy.expected[back_up(copy, self.lab.source("mixed", mixed))] = {"mixed/kept": mixed["kept"]}
        copy.run("forget", *forgotten).require(0)
        del copy.expected[first]
        clean = Copy(self.lab, copy)
        clean.run("prune").require(0)
        self.packs = len(clean.files("packs"))
        if self.packs >= len(copy.files("packs")):
            raise Failure("prune frees nothing here")
        return copy

    def arguments(self, _copy):
        return ["prune"]

    def done(self, copy, _contents):
        """All of the space comes back in the end, and what was deleted is uploaded again when it is backed up again."""
        copy.age_leases()
        copy.run("prune", "--json").require(0)
        packs = len(copy.files("packs"))
        if packs > self.packs:
            raise Failure(f"{packs} packs are left; an undisturbed prune leaves {self.packs}")
        back_up(copy, self.source)
        copy.allowed.append(tree(THIRD_FILES))
        if list(copy.require_whole().values())[-1] != tree(THIRD_FILES):
            raise Failure("what was backed up again isn't what comes back")


OPERATIONS = {"init": Init, "backup": Backup, "backup_stream": BackupOfAStream, "forget": Forget, "tag": Tag, "key_add": KeyAdd,
              "key_passwd": KeyChange, "key_remove": KeyRemove, "repair_index": RepairIndex, "repair_snapshots": RepairSnapshots,
              "copy": CopyAll, "prune": Prune}


def require_done(operation, copy):
    """The operation was done, wholly, and nothing else happened."""
    operation.settle(copy)
    contents = copy.require_whole(gone=operation.gone(copy))
    still = set(operation.gone(copy)) & set(contents)
    if still:
        raise Failure(f"snapshots that should be gone are listed: {sorted(still)}")
    operation.done(copy, contents)
    copy.require_no_litter()


def require_unhurt(operation, copy):
    """Right after a failure: what was there is whole, if it was before."""
    if operation.intact_before and os.path.exists(os.path.join(copy.repository, "config")):
        operation.settle(copy)
        copy.require_whole(every=False, gone=operation.gone(copy))
