#include "ingest/backup/piece_storer.h"

#include <algorithm>
#include <optional>

#include "ingest/tree/metadata.h"
#include "store/tree/chunk_list.h"

namespace cairn {

namespace {

constexpr size_t kArenaBytes = 4 << 20;
constexpr uint64_t kInlineMostBytes = 512;   // bench: see RESULTS.md, "Inline files"

bool all_zeros(ByteView bytes) {
  return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

PieceStorer::PieceStorer(WriteSession& session, const Keyring& keys, const ChunkerParams& params, GetObject lists,
                         Monitor& monitor, std::vector<std::atomic<uint64_t>>& stored_bytes)
    : session_(session), keys_(keys), params_(params), monitor_(monitor), component_bytes_(stored_bytes),
      builder_(session.make_builder({})), lists_(std::move(lists)), arena_(kArenaBytes) {}

Stored PieceStorer::store(Job&& job) {
  if (job.component != component_) flush();
  component_ = job.component;
  builder_.set_policy(job.policy.frame);
  Stored stored{job.component, {}, 0, 0};
  pieces_.clear();
  arena_used_ = 0;
  check_kept(job);
  for (size_t i = 0; i < job.entries.size(); ++i) {
    JobEntry& entry = job.entries[i];
    if (entry.failed) continue;
    if (entry.content == JobEntry::Content::kRuns) gather_runs(job, i);
    if (entry.content == JobEntry::Content::kBytes) cut_bytes(job, i, stored);
    if (entry.content != JobEntry::Content::kRead) continue;
    monitor_.check_interrupted();
    if (job.open_object || entry.entry.size_bytes > kArenaBytes - arena_used_) read_any_file(job, i, stored);
    else read_small_file(job, i, stored);
  }
  store_pieces(job, stored);
  for (JobEntry& entry : job.entries) entry.bytes = Buffer();
  stored.entries = std::move(job.entries);
  return stored;
}

void PieceStorer::flush() {
  builder_.flush();
  component_bytes_[component_] += builder_.take_stored_bytes();
}

// Unchanged files rest on chunks of earlier snapshots.  Where one of them is lost the file is read again: so a backup heals.
void PieceStorer::check_kept(Job& job) {
  ids_.clear();
  std::vector<std::pair<size_t, size_t>> owners;  // entry, and the number of its ids
  for (size_t i = 0; i < job.entries.size(); ++i) {
    const JobEntry& entry = job.entries[i];
    if (entry.content != JobEntry::Content::kKeep) continue;
    size_t before = ids_.size();
    for (const ChunkRef& ref : entry.entry.content.chunks)
      if (!ref.is_zeros()) ids_.push_back(ref.id);
    if (entry.entry.content.kind == Content::Kind::kList) ids_.push_back(entry.entry.content.list);
    if (ids_.size() > before) owners.emplace_back(i, ids_.size() - before);
  }
  if (ids_.empty()) return;
  session_.usable(ids_, fresh_);
  size_t at = 0;
  for (auto [i, count] : owners) {
    JobEntry& entry = job.entries[i];
    bool whole = std::all_of(fresh_.begin() + static_cast<ptrdiff_t>(at), fresh_.begin() + static_cast<ptrdiff_t>(at + count),
                             [](uint8_t usable) { return usable; });
    at += count;
    if (whole && (entry.entry.content.kind != Content::Kind::kList || list_usable(entry.entry.content))) continue;
    entry.entry.content = {};
    entry.change = JobEntry::Change::kChanged;
    entry.content = JobEntry::Content::kRead;
  }
}

// Every chunk of a long list, and every node of the list itself.
bool PieceStorer::list_usable(const Content& content) {
  auto usable = [&](std::span<const ChunkId> ids) {
    std::vector<uint8_t> each;
    session_.usable(ids, each);
    return std::ranges::all_of(each, [](uint8_t one) { return one != 0; });
  };
  try {
    ChunkListReader list(
        [&](const ChunkId& id) {
          if (!usable({&id, 1})) throw Error(ErrorCode::kNotFound, object_name(id) + ": is lost");
          return lists_(id);
        },
        content);
    std::vector<ChunkId> ids;
    for (auto refs = list.next(); !refs.empty(); refs = list.next()) {
      ids.clear();
      for (const ChunkRef& ref : refs)
        if (!ref.is_zeros()) ids.push_back(ref.id);
      if (!usable(ids)) return false;
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

void PieceStorer::gather_runs(const Job& job, size_t index) {
  size_t offset = 0;
  for (const Run& run : job.entries[index].runs) {
    if (run.hole) {
      pieces_.push_back({index, {}, run.length_bytes});
      continue;
    }
    pieces_.push_back({index, job.bytes.view().subspan(offset, run.length_bytes), 0});
    offset += run.length_bytes;
  }
}

void PieceStorer::cut_bytes(Job& job, size_t index, Stored& stored) {
  JobEntry& entry = job.entries[index];
  const ByteView bytes = entry.bytes;
  if (bytes.size() <= kInlineMostBytes) {
    entry.entry.content.kind = Content::Kind::kInline;
    entry.entry.content.inline_bytes.assign(bytes.begin(), bytes.end());
    stored.bytes_read += bytes.size();
    return;
  }
  Chunker chunker(params_, job.policy.chunk_size);
  lengths_.clear();
  chunker.scan(bytes, lengths_);
  if (const uint32_t length = chunker.force_cut()) lengths_.push_back(length);
  size_t begin = 0;
  for (const uint32_t length : lengths_) {
    pieces_.push_back({index, bytes.subspan(begin, length), 0});
    begin += length;
  }
}

// The whole file into the arena, so that the chunks of many files are hashed side by side.
void PieceStorer::read_small_file(Job& job, size_t index, Stored& stored) {
  JobEntry& entry = job.entries[index];
  bool racy = entry.entry.racy;
  int64_t listed_ctime_ns = entry.entry.ctime_ns;
  size_t begin = arena_used_;
  try {
    FileContent file(job.directories[entry.directory].get(), entry.open_name, entry.entry);
    entry.entry.racy = racy || entry.entry.ctime_ns != listed_ctime_ns;  // changed since it was listed: just now
    if (file.size_bytes() > kArenaBytes - arena_used_) throw Error(ErrorCode::kIo, "grew while it was read; it is left for the next backup");
    capture_xattrs(file.fd(), entry.path, monitor_, entry.entry);
    Chunker chunker(params_, job.policy.chunk_size);
    auto end_chunk = [&](uint32_t length) {
      pieces_.push_back({index, {arena_.data() + begin, length}, 0});
      begin += length;
    };
    bool inline_it = file.size_bytes() <= kInlineMostBytes;
    for (;;) {
      if (uint64_t hole = file.skip_hole(); hole > 0) {
        if (uint32_t length = chunker.force_cut()) end_chunk(length);
        pieces_.push_back({index, {}, hole});
        inline_it = false;
        continue;
      }
      size_t got = file.read({arena_.data() + arena_used_, kArenaBytes - arena_used_});
      if (got == 0) break;
      if (!inline_it) {
        lengths_.clear();
        chunker.scan({arena_.data() + arena_used_, got}, lengths_);
        for (uint32_t length : lengths_) end_chunk(length);
      }
      arena_used_ += got;
    }
    if (inline_it && arena_used_ > begin) {
      entry.entry.content.kind = Content::Kind::kInline;
      entry.entry.content.inline_bytes.assign(arena_.data() + begin, arena_.data() + arena_used_);
      stored.bytes_read += arena_used_ - begin;
    } else if (uint32_t length = chunker.force_cut()) {
      end_chunk(length);
    }
    entry.entry.size_bytes = file.read_bytes();
    if (!file.changed_meanwhile(entry.entry)) return;
    monitor_.error(entry.path, "changed while it was read; saved as it was read");
    entry.entry.damaged_source = true;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    monitor_.error(entry.path, e.what());
    entry.failed = true;
    std::erase_if(pieces_, [&](const Piece& piece) { return piece.entry == index; });
  }
}

// A file or an object of any length, slice by slice: the way of unchanged ones whose stored chunks turned out to be lost.
void PieceStorer::read_any_file(Job& job, size_t index, Stored& stored) {
  JobEntry& entry = job.entries[index];
  // Only what reading throws is trouble of this file; what storing throws ends the backup.
  auto read = [&](auto step) {
    try {
      step();
      return true;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      monitor_.error(entry.path, e.what());
      entry.failed = true;
      return false;
    }
  };
  std::optional<FileContent> file;
  std::unique_ptr<ByteSource> object;
  if (!read([&] {
        if (job.open_object) {
          object = (*job.open_object)(entry.open_name, entry.entry);
          return;
        }
        file.emplace(job.directories[entry.directory].get(), entry.open_name, entry.entry);
        capture_xattrs(file->fd(), entry.path, monitor_, entry.entry);
      }))
    return;
  Slicer slicer(params_, job.policy.chunk_size, object ? *object : static_cast<ByteSource&>(*file));
  std::vector<ChunkRef> refs;
  for (Slice slice; !slice.last;) {
    monitor_.check_interrupted();
    if (!read([&] { slice = slicer.next(); })) return;
    store_slice(job, slice, refs, stored);
  }
  entry.refs = std::move(refs);
  if (object) return;
  entry.entry.size_bytes = file->read_bytes();
  bool changed = false;
  if (!read([&] { changed = file->changed_meanwhile(entry.entry); }) || !changed) return;
  monitor_.error(entry.path, "changed while it was read; saved as it was read");
  entry.entry.damaged_source = true;
}

// A slice at once, before the pieces that are waiting.
void PieceStorer::store_slice(const Job& job, Slice& slice, std::vector<ChunkRef>& refs, Stored& stored) {
  Job part;
  part.component = job.component;
  part.policy = job.policy;
  part.bytes = std::move(slice.bytes);
  part.entries.resize(1);
  part.entries[0].runs = std::move(slice.runs);
  std::vector<Piece> waiting = std::exchange(pieces_, {});
  gather_runs(part, 0);
  store_pieces(part, stored);
  pieces_ = std::move(waiting);
  refs.insert(refs.end(), part.entries[0].refs.begin(), part.entries[0].refs.end());
}

// Ids of all pieces, new ones into frames, references into the entries.
void PieceStorer::store_pieces(Job& job, Stored& stored) {
  views_.clear();
  for (Piece& piece : pieces_) {
    stored.bytes_read += piece.bytes.size();
    if (!piece.bytes.empty() && all_zeros(piece.bytes)) piece = {piece.entry, {}, piece.bytes.size()};
    if (!piece.bytes.empty()) views_.push_back(piece.bytes);
  }
  hashes_.resize(views_.size());
  blake3_keyed_many(keys_.id_key, views_, hashes_);
  ids_.resize(views_.size());
  for (size_t i = 0; i < ids_.size(); ++i) ids_[i].bytes = hashes_[i];
  session_.claim_new(ids_, fresh_);
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (!fresh_[i]) continue;
    builder_.add(ids_[i], views_[i]);
    stored.new_bytes += views_[i].size();
  }
  size_t next = 0;
  for (const Piece& piece : pieces_) {
    ChunkRef ref;
    ref.length_bytes = piece.bytes.empty() ? piece.hole_bytes : piece.bytes.size();
    if (!piece.bytes.empty()) ref.id = ids_[next++];
    job.entries[piece.entry].refs.push_back(ref);
  }
}

}  // namespace cairn
