// A card: whose a key slot is, readable by every key holder without the slot's password.
//
// An owner signs it when the key is added.  The signature doesn't cover the slot, so whoever changes a password carries the card along
// to the new slot; what seals it there does, so a card cut out of one slot and put into another's file is refused.
#pragma once

#include <map>
#include <string>

#include "store/backend/backend.h"
#include "store/keys/keyring.h"

namespace cairn {

// Layout (FORMAT.md, "Key slot"): version 1 | client 32 | role 1 | created 8 | label | signature 64.
struct KeyCard {
  static constexpr size_t kMostLabelBytes = 200;
  ClientId client;           // owner, writer: whose signatures are its; reader: random, only to tell it from others
  Role role = Role::kOwner;
  int64_t created_ns = 0;    // when the key was added; changing its password keeps it
  std::string label;         // what the owner wrote; may be empty
  Signature signature{};

  Bytes encode() const;
  // kCorrupt; kUnsupported for a version that isn't known.  Says nothing of the signature.
  static KeyCard decode(ByteView bytes, std::string_view name);
  bool valid(const RepositoryId& repository, const PublicKey& maintenance) const;
};

// kWrongKey unless `owner` has the maintenance key; kInvalidArgument for a label that is too long or has control characters.
KeyCard make_card(const Keyring& owner, const ClientId& client, Role role, std::string label, int64_t created_ns);

// The cards of the slots that are there now, by client, so that a snapshot's author has a name.  What has no valid card is left out:
// `check` and `key list` tell of it.   Errors: kIo.
std::map<ClientId, KeyCard> key_cards(Backend& backend, const Keyring& keys);

}  // namespace cairn
