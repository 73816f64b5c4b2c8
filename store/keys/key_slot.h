// keys/ID: the keys of one role, wrapped by a password.
#pragma once

#include "store/backend/backend.h"
#include "store/keys/keyring.h"

namespace cairn {

// Layout (FORMAT.md, "Key slot"): header 80 | kind 1 | operations 4 | memory in KiB 4 | salt 16 | commitment 32 |
//         sealed length 4 | nonce 24, ciphertext, tag | trailer 32.   Everything before the nonce is associated data.
// The commitment ties the password to the slot: a ciphertext that opens under two passwords is refused before it is opened.
struct KeySlot {
  enum class Kind : uint8_t { kPassword = 1, kKeyFile = 2 };
  static Bytes encode(const SlotId& id, const Keyring& keys, std::string_view password, const KdfParams& kdf,
                      Kind kind = Kind::kPassword);
  // True for a slot that an interrupted init left at this place.  kCorrupt, kUnsupported.
  static bool of_another_repository(ByteView file, const RepositoryId& repository, std::string_view name);
  // nullopt when the password is another one.  kCorrupt, kUnsupported.
  static std::optional<Keyring> open(ByteView file, const SlotId& id, const RepositoryId& repository, std::string_view password);
};

// Default cost: Argon2id, 64 MiB, 3 passes.
KdfParams new_kdf_params();

// Writes a new slot.
SlotId add_slot(Backend& backend, const Keyring& keys, std::string_view password, const KdfParams& kdf);

// The keys that `password` opens.  kWrongKey when no slot fits; damaged slots are passed over unless none fits.
// At most 16 slots are tried, so a hostile storage can't make us derive keys for ever.
Keyring open_slots(Backend& backend, const RepositoryId& repository, std::string_view password);

}  // namespace cairn
