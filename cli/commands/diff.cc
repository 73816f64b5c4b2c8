// cairn diff: what differs between two snapshots, or two places in them.
#include "ingest/diff/diff.h"

#include "cli/command.h"
#include "cli/json.h"
#include "cli/terminal.h"

namespace cairn {

namespace {

constexpr char kDiffDetails[] =
    "Lists what was added (+), removed (-) and changed (M) from the first to the second.  Within a dump of PostgreSQL it\n"
    "names tables, with the rows added and removed (a changed row counts as both), views, functions and so on; no server\n"
    "is needed.  Likewise keys of Redis, and sections and elements of documents.  Data that both sides share is not read.\n\n"
    "Exit code: 0 done, whether something differs or not.\n\n"
    "Examples:\n"
    "  cairn diff latest~1 latest\n"
    "  cairn diff latest~1:db latest:db\n"
    "  cairn diff @2026-11-20T03:00:media/avatars latest:media/avatars";

class Diff : public Command {
 public:
  CommandHelp help() const override { return {"diff", "[OPTIONS] SNAPSHOT[:PATH] SNAPSHOT[:PATH]", "tell what changed", kDiffDetails}; }

  void declare(Arguments& to) override {
    declare_filter(to, filter_);
    to.positionals(2, 2, arguments_, "two snapshots are needed (try: latest~1 latest)");
  }

  int run(Session& session) override {
    const SnapshotPath from = split_snapshot_path(arguments_.at(0)), to = split_snapshot_path(arguments_.at(1));
    const Manifest before = session.choose(from.snapshot, filter_), after = session.choose(to.snapshot, filter_);
    session.progress.begin();
    auto visit = [&](const Difference& difference) {
      ++count_[static_cast<size_t>(difference.change)];
      if (session.options.json) session.out.line(difference_json(difference));
      else session.out.write(line(difference));
    };
    diff(session.repository(), before, from.path, after, to.path, visit, session.progress);
    session.progress.finish();
    if (session.options.json) session.out.line(diff_summary_json(count_[0], count_[1], count_[2]));
    else if (!session.options.quiet) session.out.write(summary());
    return kExitDone;
  }

 private:
  static std::string line(const Difference& difference) {
    constexpr const char* kSigns[] = {"+", "-", "M"};
    std::string out = std::string(kSigns[static_cast<size_t>(difference.change)]) + "  " + printable(difference.path);
    std::string words;
    auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
    if (difference.definition && difference.kind == "table") add("definition");
    if (difference.expiry) add("expiry");
    if (difference.rows_added.value_or(0) > 0) add("+" + counted(*difference.rows_added, "row", "rows"));
    if (difference.rows_removed.value_or(0) > 0) add("-" + counted(*difference.rows_removed, "row", "rows"));
    return out + (words.empty() ? "" : "  (" + words + ")") + "\n";
  }
  std::string summary() const {
    if (count_[0] + count_[1] + count_[2] == 0) return "No difference.\n";
    return human_count(count_[0]) + " added, " + human_count(count_[1]) + " removed, " + human_count(count_[2]) + " changed\n";
  }

  uint64_t count_[3] = {};
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_diff() { return std::make_unique<Diff>(); }

}  // namespace cairn
