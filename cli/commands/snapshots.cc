// cairn snapshots: what there is to restore.
#include <algorithm>

#include "cli/command.h"
#include "cli/snapshot_json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"
#include "store/keys/key_card.h"

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

// "web1", else "writer 1f2e3d4c": of a key without a label, or without a card.
std::string author_name(const ClientId& author, const KeyCard* card) {
  if (card && !card->label.empty()) return printable(card->label);
  return (card ? std::string(role_name(card->role)) + " " : "") + author.hex().substr(0, 8);
}

class Snapshots : public Command {
 public:
  CommandHelp help() const override {
    return {"snapshots", "[OPTIONS]", "list the snapshots",
            "Oldest first.  A snapshot is named by its id (the digits shown, or a few more where they aren't unique), latest,\n"
            "latest~2, or @2026-11-20T03:00, the newest at or before that time.  With --json one object a snapshot.\n"
            "KEY, which is shown where there are several, tells whose key signed it.\n"
            "Exit code 1 when a snapshot can't be opened, or one that this machine saw before is lost.\n\n"
            "Example:\n  cairn snapshots --tag nightly"};
  }
  void declare(Arguments& to) override { declare_filter(to, filter_); }
  IndexUse index_use() const override { return IndexUse::kNone; }

  int run(Session& session) override {
    using Side = Table::Side;
    Table table({{"ID"}, {"TIME"}, {"HOST"}, {"KEY"}, {"TAGS"}, {"COMPONENTS"}, {"SIZE", Side::kRight}, {"ADDED", Side::kRight}, {"NOTE"}});
    uint64_t shown = 0;
    const std::vector<Manifest>& snapshots = session.snapshots();
    const auto cards = key_cards(session.backend(), session.repository().keys());
    const bool several = cards.size() > 1 || std::ranges::any_of(snapshots, [&](const Manifest& m) {
                           return m.credited_author() != snapshots[0].credited_author();
                         });
    for (const Manifest& m : snapshots) {
      if (!filter_.matches(m)) continue;
      ++shown;
      const auto found = cards.find(m.credited_author());
      const KeyCard* author = found == cards.end() ? nullptr : &found->second;
      if (session.options.json) {
        session.out.line(snapshot_json(m, author));
      } else {
        table.add({m.id.hex().substr(0, 8), local_time(m.time_ns), printable(m.host),
                   several ? author_name(m.credited_author(), author) : "", joined(m.tags), joined(component_names(m)),
                   human_size(m.size_bytes()), human_size(m.stats.bytes_stored),
                   m.late ? "late: run cairn check" : m.is_protected ? "protected" : ""});
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
