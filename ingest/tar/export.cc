#include "ingest/tar/export.h"

#include <map>
#include <set>

#include "ingest/index_problems.h"
#include "ingest/parts/part_view.h"
#include "ingest/restore/link_key.h"
#include "store/read/content_reader.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kExportCacheBytes = 16 << 20;
constexpr uint64_t kParallelBytes = 4 << 20;   // longer files are read by several threads
constexpr uint64_t kLeastHoleBytes = 64 << 10; // shorter ones aren't worth a line in the archive's map
constexpr size_t kMostLinks = 1 << 20;
constexpr size_t kMostExportRuns = 1 << 16;

// A thing to export: an entry of a tree, or something beneath a component with parts.
struct Wanted {
  const Manifest* snapshot = nullptr;
  Entry entry;
  std::unique_ptr<PartView> parts;   // nullptr for an entry
  std::string beneath;
};

class Exporter {
 public:
  Exporter(Repository& repository, TarFilter filter, const std::function<void(ByteView)>& write, Monitor& monitor)
      : repository_(repository), monitor_(monitor), trees_(repository.backend(), repository.keys(), repository.index(), kExportCacheBytes),
        chunks_(repository.backend(), repository.keys(), repository.index(), kExportCacheBytes), tar_(filter, write) {}

  void add(const Wanted& wanted) {
    snapshot_ = wanted.snapshot;
    linked_.clear();
    if (!wanted.parts) return entry(wanted.entry, wanted.entry.name);
    wanted.parts->visit_targets(wanted.beneath, false, [&](const std::string& path, const Entry& entry, const PartFile* file) {
      if (!file || (file->original && file->entry.content.kind != Content::Kind::kNone)) return one(entry, path);
      begin(entry, path, {});
      bring(entry, path, [&](const WriteBytes& write) { wanted.parts->write(*file, write); });
    });
  }
  ExportResult finish() {
    tar_.finish();
    return result_;
  }

 private:
  // With everything beneath.
  void entry(const Entry& entry, const std::string& path) {
    one(entry, path);
    if (entry.type != EntryType::kDirectory) return;
    require_depth(path);
    DirectoryReader children(trees_.object_source(), entry.directory);
    while (const Entry* child = children.next()) this->entry(Entry(*child), path + "/" + child->name);
  }

  void one(const Entry& entry, const std::string& path) {
    monitor_.check_interrupted();
    if (entry.type != EntryType::kFile) return begin(entry, path, {});
    if (entry.link_group != 0) {
      const ChunkId key = link_key(entry);
      if (auto first = linked_.find(key); first != linked_.end()) return begin(entry, path, {}, first->second);
      if (linked_.size() < kMostLinks) linked_[key] = path;
    }
    begin(entry, path, runs(entry));
    bring(entry, path, [&](const WriteBytes& write) {
      if (entry.size_bytes < kParallelBytes) ContentReader(chunks_, entry.content).read(0, entry.size_bytes, write);
      else PartOutput(repository_, entry.content, 0, monitor_).write_all(write);
    });
  }

  void begin(const Entry& entry, const std::string& path, std::vector<TarRun> runs, const std::optional<std::string>& link = {}) {
    monitor_.current(path);
    TarEntry out;
    out.entry = entry;
    out.path = path;
    if (auto user = snapshot_->users.find(entry.uid); user != snapshot_->users.end()) out.user = user->second;
    if (auto group = snapshot_->groups.find(entry.gid); group != snapshot_->groups.end()) out.group = group->second;
    out.hard_link = link;
    out.runs = std::move(runs);
    tar_.add(out);
    ++(entry.type == EntryType::kFile ? result_.files : entry.type == EntryType::kDirectory ? result_.directories : result_.others);
    if (entry.type != EntryType::kDirectory) ++monitor_.files_done;
  }

  void bring(const Entry& entry, const std::string& path, const std::function<void(const WriteBytes&)>& produce) try {
    uint64_t written = 0;
    produce([&](ByteView bytes) {
      monitor_.check_interrupted();
      tar_.content(bytes);
      written += bytes.size();
      monitor_.bytes_done += bytes.size();
    });
    if (written != entry.size_bytes)
      throw Error(ErrorCode::kCorrupt, "its content is " + std::to_string(written) + " bytes in place of " + std::to_string(entry.size_bytes));
    result_.bytes += written;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound) throw;
    throw Error(e.code(), printable(path) + ": " + e.what());
  }

  // Where a file with holes has bytes; empty for others.
  std::vector<TarRun> runs(const Entry& entry) {
    std::vector<TarRun> out;
    bool holes = false;
    uint64_t at = 0;
    ChunkListReader list(trees_.object_source(), entry.content);
    for (auto refs = list.next(); !refs.empty(); refs = list.next())
      for (const ChunkRef& ref : refs) {
        const bool hole = ref.is_zeros() && ref.length_bytes >= kLeastHoleBytes;
        holes = holes || hole;
        if (!hole && !out.empty() && out.back().offset_bytes + out.back().length_bytes == at) out.back().length_bytes += ref.length_bytes;
        else if (!hole) out.push_back({at, ref.length_bytes});
        at += ref.length_bytes;
      }
    if (holes && out.empty()) out.push_back({at, 0});   // nothing but a hole
    if (!holes || out.size() > kMostExportRuns) out.clear();
    return out;
  }

  Repository& repository_;
  Monitor& monitor_;
  ChunkReader trees_, chunks_;
  TarWriter tar_;
  const Manifest* snapshot_ = nullptr;
  std::map<ChunkId, std::string> linked_;   // a file with several names → the first of them
  ExportResult result_;
};

void look_up(Repository& repository, const ExportItem& item, std::vector<Wanted>& out, Monitor& monitor) {
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kExportCacheBytes);
  auto add = [&](const std::string& path) {
    Wanted wanted;
    wanted.snapshot = item.snapshot;
    wanted.parts = PartView::of_path(repository, *item.snapshot, path, monitor, &wanted.beneath);
    if (wanted.parts) wanted.parts->require(wanted.beneath);
    else wanted.entry = *find_path(reader.object_source(), item.snapshot->root, path);
    out.push_back(std::move(wanted));
  };
  const std::string path = tidy_path(item.path);
  if (!path.empty()) return add(path);
  DirectoryReader components(reader.object_source(), item.snapshot->root);
  while (const Entry* component = components.next()) add(component->name);
}

// The names at the top of the archive, each once: of two the second would replace the first when it is extracted.
void require_distinct(const std::vector<Wanted>& all, Monitor& monitor) {
  std::set<std::string> names;
  for (const Wanted& wanted : all) {
    std::set<std::string> mine;
    if (!wanted.parts) mine.insert(wanted.entry.name);
    else
      wanted.parts->visit_targets(wanted.beneath, false, [&](const std::string& path, const Entry& entry, const PartFile* file) {
        mine.insert(path.substr(0, path.find('/')));
        if (file) monitor.bytes_total += entry.size_bytes;
        monitor.files_total += file ? 1 : 0;
      });
    if (!wanted.parts) monitor.bytes_total += wanted.entry.size_bytes;
    if (!wanted.parts) monitor.files_total += wanted.entry.type == EntryType::kDirectory ? wanted.entry.file_count : 1;
    for (const std::string& name : mine)
      if (!names.insert(name).second)
        throw Error(ErrorCode::kInvalidArgument, "two of what is exported would both be called " + printable(name) + ": export them one at a time");
  }
}

}  // namespace

ExportResult export_tar(Repository& repository, const std::vector<ExportItem>& items, TarFilter filter,
                        const std::function<void(ByteView)>& write, Monitor& monitor) {
  monitor.phase("exporting");
  warn_of_index_problems(repository, monitor);
  std::vector<Wanted> all;
  for (const ExportItem& item : items) look_up(repository, item, all, monitor);
  require_distinct(all, monitor);
  Exporter exporter(repository, filter, write, monitor);
  for (const Wanted& wanted : all) exporter.add(wanted);
  return exporter.finish();
}

}  // namespace cairn
