// cairn snapshots: what there is to restore.
#include "cli/command.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + printable(word);
  return out;
}

std::vector<std::string> component_names(const Manifest& m) {
  std::vector<std::string> out;
  for (const ComponentInfo& component : m.components)
    out.push_back(component.name + (component.completeness == Completeness::kIncomplete   ? " (incomplete)"
                                    : component.completeness == Completeness::kUnverified ? " (unverified)"
                                                                                          : ""));
  return out;
}

class Snapshots : public Command {
 public:
  CommandHelp help() const override {
    return {"snapshots", "[OPTIONS]", "list the snapshots",
            "Oldest first.  A snapshot is named by its id (the digits shown, or a few more where they aren't unique), latest,\n"
            "latest~2, or @2026-11-20T03:00, the newest at or before that time.  With --json one object a snapshot.\n"
            "Exit code 1 when a snapshot can't be opened, or one that this machine saw before is lost.\n\n"
            "Example:\n  cairn snapshots --tag nightly"};
  }
  void declare(Arguments& to) override { declare_filter(to, filter_); }
  bool uses_index() const override { return false; }

  int run(Session& session) override {
    using Side = Table::Side;
    Table table({{"ID"}, {"TIME"}, {"HOST"}, {"TAGS"}, {"COMPONENTS"}, {"SIZE", Side::kRight}, {"ADDED", Side::kRight}});
    uint64_t shown = 0;
    for (const Manifest& m : session.snapshots()) {
      if (!filter_.matches(m)) continue;
      ++shown;
      if (session.options.json) {
        session.out.line(snapshot_json(m));
      } else {
        table.add({m.id.hex().substr(0, 8), local_time(m.time_ns), printable(m.host), joined(m.tags), joined(component_names(m)) + (m.late ? " (late: run cairn check)" : ""),
                   human_size(m.size_bytes()), human_size(m.stats.bytes_stored)});
      }
    }
    if (!session.options.json && shown > 0) session.out.write(table.text());
    if (!session.options.json && !session.options.quiet) session.out.line(counted(shown, "snapshot", "snapshots"));
    return session.damaged_snapshots() > 0 || !session.rollbacks().empty() ? kExitFailed : kExitDone;
  }

 private:
  SnapshotFilter filter_;
};

}  // namespace

std::unique_ptr<Command> make_snapshots() { return std::make_unique<Snapshots>(); }

}  // namespace cairn
