#include "ingest/backup/slicer.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kSliceBytes = 1 << 20;   // read at a time

}  // namespace

Slicer::Slicer(const ChunkerParams& params, ChunkSize size, ByteSource& source) : source_(source), chunker_(params, size) {}
Slicer::Slicer(const ChunkerParams& params, ChunkSize size, PartedSource& source)
    : source_(source), parts_(&source), chunker_(params, size) {}

// A chunk ends at this place of the slice, unless one did already, or further on.
void Slicer::end_chunk(Slice& slice, size_t at) {
  if (at <= cut_) return;
  slice.runs.push_back({at - cut_, false});
  cut_ = at;
}

void Slicer::pass_hole(Slice& slice, uint64_t hole_bytes) {
  chunker_.force_cut();
  end_chunk(slice, used_);
  slice.runs.push_back({hole_bytes, true});
}

void Slicer::take_marks() {
  taken_.clear();
  parts_->take_marks(taken_);
  for (const Mark& mark : taken_)
    if (mark.item) items_.push_back(mark.offset_bytes);
    else marks_.push_back(mark);
}

// How far a cut at `from` may move.
size_t Slicer::furthest_shift(size_t from) const {
  size_t end = std::min(from + kMostShiftBytes, used_);
  if (next_mark_ < marks_.size() && marks_[next_mark_].offset_bytes >= begin_bytes_)
    end = std::min<size_t>(end, marks_[next_mark_].offset_bytes - begin_bytes_);
  return end;
}

// The begin of the first item at or behind `from`; `from` itself when there is none near.
size_t Slicer::item_begin(size_t from) const {
  auto item = std::ranges::lower_bound(items_, begin_bytes_ + from);
  return item != items_.end() && *item <= begin_bytes_ + furthest_shift(from) ? static_cast<size_t>(*item - begin_bytes_) : from;
}

// Likewise of a record.
size_t Slicer::record_begin(const Slice& slice, size_t from) const {
  const size_t end = furthest_shift(from);
  if (from == 0 || end <= from) return from;
  const uint8_t* begin = slice.bytes.data() + from - 1;   // a record begins behind a newline, which may be the byte before
  const void* newline = std::memchr(begin, '\n', end - from);
  return newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - slice.bytes.data()) + 1 : from;
}

// The chunker sees everything up to `end`.  Its own cuts depend on content alone; so does the move to a record's begin.
void Slicer::scan(Slice& slice, size_t end) {
  lengths_.clear();
  size_t logical = scanned_ - chunker_.pending_bytes();   // of the chunker's last cut; wraps around below zero, and comes back
  chunker_.scan({slice.bytes.data() + scanned_, end - scanned_}, lengths_);
  scanned_ = end;
  for (uint32_t length : lengths_) {
    logical += length;
    end_chunk(slice, records_ ? record_begin(slice, logical) : item_begin(logical));
  }
}

// Everything that is known well enough: behind it a mark, or the record that a cut would move to, may still turn up.
void Slicer::scan_settled(Slice& slice) {
  size_t settled = used_, limit = used_;
  if (parts_) {
    take_marks();
    settled = static_cast<size_t>(std::min<uint64_t>(used_, parts_->settled() - std::min(parts_->settled(), begin_bytes_)));
    limit = ended_ ? used_ : settled - std::min(settled, kMostShiftBytes);
  }
  for (; next_mark_ < marks_.size(); ++next_mark_) {
    const uint64_t offset = marks_[next_mark_].offset_bytes;
    if (offset > begin_bytes_ + limit) break;
    size_t at = static_cast<size_t>(offset - std::min(offset, begin_bytes_));   // one that comes too late cuts nothing
    if (at < scanned_) {
      records_ = marks_[next_mark_].records;
      continue;
    }
    if (at > scanned_) scan(slice, at);
    chunker_.force_cut();
    end_chunk(slice, at);
    records_ = marks_[next_mark_].records;
  }
  if (limit > scanned_) scan(slice, limit);
}

Slice Slicer::next() {
  Slice slice;
  used_ = rest_.size();
  slice.bytes = Buffer(used_ + kSliceBytes);
  if (used_ > 0) std::memcpy(slice.bytes.data(), rest_.data(), used_);
  size_t limit = used_ + kSliceBytes;
  while (used_ < limit && !ended_) {
    if (uint64_t hole = source_.skip_hole(); hole > 0) {
      pass_hole(slice, hole);
      continue;
    }
    size_t got = source_.read({slice.bytes.data() + used_, limit - used_});
    used_ += got;
    ended_ = got == 0;
    scan_settled(slice);
  }
  if (ended_) {
    chunker_.force_cut();
    end_chunk(slice, used_);
    slice.last = true;
  }
  if (scanned_ < cut_) scan(slice, cut_);   // a cut moved to a record the chunker hasn't seen: it finds no other before that
  rest_ = Buffer::copy_of({slice.bytes.data() + cut_, used_ - cut_});
  slice.bytes.set_size(cut_);
  begin_bytes_ += cut_;
  scanned_ -= cut_;
  cut_ = 0;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<ptrdiff_t>(next_mark_));
  next_mark_ = 0;
  items_.erase(items_.begin(), std::ranges::lower_bound(items_, begin_bytes_));
  return slice;
}

}  // namespace cairn
