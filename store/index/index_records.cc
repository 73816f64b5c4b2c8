#include "store/index/index_records.h"

#include <algorithm>

namespace cairn::index_records {

namespace {

constexpr uint32_t kSchema = 2;

}  // namespace

std::string chunk_key(const ChunkId& id) { return "c" + std::string(text(id.view())); }
void append_chunk_key(std::string& keys, const ChunkId& id) { keys.append("c").append(text(id.view())); }
std::string known_key(const PackId& id) { return "k" + std::string(text(id.view())); }
std::string segment_key(const SegmentId& id) { return "s" + std::string(text(id.view())); }

std::string pack_key(uint32_t number) {
  char key[5] = {'p', static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
                 static_cast<char>(number)};
  return std::string(key, sizeof key);
}

void append_location(std::string& value, const Location& at) {
  for (uint32_t field : {at.pack, at.frame, at.offset_bytes, at.length_bytes, at.chunk}) {
    for (; field >= 0x80; field >>= 7) value.push_back(static_cast<char>(field | 0x80));
    value.push_back(static_cast<char>(field));
  }
}

std::string PackRecord::encode() const {
  Encoder out;
  out.u32(number);
  out.u64(size_bytes);
  out.raw(segment.view());
  return std::string(text(out.out()));
}

PackRecord PackRecord::decode(std::string_view value) {
  Decoder in(view(value), "local index");
  PackRecord record;
  record.number = in.u32();
  record.size_bytes = in.u64();
  record.segment = SegmentId::from_bytes(in.raw(32));
  return record;
}

std::string encode_pack(const PackInfo& pack) {
  PackInfo bare = pack;
  bare.chunks.clear();
  Encoder out;
  out.raw(bare.id.view());
  out.u16(bare.version);
  out.u8(static_cast<uint8_t>(bare.type));
  out.u8(static_cast<uint8_t>(bare.suite));
  out.u64(bare.size_bytes);
  out.raw(bare.key_box);
  out.raw(bare.encode_body());
  return std::string(text(out.out()));
}

// Like PackInfo::decode_body, for a pack without its chunks.
PackInfo decode_pack(std::string_view value) {
  Decoder in(view(value), "local index");
  PackInfo pack;
  pack.id = PackId::from_bytes(in.raw(32));
  pack.version = in.u16();
  pack.type = static_cast<ObjectType>(in.u8());
  pack.suite = static_cast<Suite>(in.u8());
  pack.size_bytes = in.u64();
  std::ranges::copy(in.raw(kKeyBoxBytes), pack.key_box.begin());
  pack.decode_bare_body(in.raw(in.remaining()));
  return pack;
}

std::string encode_meta(const RepositoryId& repository, uint32_t next_pack) {
  Encoder out;
  out.u32(kSchema);
  out.raw(repository.view());
  out.u32(next_pack);
  return std::string(text(out.out()));
}

std::optional<uint32_t> decode_meta(std::string_view value, const RepositoryId& repository) {
  Decoder in(view(value), "local index");
  if (value.size() != 40 || in.u32() != kSchema || RepositoryId::from_bytes(in.raw(32)) != repository) return std::nullopt;
  return in.u32();
}

}  // namespace cairn::index_records
