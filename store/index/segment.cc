#include "store/index/segment.h"

#include <algorithm>

namespace cairn {

Bytes encode_segment(const SegmentId& id, const Keyring& keys, std::span<const PackInfo> packs) {
  Encoder out;
  out.varint(packs.size());
  for (const PackInfo& pack : packs) {
    out.raw(pack.id.view());
    out.u16(pack.version);
    out.u8(static_cast<uint8_t>(pack.type));
    out.u8(static_cast<uint8_t>(pack.suite));
    out.u64(pack.size_bytes);
    out.raw(pack.key_box);
    out.raw(pack.author.encode());
    out.raw(pack.signature);
    out.bytes(pack.encode_body());
  }
  return SealedFile::encode(ObjectType::kSegment, id.view(), keys, keys.index_key, out.out());
}

std::vector<PackInfo> decode_segment(ByteView file, const SegmentId& id, const Keyring& keys) {
  std::string name = segment_name(id);
  SealedFile sealed =
      SealedFile::decode(file, ObjectType::kSegment, id.view(), keys, keys.index_key, name, kMostSegmentBytes);
  return decode_segment_content(sealed.content, name);
}

std::vector<PackInfo> decode_segment_content(ByteView content, const std::string& name) {
  Decoder in(content, name);
  std::vector<PackInfo> packs(in.count(32 + 4 + 8 + kKeyBoxBytes + Certificate::kBytes + kSignatureBytes));
  for (PackInfo& pack : packs) {
    pack.id = PackId::from_bytes(in.raw(32));
    pack.version = in.u16();
    if (pack.version < 1 || pack.version > kFormatVersion)
      throw Error(ErrorCode::kUnsupported, name + ": names a pack of a newer format: use a newer cairn");
    uint8_t type = in.u8(), suite = in.u8();
    if (type != 3 && type != 4) in.fail("a pack of unknown type");
    if (suite != 1 && suite != 2) in.fail("a pack of unknown suite");
    pack.type = static_cast<ObjectType>(type);
    pack.suite = static_cast<Suite>(suite);
    pack.size_bytes = in.u64();
    std::ranges::copy(in.raw(kKeyBoxBytes), pack.key_box.begin());
    pack.author = Certificate::decode(in.raw(Certificate::kBytes), name);
    std::ranges::copy(in.raw(kSignatureBytes), pack.signature.begin());
    pack.decode_body(in.bytes(kMostDirectoryBytes));
  }
  in.finish();
  return packs;
}

}  // namespace cairn
