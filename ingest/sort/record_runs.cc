#include "ingest/sort/record_runs.h"

#include <cassert>

#include "store/error.h"

namespace cairn::sorting {

Run write_run(const Arena& arena, SpillFile& file) {
  constexpr size_t kAhead = 16;   // the records lie about in memory: asked for early
  RunWriter out(file);
  const std::span<const Entry> sorted = arena.sorted();
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i + kAhead < sorted.size()) {
      const uint8_t* ahead = arena.record(sorted[i + kAhead]);
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
      __builtin_prefetch(ahead + 128);
    }
    const uint8_t* record = arena.record(sorted[i]);
    out.put({record, arena.record_bytes(record)});
  }
  return out.finish();
}

void Source::refill() {
  const size_t kept = end_ - at_;
  assert(kept <= kBlockBytes);
  std::memmove(window_.data() + kBlockBytes - kept, window_.data() + at_, kept);
  at_ = kBlockBytes - kept;
  // The file goes on behind the run up to a whole block.
  const uint64_t left = (run_end_ - file_at_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  const size_t room = window_.size() - sizeof(uint64_t) - kBlockBytes;
  const size_t more = static_cast<size_t>(std::min<uint64_t>(left, room));
  file_->read(file_at_, window_.span().subspan(kBlockBytes, more));
  file_at_ += more;
  end_ = kBlockBytes + more;
}

bool Source::advance_file() {
  const uint64_t begin = file_at_ - (end_ - at_);   // of the record, in the file
  if (begin >= run_end_) return false;
  if (begin > file_at_) {   // behind a long one
    file_at_ = begin / kBlockBytes * kBlockBytes;
    at_ = end_ = 0;
    refill();
    at_ += begin % kBlockBytes;
  }
  for (bool again = true;; again = false) {
    const size_t have = end_ - at_;
    if (have >= kHeadBytes || file_at_ >= run_end_) {
      take_head(window_.data() + at_);
      const size_t head = static_cast<size_t>(key_ - window_.data()) - at_;
      const size_t size = head + key_bytes_ + value_bytes_;
      if (size > run_end_ - begin) throw Error(ErrorCode::kCorrupt, "temporary file: a record is longer than what was written");
      if (size <= have || have > kBlockBytes || !again) {
        here_ = std::min(size, have) - head;
        key_at_ = begin + head;
        at_ += size;   // beyond the window's end when the record isn't all here
        return true;
      }
    }
    refill();
  }
}

RecordSorter::Record Source::record(Buffer& spare) const {
  const uint8_t* key = key_;
  if (here_ < key_bytes_ + value_bytes_) {
    if (spare.size() < key_bytes_ + value_bytes_) spare = Buffer(), spare = Buffer(key_bytes_ + value_bytes_);
    file_->read(key_at_, spare.span().first(key_bytes_ + value_bytes_));
    key = spare.data();
  }
  return {text({key, key_bytes_}), {key + key_bytes_, value_bytes_}};
}

}  // namespace cairn::sorting
