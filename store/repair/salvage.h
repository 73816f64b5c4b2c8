// Reads a pack of which something is damaged: whatever of it still opens and proves to be what was written, frame by frame.
//
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/read/chunk_reader.h"

namespace cairn {

struct PackExamination {
  std::vector<std::string> reasons;   // what is wrong with it; empty: nothing
  std::vector<ChunkId> bad;           // chunks that can't be had from it
  uint64_t chunks = 0;                // in its directory, or as a segment tells
  bool known = false;                 // false: nobody can say what is in it
};

class PackSalvage {
 public:
  // `file`: as listed.  `by_segment`: what a segment says of it, for when its own directory can't be read.  All must outlive this.
  PackSalvage(Backend& backend, const Keyring& keys, const Index& index, StoredFile file, std::optional<PackInfo> by_segment);

  // Opens and verifies every frame; calls `good` with each chunk whose id was computed again and is right, and `frame_done` after
  // each frame: sources share no frames, so what was in two must not come into one.
  // What can't be opened is a finding; errors are kUnsupported (a newer format), kWrongKey, and those of `good`.
  PackExamination read(const std::function<void(const ChunkId&, ByteView)>& good, const std::function<void()>& frame_done);

  // The pack's table: its own, else the segment's; nullopt when there is neither.
  const std::optional<PackInfo>& info() const { return info_; }

 private:
  void frame(const PackOpener& opener, const FrameInfo& frame, size_t first_chunk, const std::function<void(const ChunkId&, ByteView)>& good);
  void check_hash();
  void lose(size_t first_chunk, size_t count);
  Backend& backend_;
  const Keyring& keys_;
  StoredFile file_;
  std::optional<PackInfo> info_;
  std::string why_no_directory_;
  ChunkReader bases_;
  Decompressor decompressor_;
  PackExamination result_;
};

}  // namespace cairn
