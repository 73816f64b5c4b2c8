#include "ingest/backup/slicer.h"

namespace cairn {

namespace {

constexpr size_t kSliceBytes = 1 << 20;   // read at a time; with the rest of a chunk at most max_bytes more

}  // namespace

Slicer::Slicer(const ChunkerParams& params, ChunkSize size, ByteSource& source)
    : source_(source), chunker_(params, size), most_chunk_bytes_(params.max_bytes(size)) {}

// Bytes [begin, end) of the slice are new: their complete chunks become runs.
void Slicer::cut(Slice& slice, size_t begin, size_t end) {
  lengths_.clear();
  chunker_.scan({slice.bytes.data() + begin, end - begin}, lengths_);
  for (uint32_t length : lengths_) slice.runs.push_back({length, false});
}

Slice Slicer::next() {
  Slice slice;
  size_t used = rest_.size();
  slice.bytes = Buffer(kSliceBytes + most_chunk_bytes_);
  if (used > 0) std::memcpy(slice.bytes.data(), rest_.data(), used);
  size_t limit = used + kSliceBytes;
  while (used < limit) {
    if (uint64_t hole = source_.skip_hole(); hole > 0) {
      if (uint32_t length = chunker_.force_cut()) slice.runs.push_back({length, false});
      slice.runs.push_back({hole, true});
      continue;
    }
    size_t got = source_.read({slice.bytes.data() + used, limit - used});
    if (got == 0) {
      if (uint32_t length = chunker_.force_cut()) slice.runs.push_back({length, false});
      slice.last = true;
      break;
    }
    cut(slice, used, used + got);
    used += got;
  }
  size_t whole = used - chunker_.pending_bytes();
  rest_ = Buffer::copy_of({slice.bytes.data() + whole, used - whole});
  slice.bytes.set_size(whole);
  return slice;
}

}  // namespace cairn
