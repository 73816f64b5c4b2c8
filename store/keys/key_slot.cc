#include "store/keys/key_slot.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr std::string_view kCommitDomain = "cairn slot commitment v1";
constexpr size_t kMostSlots = 16;

}  // namespace

Bytes KeySlot::encode(const SlotId& id, const Keyring& keys, std::string_view password, const KdfParams& kdf, Kind kind) {
  Header header{kFormatVersion, ObjectType::kKeySlot, Suite::kXChaCha20Poly1305, keys.repository, id.bytes};
  Secret wrapping_key = derive_from_password(password, kdf);
  Bytes content = keys.encode();
  Encoder out;
  out.raw(header.encode());
  out.u8(static_cast<uint8_t>(kind));
  out.u32(kdf.operations);
  out.u32(kdf.memory_kib);
  out.raw(kdf.salt);
  out.raw(keyed_commitment(wrapping_key, kCommitDomain, keys.repository.view()));
  out.u32(static_cast<uint32_t>(content.size() + kSharedNonceBytes + kTagBytes));
  Bytes sealed = seal_shared(wrapping_key, out.out(), content);
  wipe(content);
  out.raw(sealed);
  Bytes file = out.take();
  append_trailer(file);
  return file;
}

std::optional<Keyring> KeySlot::open(ByteView file, const SlotId& id, const RepositoryId& repository, std::string_view password) {
  std::string name = slot_name(id);
  ByteView body = check_trailer(file, name);
  Header::decode(body, ObjectType::kKeySlot, name, repository, id.view());
  Decoder in(body, name);
  in.raw(kHeaderBytes);
  if (uint8_t kind = in.u8(); kind != 1 && kind != 2)
    throw Error(ErrorCode::kUnsupported, name + ": key slot kind " + std::to_string(kind) + " is not known");
  KdfParams kdf;
  kdf.operations = in.u32();
  kdf.memory_kib = in.u32();
  std::ranges::copy(in.raw(16), kdf.salt.begin());
  ByteView commitment = in.raw(32);
  uint32_t sealed_bytes = in.u32();
  ByteView associated = body.first(in.offset());
  ByteView sealed = in.raw(sealed_bytes);
  in.finish();
  Secret wrapping_key = derive_from_password(password, kdf);
  if (!equal_constant_time(commitment, keyed_commitment(wrapping_key, kCommitDomain, repository.view()))) return std::nullopt;
  auto content = open_shared(wrapping_key, associated, sealed);
  if (!content) throw Error(ErrorCode::kCorrupt, name + ": the password fits, but the slot was altered");
  Keyring keys = Keyring::decode(*content, repository, name);
  wipe(*content);
  return keys;
}

bool KeySlot::of_another_repository(ByteView file, const RepositoryId& repository, std::string_view name) {
  return Header::decode(check_trailer(file, name), ObjectType::kKeySlot, name).repository != repository;
}

KdfParams new_kdf_params() {
  KdfParams kdf;
  random_fill(kdf.salt);
  return kdf;
}

SlotId add_slot(Backend& backend, const Keyring& keys, std::string_view password, const KdfParams& kdf) {
  auto id = random_id<SlotId>();
  put(backend, slot_name(id), KeySlot::encode(id, keys, password, kdf));
  return id;
}

Keyring open_slots(Backend& backend, const RepositoryId& repository, std::string_view password) {
  std::optional<Error> damage;
  size_t tried = 0;
  for (const StoredFile& file : backend.list("keys/")) {
    auto id = id_in_name<SlotId>(file.name);
    if (!id || tried == kMostSlots) continue;
    try {
      Buffer bytes = read_whole(backend, file.name, kMostSmallFileBytes);
      if (KeySlot::of_another_repository(bytes, repository, file.name)) continue;
      ++tried;
      auto keys = KeySlot::open(bytes, *id, repository, password);
      if (keys) return std::move(*keys);
    } catch (const Error& e) {
      damage.emplace(e);
    }
  }
  if (tried == 0 && !damage) throw Error(ErrorCode::kCorrupt, backend.describe() + ": has no key slots: the folder keys/ is empty");
  if (damage) throw Error(damage->code(), std::string("no key slot could be opened: ") + damage->what());
  throw Error(ErrorCode::kWrongKey, backend.describe() + ": wrong password");
}

}  // namespace cairn
