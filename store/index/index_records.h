// What the local database of an index holds, key by key.  It is nobody's format: it may change with every version (kSchema).
//
//   c chunk id → places (several when a chunk is in several packs)     k pack id → PackRecord     p number → pack without its chunks
//   s segment id → "1"                                                 m → schema, repository, next pack number
//
// Threads:  functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/index/location.h"
#include "store/pack/directory.h"

namespace cairn::index_records {

constexpr std::string_view kMetaKey = "m";

constexpr size_t kChunkKeyBytes = 1 + ChunkId::kBytes;
std::string chunk_key(const ChunkId& id);
void append_chunk_key(std::string& keys, const ChunkId& id);
std::string pack_key(uint32_t number);
std::string known_key(const PackId& id);
std::string segment_key(const SegmentId& id);

void append_location(std::string& value, const Location& at);
// Calls visit(Location) for each place in a value.
template <class Visit>
void each_location(std::string_view value, Visit visit) {
  Decoder in(view(value), "local index");
  while (in.remaining() > 0) {
    Location at;
    for (uint32_t* field : {&at.pack, &at.frame, &at.offset_bytes, &at.length_bytes, &at.chunk})
      *field = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    visit(at);
  }
}

struct PackRecord {
  uint32_t number = 0;
  uint64_t size_bytes = 0;
  SegmentId segment;        // that names it; zero: none did, it was read from its own directory
  std::string encode() const;
  static PackRecord decode(std::string_view value);
};

// Everything but the chunk list.
std::string encode_pack(const PackInfo& pack);
PackInfo decode_pack(std::string_view value);

std::string encode_meta(const RepositoryId& repository, uint32_t next_pack);
// The next pack's number; nullopt when it is of another repository or another schema.
std::optional<uint32_t> decode_meta(std::string_view value, const RepositoryId& repository);

}  // namespace cairn::index_records
