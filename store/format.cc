#include "store/format.h"

#include <algorithm>

#include "store/crypto/blake3.h"

namespace cairn {

Bytes Header::encode() const {
  Encoder out;
  out.raw(view(kMagic));
  out.u16(version);
  out.u8(static_cast<uint8_t>(type));
  out.u8(static_cast<uint8_t>(suite));
  out.u32(0);
  out.raw(repository.view());
  out.raw(object_id);
  return out.take();
}

Header Header::decode(ByteView file, ObjectType expected_type, std::string_view name) {
  Decoder in(file, name);
  if (file.size() < kHeaderBytes || text(in.raw(kMagic.size())) != kMagic) in.fail("not a file of a cairn repository");
  Header header;
  header.version = in.u16();
  if (header.version > kFormatVersion)
    throw Error(ErrorCode::kUnsupported, std::string(name) + ": format version " + std::to_string(header.version) +
                                             " is newer than this cairn understands (" + std::to_string(kFormatVersion) +
                                             "): use a newer cairn");
  if (header.version == 0) in.fail("format version 0");
  uint8_t type = in.u8();
  if (type != static_cast<uint8_t>(expected_type)) in.fail("another kind of file (type " + std::to_string(type) + ")");
  header.type = expected_type;
  uint8_t suite = in.u8();
  if (suite != 1 && suite != 2)
    throw Error(ErrorCode::kUnsupported, std::string(name) + ": cipher suite " + std::to_string(suite) + " is not known");
  header.suite = static_cast<Suite>(suite);
  if (in.u32() != 0) in.fail("reserved bytes are not zero");
  header.repository = RepositoryId::from_bytes(in.raw(32));
  std::ranges::copy(in.raw(32), header.object_id.begin());
  return header;
}

Header Header::decode(ByteView file, ObjectType expected_type, std::string_view name, const RepositoryId& repository,
                      ByteView object_id) {
  Header header = decode(file, expected_type, name);
  if (header.repository != repository)
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": belongs to another repository (" + header.repository.hex() + ")");
  if (!std::ranges::equal(header.object_id, object_id))
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": is a copy of " + to_hex(header.object_id) + " under another name");
  return header;
}

void append_trailer(Bytes& file) {
  Blake3Hash hash = blake3(file);
  file.insert(file.end(), hash.begin(), hash.end());
}

ByteView check_trailer(ByteView file, std::string_view name) {
  if (file.size() < kHeaderBytes + kTrailerBytes)
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": only " + std::to_string(file.size()) + " bytes long");
  ByteView body = file.first(file.size() - kTrailerBytes);
  Blake3Hash hash = blake3(body);
  if (!std::ranges::equal(hash, file.last(kTrailerBytes)))
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": damaged: its bytes don't match the hash at its end");
  return body;
}

std::string pack_name(const PackId& id) {
  std::string hex = id.hex();
  return "packs/" + hex.substr(0, 2) + "/" + hex;
}
std::string segment_name(const SegmentId& id) { return "index/" + id.hex(); }
std::string snapshot_name(const SnapshotId& id) { return "snapshots/" + id.hex(); }
std::string slot_name(const SlotId& id) { return "keys/" + id.hex(); }
std::string lease_name(const LeaseId& id, uint32_t number) { return "leases/" + id.hex() + "." + std::to_string(number); }
}  // namespace cairn
