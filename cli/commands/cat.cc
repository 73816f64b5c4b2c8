// cairn cat: one file, stream or part on standard output, byte for byte.
#include "cli/command.h"
#include "ingest/restore.h"

namespace cairn {

namespace {

class Cat : public Command {
 public:
  CommandHelp help() const override {
    return {"cat", "[OPTIONS] SNAPSHOT:PATH", "write one file, stream or part to standard output",
            "Of a component with parts the original is written, byte for byte; of a part what it needs to be loaded alone.  A\n"
            "directory of parts means its file: db/authentik is db/authentik.sql, and .sql may be left out everywhere.\n"
            "Nothing is written that wasn't verified; when something in the middle is damaged the output ends there, with exit\n"
            "code 1.\n\n"
            "Examples:\n  cairn cat latest:db | psql -U postgres\n  cairn cat latest:etc/fstab\n"
            "  cairn cat latest:db/authentik/public/authentik_core_user | psql scratch"};
  }
  void declare(Arguments& to) override {
    declare_filter(to, filter_);
    to.positionals(1, 1, arguments_, "SNAPSHOT:PATH is missing");
  }

  int run(Session& session) override {
    const SnapshotPath what = split_snapshot_path(arguments_.at(0));
    if (what.path.empty()) throw UsageError("write which file: " + arguments_[0] + ":PATH (see: cairn ls " + arguments_[0] + ")");
    const Manifest& snapshot = session.choose(what.snapshot, filter_);
    Output& out = session.out;
    cat(session.repository(), snapshot, what.path, [&out](ByteView bytes) { out.write(bytes); }, session.progress);
    return kExitDone;
  }

 private:
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_cat() { return std::make_unique<Cat>(); }

}  // namespace cairn
