// Sorted records in a file, and reading them one after another: a part of the RecordSorter.
//
// Threads:  one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "ingest/sort/record_arena.h"
#include "ingest/sort/record_sorter.h"
#include "ingest/sort/spill_file.h"

namespace cairn::sorting {

inline constexpr size_t kBlockBytes = SpillFile::kBlockBytes;

// Sorted records in the file.
struct Run {
  uint64_t begin, end;
};

// Writes runs that begin at blocks, so that no block is opened twice.
class RunWriter {
 public:
  explicit RunWriter(SpillFile& file) : file_(file), begin_(file.size_bytes()), block_(kBlockBytes) {}
  void put(ByteView bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
      const size_t taken = std::min(bytes.size(), kBlockBytes - filled_);
      std::memcpy(block_.data() + filled_, bytes.data(), taken);
      bytes = bytes.subspan(taken);
      filled_ += taken;
      if (filled_ == kBlockBytes) flush();
    }
  }
  Run finish() {
    if (filled_ > 0) std::memset(block_.data() + filled_, 0, kBlockBytes - filled_), flush();
    return {begin_, begin_ + size_};
  }

 private:
  void flush() {
    file_.append(block_);
    filled_ = 0;
  }
  SpillFile& file_;
  uint64_t begin_, size_ = 0;
  Buffer block_;
  size_t filled_ = 0;
};

// Requires: sorted, and nothing added since.
Run write_run(const Arena& arena, SpillFile& file);

// Gives the records of a run, or of an arena, one after another.  Of a record longer than a block memory has only the beginning.
class Source {
 public:
  explicit Source(const Arena& arena) : arena_(&arena), entries_(arena.sorted()) {}
  Source(const SpillFile& file, Run run, size_t window_blocks)
      : file_(&file), file_at_(run.begin), run_end_(run.end), window_((1 + window_blocks) * kBlockBytes + sizeof(uint64_t)) {}

  // Goes to the next record; false at the end.
  bool advance() { return arena_ != nullptr ? advance_arena() : advance_file(); }
  ByteView key_here() const { return {key_, std::min(key_bytes_, here_)}; }
  size_t key_bytes() const { return key_bytes_; }
  // Of the whole record; `spare` is for what memory doesn't have.
  RecordSorter::Record record(Buffer& spare) const;
  // Bytes of the key, from the file if need be.
  void read_key(size_t begin, std::span<uint8_t> into) const {
    if (begin + into.size() <= here_) std::memcpy(into.data(), key_ + begin, into.size());
    else file_->read(key_at_ + begin, into);
  }

 private:
  bool advance_arena() {
    if (entries_.empty()) return false;
    if (entries_.size() > kAhead) __builtin_prefetch(arena_->record(entries_[kAhead]));
    take_head(arena_->record(entries_.front()));
    here_ = key_bytes_ + value_bytes_;
    entries_ = entries_.subspan(1);
    return true;
  }
  bool advance_file();
  const uint8_t* take_head(const uint8_t* record) {
    return key_ = get_length(get_length(record, key_bytes_), value_bytes_);
  }
  void refill();

  static constexpr size_t kAhead = 8;
  const Arena* arena_ = nullptr;
  std::span<const Entry> entries_;          // that are left
  const SpillFile* file_ = nullptr;
  uint64_t file_at_ = 0, run_end_ = 0;      // the window's end in the file; the run's
  Buffer window_;                           // a block for what is left over when it is filled, and as many blocks as fit
  size_t at_ = 0, end_ = 0;                 // in the window
  const uint8_t* key_ = nullptr;
  size_t key_bytes_ = 0, value_bytes_ = 0;
  size_t here_ = 0;                         // bytes of key and value in memory
  uint64_t key_at_ = 0;                     // in the file, of a record that isn't all here
};

}  // namespace cairn::sorting
