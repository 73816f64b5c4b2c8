// The content of a long file: references to its chunks, as leaves cut by content under branches.
// A leaf: count | per reference: length·2 + zeros | ids.   A branch: count | per child: id 32, bytes, level.   FORMAT.md, "Chunk list".
#pragma once

#include <vector>

#include "store/tree/entry.h"
#include "store/tree/object.h"

namespace cairn {

struct ChunkListChild {
  ChunkId id;
  uint64_t size_bytes = 0;   // of content beneath it
};

Bytes encode_chunk_list_leaf(std::span<const ChunkRef> refs);
std::vector<ChunkRef> decode_chunk_list_leaf(Decoder& in);
Bytes encode_chunk_list_branch(std::span<const ChunkListChild> children);
std::vector<ChunkListChild> decode_chunk_list_branch(Decoder& in);

// Takes the references of one file in order.  Memory: one leaf and the branches.   Threads: one thread at a time.
class ChunkListWriter {
 public:
  explicit ChunkListWriter(const PutObject& put) : put_(put) {}
  void add(const ChunkRef& ref);
  uint64_t size_bytes() const { return size_bytes_; }
  // What the entry shall hold: the references themselves when they are few, else a list.
  Content finish();

 private:
  void close_leaf();
  const PutObject& put_;
  std::vector<ChunkRef> leaf_;
  std::vector<ChunkListChild> children_;
  uint64_t size_bytes_ = 0;
};

// Gives the references of a content in order, whatever its kind (an inline content has none).   Threads: one thread at a time.
// Errors: those of `get`; kCorrupt for what can't be, also branches that tell another length than what is beneath them has.
class ChunkListReader {
 public:
  ChunkListReader(GetObject get, const Content& content);
  // The next run of references (a leaf), empty at the end; valid until the next call.
  std::span<const ChunkRef> next();
  // next() shall give the run that holds the byte at `offset_bytes` of the content; returns where that run begins.  Loads that leaf
  // and the branches above it only.  kCorrupt when the content ends before.
  uint64_t seek(uint64_t offset_bytes);

 private:
  struct Level {
    std::vector<ChunkListChild> children;
    size_t at = 0;
  };
  uint64_t descend(const ChunkListChild& from, bool root, uint64_t offset_bytes);
  GetObject get_;
  std::vector<Level> levels_;
  std::vector<ChunkRef> leaf_;
  bool fresh_ = false;
  bool list_ = false;
  ChunkId root_;
};

}  // namespace cairn
