// cairn history: every version of one file, directory or part.
#include "ingest/find/history.h"

#include "cli/command.h"
#include "cli/find_json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kHistoryDetails[] =
    "Tells, oldest first, in which snapshot PATH appeared, changed and vanished.  PATH begins with the component's name, without\n"
    "a snapshot: media/avatars/1.png, or a part like db/shop/public/users.sql.  Of a directory it counts what was added (+),\n"
    "removed (-) and changed (M) beneath it, of tables the rows added and removed.  Contents are compared by their chunks, so\n"
    "what stayed the same is not read.  Snapshots without the component don't count; with several hosts give --host.\n\n"
    "Examples:\n"
    "  cairn history etc/nginx/nginx.conf\n"
    "  cairn history db/shop/public/users.sql --host db1";

class History : public Command {
 public:
  CommandHelp help() const override { return {"history", "[OPTIONS] PATH", "tell when a file or part changed", kHistoryDetails}; }

  void declare(Arguments& to) override {
    declare_filter(to, filter_);
    to.positionals(1, 1, arguments_, "PATH is missing (try: media/avatars/1.png)");
  }

  int run(Session& session) override {
    std::vector<Manifest> snapshots;
    for (const Manifest& snapshot : session.snapshots())
      if (filter_.matches(snapshot)) snapshots.push_back(snapshot);
    Table table({{"SINCE"}, {"TIME"}, {"UNTIL"}, {"SNAPSHOTS", Table::Side::kRight}, {""}, {"SIZE", Table::Side::kRight}, {"MODIFIED"}, {"WHAT"}});
    uint64_t steps = 0;
    session.progress.begin();
    history(session.repository(), snapshots, arguments_.at(0), [&](const HistoryStep& step) {
      ++steps;
      const Manifest &first = snapshots[step.snapshot], &last = snapshots[step.last];
      if (session.options.json) session.out.line(history_json(arguments_.at(0), step, first, last));
      else table.add(row(step, first, last));
    }, session.progress);
    session.progress.finish();
    if (steps == 0)
      throw Error(ErrorCode::kNotFound, printable(arguments_.at(0)) + ": is in none of the " + counted(snapshots.size(), "snapshot", "snapshots") +
                                            " looked at (find out where it is with: cairn find NAME)");
    if (session.options.json) session.out.line(history_summary_json(steps, snapshots.size()));
    else session.out.write(table.text());
    return session.damaged_snapshots() > 0 ? kExitFailed : kExitDone;
  }

 private:
  static std::vector<std::string> row(const HistoryStep& step, const Manifest& first, const Manifest& last) {
    constexpr const char* kWords[] = {"appeared", "changed", "vanished"};
    const bool gone = step.kind == HistoryStep::Kind::kVanished;
    return {first.id.hex().substr(0, 8), local_time(first.time_ns), last.id.hex().substr(0, 8), std::to_string(step.count),
            kWords[static_cast<size_t>(step.kind)], gone || step.entry.type == EntryType::kDirectory ? "" : human_size(step.entry.size_bytes),
            gone || !step.part_kind.empty() ? "" : local_time(step.entry.mtime_ns), what(step)};
  }
  static std::string what(const HistoryStep& step) {
    std::string out;
    const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
    const uint64_t many = step.added + step.removed + step.changed;
    if (step.rows_added.value_or(0) > 0) add("+" + counted(*step.rows_added, "row", "rows"));
    if (step.rows_removed.value_or(0) > 0) add("-" + counted(*step.rows_removed, "row", "rows"));
    if (step.entry.type == EntryType::kDirectory && many > 0)
      add("+" + human_count(step.added) + " -" + human_count(step.removed) + " M" + human_count(step.changed));
    if (step.kind == HistoryStep::Kind::kChanged && out.empty() && step.content) add("content");
    if (step.metadata) add("metadata");
    return out;
  }

  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_history() { return std::make_unique<History>(); }

}  // namespace cairn
