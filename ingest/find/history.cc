#include "ingest/find/history.h"

#include "ingest/diff/part_diff.h"
#include "ingest/diff/tree_diff.h"
#include "ingest/index_problems.h"
#include "ingest/parts/part_view.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kHistoryTreeCacheBytes = 16 << 20;

// What one snapshot has at the path.
struct State {
  const ComponentInfo* component = nullptr;
  Entry stored;                    // in the tree; of a part: its component's
  std::optional<std::string> beneath;   // of a component with parts: what is compared there; "" for its original
  bool original = false;
  Entry shown;
  std::string part_kind;
};

// The path without its last element's parents read twice: snapshots share most directories.
class PathFinder {
 public:
  PathFinder(ChunkReader& reader, const std::string& path) : reader_(reader) {
    for (size_t at = 0; at <= path.size();) {
      const size_t end = std::min(path.find('/', at), path.size());
      steps_.push_back({path.substr(at, end - at), {}, {}});
      at = end + 1;
    }
  }
  std::optional<Entry> find(const ChunkId& root) {
    ChunkId directory = root;
    for (Step& step : steps_) {
      if (step.directory != directory) {
        step.entry = DirectoryReader::find(reader_.object_source(), directory, step.name);
        step.directory = directory;
      }
      if (!step.entry || &step == &steps_.back()) return step.entry;
      if (step.entry->type != EntryType::kDirectory) return std::nullopt;
      directory = step.entry->directory;
    }
    return std::nullopt;
  }

 private:
  struct Step {
    std::string name;
    ChunkId directory;
    std::optional<Entry> entry;
  };
  ChunkReader& reader_;
  std::vector<Step> steps_;
};

class Historian {
 public:
  Historian(Repository& repository, const std::string& path, Monitor& monitor)
      : repository_(repository), path_(path), name_(path.substr(0, path.find('/'))), monitor_(monitor),
        reader_(repository.backend(), repository.keys(), repository.index(), kHistoryTreeCacheBytes), in_tree_(reader_.single(), path_),
        component_(reader_.single(), name_) {}

  bool concerns(const Manifest& snapshot) const { return snapshot.component(name_) != nullptr; }

  std::optional<State> at(const Manifest& snapshot) {
    const ComponentInfo* info = snapshot.component(name_);
    std::optional<Entry> entry = component_.find(snapshot.root);
    if (!entry) return std::nullopt;
    if (PartView::has_parts(*info) && entry->type == EntryType::kFile) return in_parts(*info, std::move(*entry));
    entry = in_tree_.find(snapshot.root);
    if (!entry) return std::nullopt;
    State state;
    state.component = info;
    state.shown = state.stored = std::move(*entry);
    return state;
  }

  // True when they differ; says how in `step`.
  bool compare(const State& a, const State& b, HistoryStep& step) {
    if (a.beneath.has_value() != b.beneath.has_value()) return step.content = true;
    if (!a.beneath) return compare_entries(a.stored, b.stored, step);
    const bool same_content = a.stored.content == b.stored.content && a.stored.size_bytes == b.stored.size_bytes;
    if (a.original || b.original) {
      const ComponentInfo &was = *a.component, &is = *b.component;
      step.content = !same_content || was.transform != is.transform || was.transform_recipe != is.transform_recipe ||
                     was.recipe_list != is.recipe_list || a.shown.size_bytes != b.shown.size_bytes;
      return step.content;
    }
    if (same_content && a.component->catalogue == b.component->catalogue) return false;
    const PartsSide before{reader_.single(), *a.component, a.stored, *a.beneath, path_}, after{reader_.single(), *b.component, b.stored, *b.beneath, path_};
    diff_parts(before, after, [&](const Difference& difference) { note(difference, step); }, monitor_);
    return step.content;
  }

 private:
  std::optional<State> in_parts(const ComponentInfo& info, Entry entry) {
    State state;
    state.component = &info;
    state.stored = std::move(entry);
    PartView view(repository_, info, state.stored, monitor_);
    const std::string beneath = path_.size() > name_.size() ? path_.substr(name_.size() + 1) : "";
    state.beneath = beneath;
    state.original = beneath.empty();
    state.shown = view.directory();
    if (beneath.empty()) return state;
    try {
      if (auto file = view.file(beneath)) {
        state.beneath = file->path;
        state.original = file->original;
        state.shown = file->entry;
        if (file->part) state.part_kind = file->part->kind;
      } else {
        state.shown.name = beneath.substr(beneath.rfind('/') + 1);
      }
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kNotFound) throw;
      return std::nullopt;
    }
    return state;
  }

  bool compare_entries(const Entry& a, const Entry& b, HistoryStep& step) {
    step.metadata = a.type != b.type || a.mode != b.mode || a.uid != b.uid || a.gid != b.gid || a.xattrs != b.xattrs;
    step.content = a.type != b.type || a.target != b.target || a.device != b.device || a.content != b.content;
    if (a.type == EntryType::kDirectory && b.type == EntryType::kDirectory) {
      diff_entries(reader_, a, b, path_, [&](const Difference& difference) { note(difference, step); }, monitor_);
    } else {
      step.metadata = step.metadata || a.mtime_ns != b.mtime_ns;
      step.content = step.content || a.size_bytes != b.size_bytes;
    }
    return step.content || step.metadata;
  }

  void note(const Difference& difference, HistoryStep& step) const {
    if (difference.path == path_ && difference.kind == entry_kind(EntryType::kDirectory)) return;   // its metadata
    step.content = true;
    if (difference.change == Difference::Change::kAdded) ++step.added;
    if (difference.change == Difference::Change::kRemoved) ++step.removed;
    if (difference.change == Difference::Change::kChanged) ++step.changed;
    if (difference.rows_added) step.rows_added = step.rows_added.value_or(0) + *difference.rows_added;
    if (difference.rows_removed) step.rows_removed = step.rows_removed.value_or(0) + *difference.rows_removed;
  }

  Repository& repository_;
  const std::string path_, name_;
  Monitor& monitor_;
  BulkReader reader_;
  PathFinder in_tree_, component_;
};

}  // namespace

void history(Repository& repository, std::span<const Manifest> snapshots, const std::string& given_path,
             const std::function<void(const HistoryStep&)>& visit, Monitor& monitor) {
  const std::string path = tidy_path(given_path);
  warn_of_index_problems(repository, monitor);
  Historian historian(repository, path, monitor);
  std::optional<State> before;
  std::optional<HistoryStep> open;   // visited once it is known how long it lasted
  for (size_t number = 0; number < snapshots.size(); ++number) {
    monitor.check_interrupted();
    monitor.phase("reading snapshot " + std::to_string(number + 1) + " of " + std::to_string(snapshots.size()));
    if (!historian.concerns(snapshots[number])) continue;
    std::optional<State> now = historian.at(snapshots[number]);
    HistoryStep step;
    const bool is_step = before && now ? historian.compare(*before, *now, step) : before.has_value() != now.has_value();
    if (is_step) {
      if (open) visit(*open);
      step.kind = !now ? HistoryStep::Kind::kVanished : before ? HistoryStep::Kind::kChanged : HistoryStep::Kind::kAppeared;
      step.snapshot = number;
      if (now) {
        step.entry = now->shown;
        step.part_kind = now->part_kind;
      }
      open = std::move(step);
    }
    if (open) {
      open->last = number;
      ++open->count;
    }
    before = std::move(now);
  }
  if (open) visit(*open);
}

}  // namespace cairn
