// cairn stats: how much there is, how well it shares and compresses, and what each snapshot and component cost.
#include "store/check/stats.h"

#include <map>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/snapshot_json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

using Side = Table::Side;

// What the snapshots say of all components of one name.
struct Sum {
  ComponentInfo info;
  uint64_t snapshots = 0;
};

std::vector<Sum> sums(const std::vector<Manifest>& snapshots) {
  std::map<std::string, Sum> by_name;
  for (const Manifest& m : snapshots) {
    for (const ComponentInfo& component : m.components) {
      Sum& sum = by_name[component.name];
      const uint64_t new_bytes = sum.info.new_bytes + component.new_bytes;
      const uint64_t stored_bytes = sum.info.stored_bytes + component.stored_bytes;
      sum.info = component;  // of the rest, what the newest has
      sum.info.new_bytes = new_bytes;
      sum.info.stored_bytes = stored_bytes;
      ++sum.snapshots;
    }
  }
  std::vector<Sum> out;
  for (auto& [name, sum] : by_name) out.push_back(std::move(sum));
  return out;
}

std::string repository_text(const RepositoryStats& s, const Config& config) {
  auto chunks = [&](ChunkSize size) {
    const uint32_t bytes[] = {config.sizes.fine_bytes, config.sizes.normal_bytes, config.sizes.coarse_bytes};
    return std::string(chunk_size_name(size)) + " (" + human_size(bytes[static_cast<size_t>(size)]) + ")";
  };
  auto row = [](const char* what, const std::string& value) { return std::string(what) + value + "\n"; };
  return row("Snapshots:              ", human_count(s.snapshots)) +
         row("As if restored:         ", human_size(s.logical_bytes)) +
         row("Without duplicates:     ", human_size(s.unique_bytes) + " in " + counted(s.unique_chunks, "chunk", "chunks") +
                                             ", dedup " + human_ratio(s.logical_bytes, s.unique_bytes)) +
         row("Compressed:             ", human_size(s.data_stored_bytes) + ", compression " +
                                             human_ratio(s.unique_bytes, s.data_stored_bytes)) +
         row("Names and attributes:   ", human_size(s.tree_stored_bytes) + ", from " + human_size(s.tree_plain_bytes)) +
         row("Index, snapshots, rest: ", human_size(s.index_bytes) + ", " + human_size(s.snapshot_bytes) + ", " +
                                             human_size(s.other_bytes)) +
         row("Repository:             ", human_size(s.total_bytes) + ", " + counted(s.packs, "pack", "packs")) +
         row("Made for:               ", "compression " + config.content.compression.name() + ", chunks of files " +
                                             chunks(config.content.file_chunks) + ", of streams " + chunks(config.content.stream_chunks));
}

class Stats : public Command {
 public:
  CommandHelp help() const override {
    return {"stats", "[OPTIONS] [SNAPSHOT]", "sizes, and what deduplication and compression save",
            "Of the whole repository, its components and what each snapshot added; or of one snapshot's components.  SIZE is\n"
            "what a restore would write, NEW what had not been seen before, STORED what that took in the repository.\n\n"
            "Examples:\n  cairn stats\n  cairn stats latest"};
  }
  void declare(Arguments& to) override {
    declare_filter(to, filter_);
    to.positionals(0, 1, arguments_, "");
  }

  int run(Session& session) override {
    if (arguments_.empty()) {
      of_repository(session);
    } else {
      const SnapshotPath what = split_snapshot_path(arguments_[0]);
      if (!what.path.empty()) throw UsageError("stats takes a snapshot without a path, like latest");
      of_snapshot(session, session.choose(what.snapshot, filter_));
    }
    return session.damaged_snapshots() > 0 ? kExitFailed : kExitDone;
  }

 private:
  void of_repository(Session& session) {
    std::vector<Manifest> chosen;
    for (const Manifest& m : session.snapshots())
      if (filter_.matches(m)) chosen.push_back(m);
    const RepositoryStats stats = repository_stats(session.repository());
    if (session.options.json) {
      for (const Sum& sum : sums(chosen)) session.out.line(component_json(sum.info, sum.snapshots));
      for (const Manifest& m : chosen) session.out.line(snapshot_json(m));
      session.out.line(settings_json(session.repository().config()));
      return session.out.line(stats_json(stats));
    }
    session.out.write(repository_text(stats, session.repository().config()));
    if (chosen.empty()) return;
    Table components({{"COMPONENT"}, {"KIND"}, {"SNAPSHOTS", Side::kRight}, {"SIZE NOW", Side::kRight},
                      {"NEW IN ALL", Side::kRight}, {"STORED", Side::kRight}, {"COMPRESSION", Side::kRight}});
    for (const auto& [info, count] : sums(chosen))
      components.add({printable(info.name), std::string(component_kind_name(info.kind)), human_count(count),
                      human_size(info.size_bytes), human_size(info.new_bytes), human_size(info.stored_bytes),
                      human_ratio(info.new_bytes, info.stored_bytes)});
    Table snapshots({{"SNAPSHOT"}, {"TIME"}, {"SIZE", Side::kRight}, {"NEW", Side::kRight}, {"STORED", Side::kRight}});
    for (const Manifest& m : chosen)
      snapshots.add({m.id.hex().substr(0, 8), local_time(m.time_ns), human_size(m.size_bytes()), human_size(m.stats.bytes_new),
                     human_size(m.stats.bytes_stored)});
    session.out.write("\n" + components.text() + "\n" + snapshots.text());
  }

  void of_snapshot(Session& session, const Manifest& m) {
    if (session.options.json) {
      for (const ComponentInfo& component : m.components) session.out.line(component_json(component, std::nullopt));
      return session.out.line(snapshot_json(m));
    }
    session.out.line("Snapshot " + m.id.hex().substr(0, 16) + ", " + local_time(m.time_ns) + ", " + printable(m.host));
    Table table({{"COMPONENT"}, {"KIND"}, {"FILES", Side::kRight}, {"SIZE", Side::kRight}, {"NEW", Side::kRight},
                 {"STORED", Side::kRight}, {"COMPRESSION", Side::kRight}});
    for (const ComponentInfo& c : m.components)
      table.add({printable(c.name), std::string(component_kind_name(c.kind)), human_count(c.file_count), human_size(c.size_bytes),
                 human_size(c.new_bytes), human_size(c.stored_bytes), human_ratio(c.new_bytes, c.stored_bytes)});
    session.out.write(table.text());
  }

  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_stats() { return std::make_unique<Stats>(); }

}  // namespace cairn
