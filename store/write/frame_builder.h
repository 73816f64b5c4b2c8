// Gathers consecutive new chunks into frames, compresses, and hands them to the packs.
//
// Memory:   one frame of plaintext, its compressed form, and a copy of it for the check that it can be undone.
// Threads:  one thread at a time; a worker has its own.
#pragma once

#include "store/compress.h"
#include "store/write/pack_set.h"

namespace cairn {

struct FramePolicy {
  int level = 3;                         // of zstd, 1 to 19; 0: stored as they are
  size_t frame_bytes = 1 << 20;          // of plaintext; a single chunk may be longer
  bool operator==(const FramePolicy&) const = default;
};

// Where nobody chose otherwise (bench/DECISIONS.md).  Of files; of streams, one thing each, of small records; of tree objects, of which
// somebody looks for a few in many snapshots.
constexpr FramePolicy kFilePolicy{3, 1 << 20}, kStreamPolicy{1, 512 << 10}, kTreePolicy{3, 128 << 10};

class FrameBuilder {
 public:
  // `packs` must outlive this.
  FrameBuilder(PackSet& packs, FramePolicy policy);
  // A new chunk; the bytes are copied.
  void add(const ChunkId& id, ByteView bytes);
  // A whole frame that is compressed already (frame.codec, frame.plain_bytes and no bases say how); ends the frame at hand.
  // Requires: the caller has undone it and verified its chunks.
  void add_compressed(FrameInfo frame, ByteView packed, std::vector<ChunkInfo> chunks);
  // Ends the frame: before another source begins (two sources never share a frame), and at the end.
  void flush();
  // Ends the frame when the policy changes.
  void set_policy(FramePolicy policy);
  // Since the last call: bytes of sealed frames.
  uint64_t take_stored_bytes() { return std::exchange(stored_bytes_, 0); }

 private:
  void verify(ByteView plain);
  PackSet& packs_;
  FramePolicy policy_;
  Compressor compressor_;
  Decompressor decompressor_;
  Buffer plain_;
  size_t used_bytes_ = 0;
  std::vector<ChunkInfo> chunks_;
  Buffer packed_;
  uint64_t stored_bytes_ = 0;
};

}  // namespace cairn
