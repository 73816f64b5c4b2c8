// A content from any place on: seeks through the lengths in its branches, so that no leaf before the place is loaded.
//
// Memory:   one leaf of the chunk list; chunks are handed out where the ChunkReader holds them.
// Threads:  one thread at a time.
#pragma once

#include <functional>

#include "store/read/chunk_reader.h"
#include "store/tree/chunk_list.h"

namespace cairn {

// A run of a content: some bytes of one chunk, or of a run of zeros.
struct ContentRun {
  ChunkRef ref;
  uint64_t skip_bytes = 0;     // at its beginning
  uint64_t length_bytes = 0;   // after those
};

// Where the bytes of a content are; reads none of them.
class ContentRuns {
 public:
  ContentRuns(GetObject get, const Content& content) : list_(std::move(get), content) {}
  // What next() shall give: `length_bytes` from `offset_bytes` on.  A place that the leaf at hand reaches costs no new look at the
  // branches.
  void seek(uint64_t offset_bytes, uint64_t length_bytes);
  // All of the content, wherever it ends.  Requires: called before anything else.
  void all();
  // The next run, at most `most_bytes` of it; nullopt when the length was given.  kCorrupt when the content ends before.
  std::optional<ContentRun> next(uint64_t most_bytes = UINT64_MAX);

 private:
  bool load();
  ChunkListReader list_;
  std::span<const ChunkRef> refs_;
  size_t at_ = 0;
  uint64_t begin_ = 0;        // of refs_[at_] in the content
  uint64_t place_ = 0, left_ = 0;
  bool to_end_ = false;
};

// The bytes of a run: a chunk verified by its id; kCorrupt when it hasn't the length the list tells.  Not for runs of zeros.
ByteView bytes_of(ChunkReader& reader, const ContentRun& run);

class ContentReader {
 public:
  // `reader` must outlive this.
  ContentReader(ChunkReader& reader, Content content);
  // Calls `write` with the bytes [offset, offset + length), in order, in runs of any length.
  // kCorrupt when the content is shorter; what `reader` throws, after the bytes before it.
  void read(uint64_t offset_bytes, uint64_t length_bytes, const std::function<void(ByteView)>& write);

 private:
  ChunkReader& reader_;
  Content content_;
  ContentRuns runs_;
};

}  // namespace cairn
