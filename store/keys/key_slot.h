// keys/ID: the keys of one role, wrapped by a password or by what is in a key file.
#pragma once

#include "store/backend/folder_listing.h"
#include "store/keys/key_card.h"

namespace cairn {

enum class SlotKind : uint8_t { kPassword = 1, kKeyFile = 2 };
std::string_view slot_kind_name(SlotKind kind);

// What opens a slot: a password, or the digits of a key file.  It doesn't own its bytes.
struct Unlock {
  Unlock(std::string_view password) : bytes(password) {}
  Unlock(const char* password) : bytes(password) {}
  Unlock(const std::string& password) : bytes(password) {}
  Unlock(SlotKind what, std::string_view secret) : kind(what), bytes(secret) {}
  SlotKind kind = SlotKind::kPassword;
  std::string_view bytes;
};

// Layout (FORMAT.md, "Key slot"): header 80 | kind 1 | operations 4 | memory in KiB 4 | salt 16 | commitment 32 |
//         sealed length 4 | nonce 24, ciphertext, tag | card length 4 | sealed card | trailer 32.   Everything before the nonce is
//         associated data.  Without a card its length is left out too.
// The commitment ties the password to the slot: a ciphertext that opens under two passwords is refused before it is opened.
struct KeySlot {
  static Bytes encode(const SlotId& id, const Keyring& keys, const Unlock& unlock, const KdfParams& kdf,
                      const KeyCard* card = nullptr);
  // True for a slot that an interrupted init left at this place.  kCorrupt, kUnsupported.
  static bool of_another_repository(ByteView file, const RepositoryId& repository, std::string_view name);
  // What opens it, and nothing else about it, is looked at.  kCorrupt, kUnsupported.
  static SlotKind kind_of(ByteView file, std::string_view name);
  // nullopt when it takes another password, or another kind of thing.  kCorrupt, kUnsupported.
  static std::optional<Keyring> open(ByteView file, const SlotId& id, const RepositoryId& repository, const Unlock& unlock);
  // Its card; nullopt for a slot without.  kCorrupt when that isn't what an owner signed, or is another slot's.
  static std::optional<KeyCard> card(ByteView file, const SlotId& id, const Keyring& keys);
};

// How many slots of a kind are tried before it is said that none fits, so that a hostile storage can't make us derive keys for ever:
// 16 of passwords (a fifteenth of a second each), 256 of key files (a few milliseconds each).
size_t most_slots(SlotKind kind);

// A new salt and the default cost.  Of a password: Argon2id, 64 MiB, 3 passes.  Of a key file: the least there is, for nobody guesses
// 256 random bits; no other cost is taken in such a slot.
KdfParams new_kdf_params(SlotKind kind = SlotKind::kPassword);

// Writes a new slot.
SlotId add_slot(Backend& backend, const Keyring& keys, const Unlock& unlock, const KdfParams& kdf, const KeyCard* card = nullptr);

struct SlotInfo {
  SlotId id;
  SlotKind kind = SlotKind::kPassword;
  std::optional<KeyCard> card;   // nothing: made before there were cards, or told in `problems`
};
// This repository's slots, by name.  What can't be read or has a card that isn't right goes to `problems`, as sentences for people; the
// first of these are left out.   Errors: kIo.
std::vector<SlotInfo> list_slots(Backend& backend, const Keyring& keys, std::vector<std::string>* problems = nullptr);

// The keys that `unlock` opens; `opened` gets the name of the slot.  kWrongKey when no slot fits; damaged slots are passed over unless
// none fits.
Keyring open_slots(Backend& backend, const RepositoryId& repository, const Unlock& unlock, SlotId* opened = nullptr);
// The same of the slots in a listing with keys/.
Keyring open_slots(Backend& backend, const RepositoryId& repository, const Unlock& unlock, const FolderListing& seen, SlotId* opened = nullptr);

}  // namespace cairn
