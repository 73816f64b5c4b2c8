#include "store/gc/gc_list.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace cairn {

namespace {

constexpr std::string_view kGcDomain = "cairn gc list v1";

std::array<uint8_t, 32> object_id(uint64_t generation) {
  std::array<uint8_t, 32> id{};
  std::memcpy(id.data(), &generation, sizeof generation);
  return id;
}

template <class AnyId>
void encode_ids(Encoder& out, const std::vector<AnyId>& ids) {
  out.varint(ids.size());
  for (const AnyId& id : ids) out.raw(id.view());
}

template <class AnyId>
std::vector<AnyId> decode_ids(Decoder& in) {
  std::vector<AnyId> ids(in.count(32));
  for (AnyId& id : ids) id = AnyId::from_bytes(in.raw(32));
  return ids;
}

}  // namespace

Bytes GcList::encode(const Keyring& keys) const {
  if (!keys.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may condemn packs");
  Encoder out;
  out.u64(generation);
  out.u64(static_cast<uint64_t>(created_ns));
  encode_ids(out, condemned);
  encode_ids(out, revoked);
  encode_ids(out, accepted);
  out.raw(sign(*keys.maintenance_seed, kGcDomain, out.out()));
  return SealedFile::encode(ObjectType::kGcList, object_id(generation), keys, keys.gc_key, out.out());
}

GcList GcList::decode(ByteView file, uint64_t generation, const Keyring& keys) {
  std::string name = gc_list_name(generation);
  SealedFile sealed =
      SealedFile::decode(file, ObjectType::kGcList, object_id(generation), keys, keys.gc_key, name, kMostGcListBytes);
  Decoder in(sealed.content, name);
  GcList list;
  list.generation = in.u64();
  list.created_ns = static_cast<int64_t>(in.u64());
  list.condemned = decode_ids<PackId>(in);
  list.revoked = decode_ids<LeaseId>(in);
  list.accepted = decode_ids<SnapshotId>(in);
  ByteView message = ByteView(sealed.content).first(in.offset());
  Signature signature;
  std::ranges::copy(in.raw(kSignatureBytes), signature.begin());
  in.finish();
  if (list.generation != generation) in.fail("another generation than its name says");
  if (!verify(keys.maintenance_public, kGcDomain, message, signature)) in.fail("not signed by an owner");
  return list;
}

std::optional<uint64_t> gc_list_generation(std::string_view name) {
  uint64_t number = 0;
  std::string_view digits = name.substr(std::min<size_t>(3, name.size()));
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc{} || gc_list_name(number) != name) return std::nullopt;
  return number;
}

std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys) {
  uint64_t newest = 0;
  for (const StoredFile& file : backend.list("gc/")) newest = std::max(newest, gc_list_generation(file.name).value_or(0));
  if (newest == 0) return std::nullopt;
  return GcList::decode(read_whole(backend, gc_list_name(newest), kMostGcListBytes), newest, keys);
}

}  // namespace cairn
