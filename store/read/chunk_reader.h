// Reads stored content back: finds a chunk's frame, opens, decompresses and verifies it.  Nothing unverified leaves this class but by
// open_frame().
//
// Memory:   a cache of opened frames of `cache_bytes`, and the tables of a few packs.
// Threads:  one thread at a time; a worker has its own.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "store/backend/backend.h"
#include "store/compress.h"
#include "store/index/index.h"
#include "store/pack/pack_file.h"
#include "store/tree/object.h"

namespace cairn {

struct PlacedChunk {
  ChunkId id;
  Location at;
};

class ChunkReader {
 public:
  // All must outlive this.
  ChunkReader(Backend& backend, const Keyring& keys, const Index& index, size_t cache_bytes);
  ~ChunkReader();

  // The bytes of a chunk, its id recomputed; valid as long as only chunks of the same frame are asked for.  What can't be had in one
  // place is looked for in the others that the index knows, and once more when a prune may have moved it.
  // Errors: kCorrupt, kNotFound (not in the repository), kIo: naming the chunk, the pack and the frame.
  ByteView chunk(const ChunkId& id);
  ByteView chunk(const ChunkId& id, const Location& at);
  // Several chunks of one frame, hashed side by side (short ones cost half): valid until the next call.  Nothing for what can't be had
  // there: chunk() looks elsewhere, or says why.   Requires: `wanted` is not empty.
  void chunks_of_frame(std::span<const PlacedChunk> wanted, std::vector<std::optional<ByteView>>& out);

  // A whole frame's plaintext, for who keeps frames and verifies the chunks in it.   Errors: kCorrupt (also: there is no such frame), kIo.
  Buffer open_frame(const Location& at);

  // The base chunks of a delta frame, one after the other.
  Buffer base_bytes(const FrameInfo& frame);

  // What is kept of frames; it may be asked for anything afterwards.
  void drop_frames();

  // A copy, for tree objects.
  Buffer get(const ChunkId& id) { return Buffer::copy_of(chunk(id)); }
  GetObject object_source() {
    return [this](const ChunkId& id) { return get(id); };
  }

 private:
  struct OpenPack {
    PackInfo info;
    PackOpener opener;
  };
  struct Frame {
    uint64_t key;
    Buffer plain;
  };
  ByteView verified(const ChunkId& id, const Location& at);
  std::optional<ByteView> elsewhere(const ChunkId& id, const Location& but_not);
  void follow_index();
  const OpenPack& open_pack(uint32_t number);
  const Buffer& frame(const Location& at);
  Buffer load(const Location& at);
  Buffer open_kept(const OpenPack& pack, const FrameInfo& frame, const std::string& name);

  Backend& backend_;
  const Keyring& keys_;
  const Index& index_;
  size_t cache_bytes_, cached_bytes_ = 0;
  uint64_t epoch_ = 0;   // of the index, that the pack numbers below belong to
  int depth_ = 0;   // of delta bases being resolved
  size_t bases_read_ = 0;
  Decompressor decompressor_;
  std::unordered_map<uint32_t, std::unique_ptr<OpenPack>> packs_;
  std::list<Frame> frames_;                                        // most recently used first
  std::unordered_map<uint64_t, std::list<Frame>::iterator> by_key_;
};

}  // namespace cairn
