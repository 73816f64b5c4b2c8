// cairn copy: snapshots of another repository into this one.
#include "ingest/copy/copy.h"

#include <algorithm>
#include <cstdlib>

#include "cli/command.h"
#include "cli/commands/retention_lock.h"
#include "cli/snapshot_json.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kCopyDetails[] =
    "Without SNAPSHOT all are copied; --host, --tag and --component narrow the choice.  What is there already is skipped, so\n"
    "the same line can run every night, and after an interruption.  Each snapshot keeps its time, host, tags and\n"
    "components and gets an id of its own; the other repository isn't changed and needs no right to write.\n\n"
    "Where chunks end depends on a secret of each repository.  As they are cut, copies are made fastest; but a file that\n"
    "changes and is then backed up here shares nothing with its copy.  With --rechunk contents are cut anew: for a\n"
    "repository that is backed up into from now on.\n\n"
    "The other repository's password comes from --from-password-file, CAIRN_FROM_PASSWORD_FILE,\n"
    "CAIRN_FROM_PASSWORD_COMMAND, CAIRN_FROM_PASSWORD or a key file (--from-key-file, CAIRN_FROM_KEY_FILE).\n\n"
    "Exit code: 0 done; 1 a snapshot could not be copied (it is named; the others are there) or something not locked.\n\n"
    "Examples:\n"
    "  cairn copy --from /mnt/usb/cairn\n"
    "  cairn copy --from /mnt/usb/cairn --rechunk --from-password-file /etc/cairn/usb latest";

// Of an option that wasn't given.
void use_variable(std::string& value, const char* name) {
  const char* given = std::getenv(name);
  if (value.empty() && given) value = given;
}

class Copy : public Command {
 public:
  CommandHelp help() const override { return {"copy", "[OPTIONS] --from REPOSITORY [SNAPSHOT...]", "copy snapshots from another repository", kCopyDetails}; }
  bool writes() const override { return true; }

  void declare(Arguments& to) override {
    to.text("--from", "REPOSITORY", from_.repository, "where to copy from");
    to.text("--from-password-file", "FILE", from_.password_file, "its password is in FILE [CAIRN_FROM_PASSWORD_FILE]");
    to.text("--from-password-command", "COMMAND", from_.password_command, "COMMAND prints it [CAIRN_FROM_PASSWORD_COMMAND]");
    to.text("--from-key-file", "FILE", from_.key_file, "a key file opens it [CAIRN_FROM_KEY_FILE]");
    to.flag("--rechunk", options_.recut, "cut the contents anew, as backups into this repository do");
    lock_.declare(to);
    declare_filter(to, filter_);
    to.positionals(0, SIZE_MAX, arguments_, "");
  }

  int run(Session& session) override {
    if (from_.repository.empty()) throw UsageError("copy from which repository? give --from REPOSITORY");
    Options other = session.options;
    other.repository = from_.repository;
    other.password_file = from_.password_file;
    other.password_command = from_.password_command;
    other.key_file = from_.key_file;
    other.password_variable = "CAIRN_FROM_PASSWORD";
    use_variable(other.password_file, "CAIRN_FROM_PASSWORD_FILE");
    use_variable(other.password_command, "CAIRN_FROM_PASSWORD_COMMAND");
    use_variable(other.key_file, "CAIRN_FROM_KEY_FILE");
    Session from(other, session.parser, session.out, session.progress);
    from.index_use = IndexUse::kMost;
    lock_.check(session);
    session.backend();   // before somebody is asked for a password in vain
    const std::vector<Manifest> wanted = choose(from);
    Repository& repository = session.repository();
    session.require_no_rollback();
    const auto locker = lock_.begin(session);
    Progress& progress = session.progress;
    progress.begin();
    const CopyResult result = copy_snapshots(
        from.repository(), repository, wanted, options_,
        [&](const Manifest& original, const Manifest& copy) { done_.emplace_back(original.id, copy.id); }, progress);
    const uint64_t duration_ns = progress.elapsed_ns();
    progress.finish();
    const bool locked = finish_locking(session, locker.get());
    report(session, result, duration_ns);
    return !locked || result.failed > 0 || from.damaged_snapshots() > 0 ? kExitFailed : kExitDone;
  }

 private:
  std::vector<Manifest> choose(Session& from) {
    std::vector<Manifest> out;
    if (arguments_.empty()) {
      for (const Manifest& m : from.snapshots())
        if (filter_.matches(m)) out.push_back(m);
      return out;
    }
    for (const std::string& argument : arguments_) {
      const SnapshotPath what = split_snapshot_path(argument);
      if (!what.path.empty()) throw UsageError("copy takes whole snapshots: " + what.snapshot);
      out.push_back(from.choose(what.snapshot, filter_));
    }
    std::ranges::stable_sort(out, {}, &Manifest::time_ns);   // each next to the one it resembles
    return out;
  }

  void report(Session& session, const CopyResult& result, uint64_t duration_ns) const {
    if (session.options.json) {
      for (const auto& [original, copy] : done_) session.out.line(copied_json(original, copy));
      return session.out.line(copy_json(result, duration_ns));
    }
    if (session.options.quiet) return;
    std::string text;
    for (const auto& [original, copy] : done_)
      text += "Copied " + original.hex().substr(0, 8) + " as " + copy.hex().substr(0, 8) + ".\n";
    text += counted(result.copied, "snapshot", "snapshots") + " copied";
    if (result.skipped > 0) text += ", " + human_count(result.skipped) + " already there";
    if (result.failed > 0) text += ", " + human_count(result.failed) + " not copied (see above)";
    text += "; " + human_size(result.bytes_read) + " read, " + human_size(result.bytes_new) + " new, " + human_size(result.bytes_stored) +
            " stored, in " + human_duration(duration_ns) + ".";
    session.out.line(text);
  }

  CopyOptions options_;
  RetentionLockOption lock_;
  Options from_;
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
  std::vector<std::pair<SnapshotId, SnapshotId>> done_;
};

}  // namespace

std::unique_ptr<Command> make_copy() { return std::make_unique<Copy>(); }

}  // namespace cairn
