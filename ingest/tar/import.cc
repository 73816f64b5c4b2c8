#include "ingest/tar/import.h"

#include <chrono>
#include <deque>

#include "ingest/backup/new_manifest.h"
#include "ingest/backup/piece_storer.h"
#include "ingest/pipeline.h"
#include "ingest/tar/import_tree.h"
#include "store/parallel.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr uint64_t kInlineMostBytes = 512;   // as a backup does
constexpr size_t kMostItems = 512;           // without bytes to store, in one job

// An entry; of one with a long content several, each with a run of it.
struct Item {
  TarEntry head;
  bool cut = false;                // its content goes through the workers
  bool last = true;
  std::vector<ChunkRef> refs;
};

struct Work {
  std::vector<Item> items;         // only the last one may be cut
  Job job;
};

// The content of the archive's entry at hand.
class TarContent : public ByteSource {
 public:
  TarContent(TarReader& reader, uint64_t size_bytes) : reader_(reader), size_bytes_(size_bytes) {}
  uint64_t skip_hole() override {
    fetch();
    const uint64_t hole = begin_ - std::min(begin_, at_);
    at_ += hole;
    return hole;
  }
  size_t read(std::span<uint8_t> into) override {
    fetch();
    const size_t now = std::min(into.size(), left_.size());
    if (now > 0) std::memcpy(into.data(), left_.data(), now);
    left_ = left_.subspan(now);
    at_ += now;
    begin_ += now;
    return now;
  }

 private:
  // A block of bytes, if there is none at hand; at the end begin_ is there.
  void fetch() {
    while (left_.empty() && !ended_) {
      ended_ = !reader_.content(left_, begin_);
      if (!ended_ && (begin_ < at_ || begin_ > size_bytes_ || left_.size() > size_bytes_ - begin_))
        throw Error(ErrorCode::kCorrupt, "its content is longer than it says");
      if (ended_) begin_ = size_bytes_;
    }
  }
  TarReader& reader_;
  uint64_t size_bytes_, at_ = 0;
  ByteView left_;
  uint64_t begin_ = 0;      // of left_
  bool ended_ = false;
};

// Turns the archive into work, on the reader thread.
class ArchiveItems {
 public:
  ArchiveItems(TarReader& reader, const ChunkerParams& params, const ContentSettings& content, Monitor& monitor)
      : reader_(reader), params_(params), policy_(tree_policy(content)), monitor_(monitor) {}

  std::optional<Work> next() {
    monitor_.check_interrupted();
    Work work;
    while (!slicer_ && !ended_ && work.items.size() < kMostItems) add_entry(work);
    if (slicer_) take_slice(work);
    if (work.items.empty()) return std::nullopt;
    return work;
  }

 private:
  void add_entry(Work& work) {
    Item item;
    if (!reader_.next(item.head)) {
      ended_ = true;
      return;
    }
    Entry& entry = item.head.entry;
    if (entry.type != EntryType::kFile || item.head.hard_link || entry.size_bytes == 0) {
      work.items.push_back(std::move(item));
      return;
    }
    content_ = std::make_unique<TarContent>(reader_, entry.size_bytes);
    if (entry.size_bytes > kInlineMostBytes) {
      monitor_.current(item.head.path);
      item.cut = true;
      item_ = std::move(item);
      slicer_ = std::make_unique<Slicer>(params_, policy_.chunk_size, *content_);
      return;
    }
    Bytes& bytes = entry.content.inline_bytes;
    bytes.resize(static_cast<size_t>(entry.size_bytes));
    size_t at = 0;
    for (size_t got = 1; got > 0; at += got) {
      at += static_cast<size_t>(content_->skip_hole());
      got = content_->read(std::span(bytes).subspan(at));
    }
    entry.content.kind = Content::Kind::kInline;
    work.items.push_back(std::move(item));
  }

  void take_slice(Work& work) {
    Slice slice = slicer_->next();
    Item item;
    if (slice.last) item = std::move(item_);
    item.cut = true;
    item.last = slice.last;
    work.job.policy = policy_;
    work.job.bytes = std::move(slice.bytes);
    work.job.entries.resize(1);
    work.job.entries[0].content = JobEntry::Content::kRuns;
    work.job.entries[0].runs = std::move(slice.runs);
    work.items.push_back(std::move(item));
    if (slice.last) slicer_.reset();
  }

  TarReader& reader_;
  const ChunkerParams& params_;
  const CutPolicy policy_;
  Monitor& monitor_;
  bool ended_ = false;
  Item item_;                             // being cut
  std::unique_ptr<TarContent> content_;
  std::unique_ptr<Slicer> slicer_;
};

// Runs on a worker.  In job.weight_bytes comes back how much was new.
Work store(PieceStorer& worker, Work&& work) {
  if (!work.items.back().cut) return std::move(work);
  Stored stored = worker.store(std::move(work.job));
  work.items.back().refs = std::move(stored.entries[0].refs);
  work.job = {};
  work.job.weight_bytes = stored.new_bytes;
  return std::move(work);
}

// Puts the entries together, on the calling thread.
class Assembly {
 public:
  Assembly(const PutObject& put, Entry root, Manifest& manifest, Monitor& monitor)
      : put_(put), tree_(std::move(root)), manifest_(manifest), monitor_(monitor) {}

  void add(Work&& work) {
    manifest_.stats.bytes_new += work.job.weight_bytes;
    for (Item& item : work.items) add(std::move(item));
  }
  uint64_t entries() const { return entries_; }
  Entry finish() { return tree_.finish(put_); }

 private:
  void add(Item&& item) {
    if (item.cut && !content_) content_ = std::make_unique<ChunkListWriter>(put_);
    for (const ChunkRef& ref : item.refs) {
      content_->add(ref);
      monitor_.bytes_done += ref.length_bytes;
    }
    if (!item.last) return;
    Entry& entry = item.head.entry;
    if (item.cut) {
      const uint64_t bytes = content_->size_bytes();
      entry.content = content_->finish();
      content_.reset();
      if (bytes != entry.size_bytes)
        throw Error(ErrorCode::kCorrupt, printable(item.head.path) + ": is " + std::to_string(bytes) + " bytes in place of " + std::to_string(entry.size_bytes));
    }
    manifest_.stats.bytes_read += entry.size_bytes;
    place(std::move(item.head));
  }

  void place(TarEntry&& head) try {
    if (head.path.starts_with('/') && !std::exchange(told_of_slash_, true))
      monitor_.warning("paths in the archive begin with /: taken as beneath the component");
    const uint32_t uid = head.entry.uid, gid = head.entry.gid;
    const bool counts = head.entry.type != EntryType::kDirectory;
    tree_.add(head.path, std::move(head.entry), head.hard_link ? &*head.hard_link : nullptr);
    if (!head.user.empty()) manifest_.users[uid] = std::move(head.user);
    if (!head.group.empty()) manifest_.groups[gid] = std::move(head.group);
    ++entries_;
    if (!counts) return;
    ++manifest_.stats.files_new;
    ++monitor_.files_done;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInvalidArgument) throw;
    ++manifest_.stats.files_failed;
    monitor_.error(head.path, std::string(e.what()) + "; it was left out");
  }

  const PutObject& put_;
  ImportTree tree_;
  Manifest& manifest_;
  Monitor& monitor_;
  std::unique_ptr<ChunkListWriter> content_;
  bool told_of_slash_ = false;
  uint64_t entries_ = 0;
};

// What directories are like that nobody told of.
Entry plain_directory(const ImportOptions& options, int64_t time_ns) {
  Entry root;
  root.name = options.name;
  root.type = EntryType::kDirectory;
  root.mode = 0755;
  root.mtime_ns = time_ns;
  return root;
}

// Runs the workers.  After an interruption what is in packs is made durable, so that the next run needn't store it again.
uint64_t store_all(WriteSession& session, const Keyring& keys, const ChunkerParams& params, ArchiveItems& items, size_t threads,
                   Monitor& monitor, Assembly& assembly) {
  std::vector<std::atomic<uint64_t>> stored_bytes(1);
  std::deque<PieceStorer> workers;   // never moved: they hold large buffers
  for (size_t i = 0; i < threads; ++i) workers.emplace_back(session, keys, params, GetObject(), monitor, stored_bytes);
  try {
    ordered_parallel_map<Work, Work>(
        threads, 4 * threads, [&] { return items.next(); },
        [&](size_t worker, Work&& work) { return store(workers[worker], std::move(work)); },
        [&](Work&& work) { assembly.add(std::move(work)); });
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInterrupted) throw;
    for (PieceStorer& worker : workers) worker.flush();
    session.keep_packs();
    throw;
  }
  for (PieceStorer& worker : workers) worker.flush();
  return stored_bytes[0];
}

}  // namespace

BackupResult import_tar(Repository& repository, TarReader::Read read, const ImportOptions& options, Monitor& monitor) {
  if (!valid_entry_name(options.name))
    throw Error(ErrorCode::kInvalidArgument, "\"" + printable(options.name) + "\" can't be the name of a component");
  const auto started = std::chrono::steady_clock::now();
  Manifest manifest = new_manifest(options.host, options.tags);
  if (options.time_ns) manifest.time_ns = *options.time_ns;
  WriteSession session(repository);
  monitor.phase("importing");
  const ChunkerParams params = repository.keys().chunker_params(repository.config().sizes);
  const PutObject put = [&](ByteView object) { return session.put_object(object); };
  TarReader reader(std::move(read));
  ArchiveItems items(reader, params, repository.config().content, monitor);
  Assembly assembly(put, plain_directory(options, manifest.time_ns), manifest, monitor);
  ComponentInfo component;
  component.stored_bytes =
      store_all(session, repository.keys(), params, items, options.threads ? options.threads : processor_count(), monitor, assembly);
  if (assembly.entries() == 0) throw Error(ErrorCode::kNotFound, "there is nothing in the archive: no snapshot was made");

  monitor.phase("saving");
  Entry tree = assembly.finish();
  component.name = options.name;
  component.source = options.source;
  component.size_bytes = tree.size_bytes;
  component.file_count = tree.file_count;
  component.new_bytes = manifest.stats.bytes_new;
  if (manifest.stats.files_failed > 0) component.completeness = Completeness::kIncomplete;
  manifest.components = {std::move(component)};
  DirectoryWriter root(put);
  root.add(std::move(tree));
  manifest.root = root.finish();
  if (repository.keys().may_read()) continue_chain(repository.snapshots(), repository.keys().certificate.client(), manifest);
  manifest.stats.duration_ns = static_cast<uint64_t>((std::chrono::steady_clock::now() - started).count());
  session.commit(manifest);
  const bool incomplete = manifest.stats.files_failed > 0;
  return {std::move(manifest), incomplete};
}

}  // namespace cairn
