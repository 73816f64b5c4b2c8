#include "ingest/restore.h"

#include "ingest/index_problems.h"
#include "ingest/parts/part_view.h"
#include "ingest/restore/restorer.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kPlanTreeCacheBytes = 8 << 20;

// A later cairn may have stored a component rewritten: its bytes as they stand aren't the source's.
void require_known_transform(const Manifest& snapshot, std::string_view path) {
  for (const ComponentInfo& component : snapshot.components)
    if (!component.transform.empty() && !is_known_transform(component.transform) &&
        (path.empty() || path.substr(0, path.find('/')) == component.name))
      throw Error(ErrorCode::kUnsupported, "component " + printable(component.name) + " was stored with the transform \"" +
                                               printable(component.transform) + "\", which this cairn can't undo: use a newer one");
}

// A thing to restore: an entry of a tree, or something beneath a component with parts.
struct Wanted {
  Entry entry;
  std::unique_ptr<PartView> parts;   // nullptr for an entry
  std::string beneath;
};

// What a path names.
std::vector<Wanted> wanted_at(Repository& repository, const Manifest& snapshot, const std::string& path, const RestoreOptions& options,
                              Monitor& monitor) {
  auto one = [&](const std::string& at) {
    Wanted wanted;
    wanted.parts = PartView::of_path(repository, snapshot, at, monitor, &wanted.beneath, options.threads);
    if (wanted.parts) wanted.entry = wanted.parts->directory();
    return wanted;
  };
  std::vector<Wanted> out;
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kPlanTreeCacheBytes);
  if (!path.empty()) {
    out.push_back(one(path));
    if (!out[0].parts) out[0].entry = *find_path(reader.object_source(), snapshot.root, path);
    return out;
  }
  DirectoryReader components(reader.object_source(), snapshot.root);
  while (const Entry* component = components.next()) {
    out.push_back(one(component->name));
    if (!out.back().parts) out.back().entry = *component;
  }
  return out;
}

// The steps of a restore for a component with parts.
class PartsRestore {
 public:
  PartsRestore(Restorer& restorer, const RestoreOptions& options) : restorer_(restorer), options_(options) {}

  void content(const Wanted& wanted) {
    each(wanted, [&](const std::string& path, const Entry& entry, const PartFile* file) {
      if (!file) restorer_.make_directory(path);
      else if (stored(*file)) restorer_.restore_content(entry, path);
      else restorer_.restore_streamed(entry, path, [&](const WriteBytes& write) { wanted.parts->write(*file, write); });
    });
  }
  void rest(const Wanted& wanted) {
    each(wanted, [&](const std::string& path, const Entry& entry, const PartFile* file) {
      if (!file) restorer_.finish_directory(entry, path);
    });
  }
  void verify(const Wanted& wanted) {
    each(wanted, [&](const std::string& path, const Entry& entry, const PartFile* file) {
      if (!file) return;
      if (stored(*file)) restorer_.verify(entry, path);
      else restorer_.verify_streamed(entry, path, [&](const WriteBytes& write) { wanted.parts->write(*file, write); });
    });
  }

 private:
  // As it stands: restored by its chunks, like any file.
  static bool stored(const PartFile& file) { return file.original && file.entry.content.kind != Content::Kind::kNone; }
  void each(const Wanted& wanted, const VisitTarget& visit) {
    try {
      wanted.parts->visit_targets(wanted.beneath, options_.with_dependencies,
                                  [&](const std::string& path, const Entry& entry, const PartFile* file) {
                                    if (restorer_.selected(path, !file)) visit(path, entry, file);
                                  });
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
      restorer_.fail(wanted.entry.name, e.what());
    }
  }
  Restorer& restorer_;
  const RestoreOptions& options_;
};

// Tells how much there is to come.  Of one path everything is looked up: what isn't there is known before anything is written.
void count(const std::vector<Wanted>& all, const RestoreOptions& options, Monitor& monitor) {
  for (const Wanted& wanted : all) {
    if (wanted.parts && all.size() == 1) {
      wanted.parts->visit_targets(wanted.beneath, options.with_dependencies,
                                  [&](const std::string&, const Entry& entry, const PartFile* file) {
                                    monitor.bytes_total += file ? entry.size_bytes : 0;
                                    monitor.files_total += file ? 1 : 0;
                                  });
      continue;
    }
    monitor.bytes_total += wanted.entry.size_bytes;
    monitor.files_total += wanted.entry.type == EntryType::kDirectory && !wanted.parts ? wanted.entry.file_count : 1;
  }
}

}  // namespace

RestoreResult restore(Repository& repository, const Manifest& snapshot, const std::string& given_path, const RestoreOptions& options,
                      Monitor& monitor) {
  const std::string path = tidy_path(given_path);
  require_known_transform(snapshot, path);
  warn_of_index_problems(repository, monitor);
  // The plan: what shall come out.  Nothing is written before the path is known to exist.
  const std::vector<Wanted> all = wanted_at(repository, snapshot, path, options, monitor);
  count(all, options, monitor);
  Restorer restorer(repository, snapshot, options, monitor);
  PartsRestore parts(restorer, options);

  // Backend → [open · decompress] → sink, by pack; then what must come after all files.
  monitor.phase("restoring");
  for (const Wanted& wanted : all)
    if (wanted.parts) parts.content(wanted);
    else restorer.restore_content(wanted.entry, wanted.entry.name);
  restorer.finish_content();
  for (const Wanted& wanted : all)
    if (wanted.parts) parts.rest(wanted);
    else restorer.restore_rest(wanted.entry, wanted.entry.name);

  // Beyond this point nothing is written.
  if (options.verify) {
    monitor.phase("verifying");
    monitor.bytes_done = 0;
    for (const Wanted& wanted : all)
      if (wanted.parts) parts.verify(wanted);
      else restorer.verify(wanted.entry, wanted.entry.name);
  }
  restorer.report();
  return restorer.take_result();
}

void require_path(Repository& repository, const Manifest& snapshot, const std::string& given_path, Monitor& monitor) {
  const std::string path = tidy_path(given_path);
  std::string beneath;
  if (auto parts = PartView::of_path(repository, snapshot, path, monitor, &beneath)) return parts->require(beneath);
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kPlanTreeCacheBytes);
  find_path(reader.object_source(), snapshot.root, path);
}

void cat(Repository& repository, const Manifest& snapshot, const std::string& given_path, const std::function<void(ByteView)>& write,
         Monitor& monitor) {
  const std::string path = tidy_path(given_path);
  require_known_transform(snapshot, path);
  auto refuse_directory = [&] {
    throw Error(ErrorCode::kInvalidArgument,
                (path.empty() ? "the snapshot" : printable(path)) + ": is not a file (see what is in it with: cairn ls)");
  };
  auto counted = [&](ByteView bytes) {
    write(bytes);
    monitor.bytes_done += bytes.size();
  };
  std::string beneath;
  if (auto parts = PartView::of_path(repository, snapshot, path, monitor, &beneath)) {
    auto file = parts->file(beneath);
    if (!file) return refuse_directory();
    monitor.bytes_total = file->entry.size_bytes;
    return parts->write(*file, counted);
  }
  ChunkReader trees(repository.backend(), repository.keys(), repository.index(), kPlanTreeCacheBytes);
  auto entry = find_path(trees.object_source(), snapshot.root, path);
  if (!entry || entry->type != EntryType::kFile) return refuse_directory();
  monitor.bytes_total = entry->size_bytes;
  uint64_t written = PartOutput(repository, entry->content, 0, monitor).write_all(counted);
  if (written != entry->size_bytes)
    throw Error(ErrorCode::kCorrupt, printable(path) + ": its chunks are " + std::to_string(written) + " bytes in place of " +
                                         std::to_string(entry->size_bytes));
}

namespace {

class Lister {
 public:
  Lister(Repository& repository, const Manifest& snapshot, bool recursive, const ListVisit& visit, Monitor& monitor)
      : repository_(repository), snapshot_(snapshot), recursive_(recursive), visit_(visit), monitor_(monitor),
        reader_(repository.backend(), repository.keys(), repository.index(), 2 * kPlanTreeCacheBytes) {}

  void directory(const ChunkId& id, const std::string& path) {
    guarded(path, [&] {
      require_depth(path);
      DirectoryReader children(reader_.object_source(), id);
      while (const Entry* child = children.next()) {
        monitor_.check_interrupted();
        Entry entry = *child;
        std::string child_path = path.empty() ? entry.name : path + "/" + entry.name;
        if (path.empty() && component(entry, child_path)) continue;
        visit_(child_path, entry, nullptr);
        if (recursive_ && entry.type == EntryType::kDirectory) directory(entry.directory, child_path);
      }
    });
  }
  void parts(PartView& view, const std::string& component, const std::string& beneath) {
    view.list(beneath, recursive_, [&](const std::string& path, const Entry& entry, const Part* part) {
      monitor_.check_interrupted();
      visit_(component + "/" + path, entry, part);
    });
  }
  Entry entry_at(const std::string& path) { return *find_path(reader_.object_source(), snapshot_.root, path); }
  uint64_t failed() const { return failed_; }

 private:
  // False when it has no parts.
  bool component(const Entry& entry, const std::string& path) {
    const ComponentInfo* info = snapshot_.component(entry.name);
    if (!info || !PartView::has_parts(*info) || entry.type != EntryType::kFile) return false;
    guarded(path, [&] {
      PartView view(repository_, *info, entry, monitor_);
      visit_(path, view.directory(), nullptr);
      if (recursive_) parts(view, path, "");
    });
    return true;
  }
  template <class Work>
  void guarded(const std::string& path, Work work) {
    try {
      work();
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      monitor_.error(path, e.what());
      ++failed_;
    }
  }
  Repository& repository_;
  const Manifest& snapshot_;
  bool recursive_;
  const ListVisit& visit_;
  Monitor& monitor_;
  ChunkReader reader_;
  uint64_t failed_ = 0;
};

}  // namespace

uint64_t list(Repository& repository, const Manifest& snapshot, const std::string& given_path, bool recursive, const ListVisit& visit,
              Monitor& monitor) {
  const std::string path = tidy_path(given_path);
  Lister lister(repository, snapshot, recursive, visit, monitor);
  std::string beneath;
  if (auto view = PartView::of_path(repository, snapshot, path, monitor, &beneath)) {
    lister.parts(*view, path.substr(0, path.find('/')), beneath);
    return 0;
  }
  if (path.empty()) {
    lister.directory(snapshot.root, "");
  } else {
    Entry entry = lister.entry_at(path);
    if (entry.type == EntryType::kDirectory) lister.directory(entry.directory, path);
    else visit(path, entry, nullptr);
  }
  return lister.failed();
}

uint64_t list(Repository& repository, const Manifest& snapshot, const std::string& path, bool recursive,
              const std::function<void(const std::string&, const Entry&)>& visit, Monitor& monitor) {
  const ListVisit with_part = [&](const std::string& at, const Entry& entry, const Part*) { visit(at, entry); };
  return list(repository, snapshot, path, recursive, with_part, monitor);
}

}  // namespace cairn
