#include "store/keys/key_slot.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr std::string_view kCommitDomain = "cairn slot commitment v1";
constexpr KdfParams kKeyFileCost{1, 8 << 10, {}};

// A slot's file, its trailer and header checked.
struct Parts {
  SlotKind kind = SlotKind::kPassword;
  KdfParams kdf;
  ByteView commitment;
  ByteView associated, sealed;    // the keys
  ByteView before_card, card;     // empty without
};

SlotKind decode_kind(Decoder& in, std::string_view name) {
  in.raw(kHeaderBytes);
  uint8_t kind = in.u8();
  if (kind != 1 && kind != 2)
    throw Error(ErrorCode::kUnsupported, std::string(name) + ": key slot kind " + std::to_string(kind) + " is not known");
  return static_cast<SlotKind>(kind);
}

Parts take_apart(ByteView file, const SlotId& id, const RepositoryId& repository, std::string_view name) {
  ByteView body = check_trailer(file, name);
  Header::decode(body, ObjectType::kKeySlot, name, repository, id.view());
  Decoder in(body, name);
  Parts parts;
  parts.kind = decode_kind(in, name);
  parts.kdf.operations = in.u32();
  parts.kdf.memory_kib = in.u32();
  std::ranges::copy(in.raw(16), parts.kdf.salt.begin());
  parts.commitment = in.raw(32);
  uint32_t sealed_bytes = in.u32();
  parts.associated = body.first(in.offset());
  parts.sealed = in.raw(sealed_bytes);
  if (in.remaining() > 0) {
    parts.before_card = body.first(in.offset());
    uint32_t card_bytes = in.u32();
    parts.card = in.raw(card_bytes);
  }
  in.finish();
  return parts;
}

}  // namespace

std::string_view slot_kind_name(SlotKind kind) { return kind == SlotKind::kPassword ? "password" : "key file"; }
size_t most_slots(SlotKind kind) { return kind == SlotKind::kPassword ? 16 : 256; }

Bytes KeySlot::encode(const SlotId& id, const Keyring& keys, const Unlock& unlock, const KdfParams& kdf, const KeyCard* card) {
  Header header{kFormatVersion, ObjectType::kKeySlot, Suite::kXChaCha20Poly1305, keys.repository, id.bytes};
  Secret wrapping_key = derive_from_password(unlock.bytes, kdf);
  Bytes content = keys.encode();
  Encoder out;
  out.raw(header.encode());
  out.u8(static_cast<uint8_t>(unlock.kind));
  out.u32(kdf.operations);
  out.u32(kdf.memory_kib);
  out.raw(kdf.salt);
  out.raw(keyed_commitment(wrapping_key, kCommitDomain, keys.repository.view()));
  out.u32(static_cast<uint32_t>(content.size() + kSharedNonceBytes + kTagBytes));
  Bytes sealed = seal_shared(wrapping_key, out.out(), content);
  wipe(content);
  out.raw(sealed);
  if (card) {
    Bytes sealed_card = seal_shared(keys.lease_key, out.out(), card->encode());
    out.u32(static_cast<uint32_t>(sealed_card.size()));
    out.raw(sealed_card);
  }
  Bytes file = out.take();
  append_trailer(file);
  return file;
}

std::optional<Keyring> KeySlot::open(ByteView file, const SlotId& id, const RepositoryId& repository, const Unlock& unlock) {
  std::string name = slot_name(id);
  Parts parts = take_apart(file, id, repository, name);
  if (parts.kind != unlock.kind) return std::nullopt;
  if (unlock.kind == SlotKind::kKeyFile &&
      (parts.kdf.operations != kKeyFileCost.operations || parts.kdf.memory_kib != kKeyFileCost.memory_kib))
    throw Error(ErrorCode::kUnsupported, name + ": a key file's slot of another cost than this cairn knows");
  Secret wrapping_key = derive_from_password(unlock.bytes, parts.kdf);
  if (!equal_constant_time(parts.commitment, keyed_commitment(wrapping_key, kCommitDomain, repository.view()))) return std::nullopt;
  auto content = open_shared(wrapping_key, parts.associated, parts.sealed);
  if (!content) throw Error(ErrorCode::kCorrupt, name + ": what opens it fits, but the slot was altered");
  Keyring keys = Keyring::decode(*content, repository, name);
  wipe(*content);
  return keys;
}

std::optional<KeyCard> KeySlot::card(ByteView file, const SlotId& id, const Keyring& keys) {
  std::string name = slot_name(id);
  Parts parts = take_apart(file, id, keys.repository, name);
  if (parts.card.empty()) return std::nullopt;
  auto plain = open_shared(keys.lease_key, parts.before_card, parts.card);
  if (!plain) throw Error(ErrorCode::kCorrupt, name + ": its card was altered, or is another slot's");
  KeyCard card = KeyCard::decode(*plain, name);
  if (!card.valid(keys.repository, keys.maintenance_public))
    throw Error(ErrorCode::kCorrupt, name + ": its card isn't signed by an owner: it was forged");
  return card;
}

bool KeySlot::of_another_repository(ByteView file, const RepositoryId& repository, std::string_view name) {
  return Header::decode(check_trailer(file, name), ObjectType::kKeySlot, name).repository != repository;
}

SlotKind KeySlot::kind_of(ByteView file, std::string_view name) {
  ByteView body = check_trailer(file, name);
  Header::decode(body, ObjectType::kKeySlot, name);
  Decoder in(body, name);
  return decode_kind(in, name);
}

KdfParams new_kdf_params(SlotKind kind) {
  KdfParams kdf;
  if (kind == SlotKind::kKeyFile) kdf = kKeyFileCost;
  random_fill(kdf.salt);
  return kdf;
}

SlotId add_slot(Backend& backend, const Keyring& keys, const Unlock& unlock, const KdfParams& kdf, const KeyCard* card) {
  auto id = random_id<SlotId>();
  put(backend, slot_name(id), KeySlot::encode(id, keys, unlock, kdf, card));
  return id;
}

std::vector<SlotInfo> list_slots(Backend& backend, const Keyring& keys, std::vector<std::string>* problems) {
  std::vector<SlotInfo> out;
  auto tell = [&](const Error& e) {
    if (e.code() == ErrorCode::kIo) throw e;
    if (e.code() != ErrorCode::kNotFound && problems) problems->push_back(e.what());
  };
  for (const StoredFile& file : backend.list("keys/")) {
    auto id = id_in_name<SlotId>(file.name);
    if (!id) continue;
    SlotInfo slot{*id, {}, {}};
    Buffer bytes;
    try {
      bytes = read_whole(backend, file.name, kMostSmallFileBytes);
      if (KeySlot::of_another_repository(bytes, keys.repository, file.name)) continue;
      slot.kind = KeySlot::kind_of(bytes, file.name);
    } catch (const Error& e) {
      tell(e);
      continue;
    }
    try {
      slot.card = KeySlot::card(bytes, *id, keys);
    } catch (const Error& e) {
      tell(e);
    }
    out.push_back(std::move(slot));
  }
  return out;
}

Keyring open_slots(Backend& backend, const RepositoryId& repository, const Unlock& unlock, SlotId* opened) {
  return open_slots(backend, repository, unlock, FolderListing(backend, {"keys/"}), opened);
}

Keyring open_slots(Backend& backend, const RepositoryId& repository, const Unlock& unlock, const FolderListing& seen, SlotId* opened) {
  std::optional<Error> damage;
  size_t slots = 0, tried = 0;
  for (const StoredFile& file : seen.in("keys/")) {
    auto id = id_in_name<SlotId>(file.name);
    if (!id || tried == most_slots(unlock.kind)) continue;
    try {
      Buffer bytes = read_whole(backend, file.name, kMostSmallFileBytes);
      if (KeySlot::of_another_repository(bytes, repository, file.name)) continue;
      ++slots;
      if (KeySlot::kind_of(bytes, file.name) != unlock.kind) continue;
      ++tried;
      auto keys = KeySlot::open(bytes, *id, repository, unlock);
      if (!keys) continue;
      if (opened) *opened = *id;
      return std::move(*keys);
    } catch (const Error& e) {
      damage.emplace(e);
    }
  }
  if (slots == 0 && !damage) throw Error(ErrorCode::kCorrupt, backend.describe() + ": has no key slots: the folder keys/ is empty");
  if (damage) throw Error(damage->code(), std::string("no key slot could be opened: ") + damage->what());
  const bool file = unlock.kind == SlotKind::kKeyFile;
  throw Error(ErrorCode::kWrongKey, backend.describe() + (file ? ": the key file is none of this repository's" : ": wrong password"));
}

}  // namespace cairn
