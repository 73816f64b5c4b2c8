#include "ingest/restore.h"

#include <algorithm>

#include "ingest/index_problems.h"
#include "ingest/pipeline.h"
#include "ingest/restore/restorer.h"
#include "ingest/threads.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

// A later cairn may have stored a component rewritten: its bytes as they stand aren't the source's.
void require_plain(const Manifest& snapshot, std::string_view path) {
  while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(1);
  for (const ComponentInfo& component : snapshot.components)
    if (!component.transform.empty() && (path.empty() || path == "." || path.substr(0, path.find('/')) == component.name))
      throw Error(ErrorCode::kUnsupported, "component " + printable(component.name) + " was stored with the transform \"" +
                                               printable(component.transform) + "\", which this cairn can't undo: use a newer one");
}

// What a path names: the entries to restore.
std::vector<Entry> entries_at(ChunkReader& reader, const Manifest& snapshot, const std::string& path) {
  std::vector<Entry> out;
  if (auto entry = find_path(reader.object_source(), snapshot.root, path)) return {std::move(*entry)};
  DirectoryReader components(reader.object_source(), snapshot.root);
  while (const Entry* component = components.next()) out.push_back(*component);
  return out;
}

}  // namespace

RestoreResult restore(Repository& repository, const Manifest& snapshot, const std::string& path, const RestoreOptions& options,
                      Monitor& monitor) {
  require_plain(snapshot, path);
  warn_of_index_problems(repository, monitor);
  // The plan: what shall come out.  Nothing is written before the path is known to exist.
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), 8 << 20);
  std::vector<Entry> wanted = entries_at(reader, snapshot, path);
  for (const Entry& entry : wanted) {
    monitor.bytes_total += entry.size_bytes;
    monitor.files_total += entry.type == EntryType::kDirectory ? entry.file_count : 1;
  }
  Restorer restorer(repository, snapshot, options, monitor);

  // Backend → [open · decompress] → sink, by pack; then what must come after all files.
  monitor.phase("restoring");
  for (const Entry& entry : wanted) restorer.restore_content(entry, entry.name);
  restorer.finish_content();
  for (const Entry& entry : wanted) restorer.restore_rest(entry, entry.name);

  // Beyond this point nothing is written.
  if (options.verify) {
    monitor.phase("verifying");
    monitor.bytes_done = 0;
    for (const Entry& entry : wanted) restorer.verify(entry, entry.name);
  }
  restorer.report();
  return restorer.take_result();
}

namespace {

struct CatJob {
  std::vector<ChunkRef> refs;
};

constexpr size_t kCatRefs = 64;                     // chunks in one job
constexpr uint64_t kZeroStep = 1 << 20;

Buffer load_run(ChunkReader& reader, const CatJob& job) {
  size_t bytes = 0;
  for (const ChunkRef& ref : job.refs) bytes += ref.length_bytes;
  Buffer out(bytes);
  size_t at = 0;
  for (const ChunkRef& ref : job.refs) {
    ByteView chunk = ref.is_zeros() ? ByteView{} : reader.chunk(ref.id);
    if (ref.is_zeros()) std::memset(out.data() + at, 0, ref.length_bytes);
    else if (chunk.size() != ref.length_bytes) throw Error(ErrorCode::kCorrupt, "chunk " + ref.id.hex() + ": has another length");
    else std::memcpy(out.data() + at, chunk.data(), chunk.size());
    at += ref.length_bytes;
  }
  return out;
}

// The references of a content in runs of some 4 MiB; long holes in steps, so that no run needs much memory.
class CatRuns {
 public:
  CatRuns(ChunkReader& reader, const Content& content) : list_(reader.object_source(), content) {}
  std::optional<CatJob> next() {
    CatJob job;
    uint64_t bytes = 0;
    while (job.refs.size() < kCatRefs && bytes < (4 << 20)) {
      if (at_ == refs_.size()) {
        auto more = list_.next();
        if (more.empty()) break;
        refs_.assign(more.begin(), more.end());
        at_ = 0;
      }
      ChunkRef ref = refs_[at_];
      if (ref.is_zeros() && ref.length_bytes > kZeroStep) {
        refs_[at_].length_bytes -= kZeroStep;
        ref.length_bytes = kZeroStep;
      } else {
        ++at_;
      }
      bytes += ref.length_bytes;
      job.refs.push_back(ref);
    }
    if (job.refs.empty()) return std::nullopt;
    return job;
  }

 private:
  ChunkListReader list_;
  std::vector<ChunkRef> refs_;
  size_t at_ = 0;
};

}  // namespace

void cat(Repository& repository, const Manifest& snapshot, const std::string& path, const std::function<void(ByteView)>& write,
         Monitor& monitor) {
  require_plain(snapshot, path);
  const Index& index = repository.index();
  ChunkReader trees(repository.backend(), repository.keys(), index, 8 << 20);
  auto entry = find_path(trees.object_source(), snapshot.root, path);
  if (!entry || entry->type != EntryType::kFile)
    throw Error(ErrorCode::kInvalidArgument, (path.empty() ? "the snapshot" : printable(path)) + ": is not a file (see what is in it with: cairn ls)");
  monitor.bytes_total = entry->size_bytes;
  if (entry->content.kind == Content::Kind::kInline) return write(entry->content.inline_bytes);
  size_t threads = default_threads();
  std::vector<std::unique_ptr<ChunkReader>> readers;
  for (size_t i = 0; i < threads; ++i)
    readers.push_back(std::make_unique<ChunkReader>(repository.backend(), repository.keys(), index, 8 << 20));
  CatRuns runs(trees, entry->content);
  uint64_t written = 0;
  ordered_parallel_map<CatJob, Buffer>(
      threads, 2 * threads,
      [&] {
        monitor.check_interrupted();
        return runs.next();
      },
      [&](size_t worker, CatJob&& job) { return load_run(*readers[worker], job); },
      [&](Buffer&& bytes) {
        write(bytes);
        written += bytes.size();
        monitor.bytes_done += bytes.size();
      });
  if (written != entry->size_bytes)
    throw Error(ErrorCode::kCorrupt, printable(path) + ": its chunks are " + std::to_string(written) + " bytes in place of " +
                                         std::to_string(entry->size_bytes));
}

namespace {

class Lister {
 public:
  Lister(ChunkReader& reader, bool recursive, const std::function<void(const std::string&, const Entry&)>& visit, Monitor& monitor)
      : reader_(reader), recursive_(recursive), visit_(visit), monitor_(monitor) {}

  void directory(const ChunkId& id, const std::string& path) {
    try {
      require_depth(path);
      DirectoryReader children(reader_.object_source(), id);
      while (const Entry* child = children.next()) {
        monitor_.check_interrupted();
        Entry entry = *child;
        std::string child_path = path.empty() ? entry.name : path + "/" + entry.name;
        visit_(child_path, entry);
        if (recursive_ && entry.type == EntryType::kDirectory) directory(entry.directory, child_path);
      }
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      monitor_.error(path, e.what());
      ++failed_;
    }
  }
  uint64_t failed() const { return failed_; }

 private:
  ChunkReader& reader_;
  bool recursive_;
  const std::function<void(const std::string&, const Entry&)>& visit_;
  Monitor& monitor_;
  uint64_t failed_ = 0;
};

}  // namespace

uint64_t list(Repository& repository, const Manifest& snapshot, const std::string& path, bool recursive,
              const std::function<void(const std::string&, const Entry&)>& visit, Monitor& monitor) {
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), 16 << 20);
  auto entry = find_path(reader.object_source(), snapshot.root, path);
  std::string clean = path;
  while (clean.ends_with('/')) clean.pop_back();
  if (entry && entry->type != EntryType::kDirectory) {
    visit(clean, *entry);
    return 0;
  }
  Lister lister(reader, recursive, visit, monitor);
  lister.directory(entry ? entry->directory : snapshot.root, clean);
  return lister.failed();
}

}  // namespace cairn
