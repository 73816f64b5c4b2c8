// Moves the live chunks of a pack into new frames: every frame is opened and every chunk's id computed again before anything is
// sealed anew, so that what decayed is told and never gets a fresh seal.
//
// A frame that stays whole keeps its compressed form, unless everything is to be compressed anew; one of which chunks are dropped, and
// every delta frame, is compressed anew and rests on nothing else then.  Of data packs the chunks of two frames never come into one:
// sources don't share frames (docs/security.md).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/read/chunk_reader.h"
#include "store/write/frame_builder.h"

namespace cairn {

struct ResealReport {
  struct Damage {
    ChunkId id;         // wanted, and not sealed anew
    std::string what;   // a sentence for people, naming pack and frame
  };
  uint64_t chunks = 0, plain_bytes = 0;   // handed to the builder
  std::vector<Damage> damage;             // the pack is all there is of these: it must stay
};

// Memory:   a frame, compressed and plain.
// Threads:  one thread at a time; a worker has its own, with a reader and a builder of its own.
class Resealer {
 public:
  using Keep = std::function<bool(const ChunkId&)>;

  // `bases` finds what delta frames rest on.  recompress: whole frames too, by the builder's policy.  All must outlive this.
  Resealer(Backend& backend, const Keyring& keys, ChunkReader& bases, FrameBuilder& builder, bool recompress);

  // How what is left of a data pack's frame is compressed; without, as the builder does.
  std::function<FramePolicy(const FrameInfo&)> policy;

  // Hands the chunks of `pack` for which keep() is true to the builder, in order; the builder needs a flush() at the end.
  // Frames without any are not read.   Requires: `pack` with its chunks, as read_directory() and segments give it.
  // Errors: kWrongKey when the key can't read, kCorrupt for a table that doesn't fit itself, and what storing throws.  What can't be
  //         read or isn't what it should be is no error but told in the report.
  ResealReport reseal(const PackInfo& pack, const Keep& keep);

 private:
  struct Run {   // of a pack's chunks: those of one frame
    std::span<const ChunkInfo> chunks;
    std::vector<uint8_t> kept;   // 0 or 1
  };
  struct Piece {
    const ChunkInfo* chunk;
    ByteView bytes;
  };
  void reseal_frame(const PackInfo& pack, const FrameInfo& frame, const Run& run, ResealReport& report);
  std::vector<Piece> verified(const PackInfo& pack, const FrameInfo& frame, const Run& run, ByteView plain, ResealReport& report) const;
  bool load(const PackInfo& pack, const FrameInfo& frame, std::string& trouble);

  Backend& backend_;
  const Keyring& keys_;
  ChunkReader& bases_;
  FrameBuilder& builder_;
  bool recompress_;
  Decompressor decompressor_;
  std::optional<PackOpener> opener_;   // of the pack at hand
  Buffer packed_, plain_;              // of the frame at hand; plain_ unused for raw frames
};

}  // namespace cairn
