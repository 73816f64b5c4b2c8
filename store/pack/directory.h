// The table of contents of a pack: which frames, which chunks in them.  An index can be rebuilt from directories alone.
//
// Layout (FORMAT.md, "Pack directory"), all numbers varints unless sized:
//   key box hash 32 | pack commitment 32 | frames | per frame: number, stored bytes, plaintext bytes, codec 1, bases, base id 32 each,
//   chunks | then per chunk, in frame order: id 32, length.
// Frames follow each other from byte kFirstFrameOffset on; a chunk's place in its frame is the sum of the lengths before it.
// Maxima:   kMostDirectoryBytes, kMostFrameBytes, kMostBases.
#pragma once

#include <vector>

#include "store/keys/keyring.h"

namespace cairn {

constexpr uint64_t kFirstFrameOffset = kHeaderBytes + kKeyBoxBytes;
constexpr size_t kPackFooterBytes = kKeyBoxBytes + 8 + kTrailerBytes;  // key box | directory length 4 | zero 4 | trailer

struct FrameInfo {
  uint32_t number = 0;         // its nonce and its place in the associated data; not always its position in the file
  uint64_t offset = 0;         // in the pack; derived
  uint32_t stored_bytes = 0;   // with the tag
  uint32_t plain_bytes = 0;
  Codec codec = Codec::kRaw;
  std::vector<ChunkId> bases;  // of a delta frame
  uint32_t chunk_count = 0;
};

struct ChunkInfo {
  ChunkId id;
  uint32_t length_bytes = 0;
};

// A pack as the index knows it.
struct PackInfo {
  PackId id;
  ObjectType type = ObjectType::kDataPack;  // or kTreePack
  uint16_t version = kFormatVersion;        // of the format it was written in: part of its frames' associated data
  Suite suite = Suite::kAes256Gcm;
  uint64_t size_bytes = 0;                  // of the file
  KeyBox key_box{};
  std::array<uint8_t, 32> commitment{};     // ties the pack key to this pack
  std::vector<FrameInfo> frames;            // by offset
  std::vector<ChunkInfo> chunks;            // of all frames, in order

  // Who wrote it, and his word for the directory (below).  Travels with the pack into index segments, whoever writes those.
  Certificate author;
  Signature signature{};

  // The body of the directory (the fields in the layout; id, type, suite, size and author are not in it).
  Bytes encode_body() const;
  // Requires: id, type, suite, size_bytes and key_box are set.  kCorrupt, naming the pack.
  void decode_body(ByteView body);
  // The same for a body that was encoded without its chunks (the local index keeps such).
  void decode_bare_body(ByteView body);
};

// Signed by the author: the pack's header, its size and the body of its directory.
void sign_pack(PackInfo& pack, const Keyring& keys);
// kCorrupt unless a writer of this repository signed it.
void verify_pack_signature(const PackInfo& pack, const Keyring& keys);
// The first 80 bytes of the pack.
Bytes pack_header(const PackInfo& pack, const RepositoryId& repository);

std::array<uint8_t, 32> pack_commitment(const Secret& pack_key, const PackId& id);

// Associated data of a frame: pack header 80 | number 4 | plaintext bytes 4 | codec 1 | hash of the base ids 32 (zeros without).
Bytes frame_associated_data(ByteView pack_header, const FrameInfo& frame);

// The length a pack is padded to, for `size_bytes` of content: a multiple of its 128th part rounded to a power of two, at least
// 4 KiB.  Costs 0.4 % on average and hides where frames end.
uint64_t padded_bytes(uint64_t size_bytes);

}  // namespace cairn
