// Keys are added, removed, and given another password.  Slots are files that never change: another password is another slot.
//
// Threads:  one thread at a time.  Several processes may do this at once.
#pragma once

#include "store/keys/key_slot.h"

namespace cairn {

struct AddedKey {
  SlotId slot;
  KeyCard card;
};

// A new key holder.  kWrongKey unless `owner` is one; kInvalidArgument for a label that won't do and when there are as many slots of
// the kind as are ever tried.
AddedKey add_key(Backend& backend, const Keyring& owner, Role role, const std::string& label, const Unlock& unlock,
                 const KdfParams& kdf);

// Removes a slot; who knows its password and has a copy of the file still has the keys.  `opened`: the slot that gave `owner`, which
// goes only when another owner's card is there, so that an owner is left whatever happens.
// kWrongKey unless `owner` is one; kNotFound; kInvalidArgument for the last owner.
void remove_key(Backend& backend, const Keyring& owner, const SlotId& opened, const SlotId& slot);

struct ChangedKey {
  SlotId slot;                   // the new one
  std::string not_removed;       // why the old slot could not be removed, so that it still opens; "" when it is gone
};
// What opens `keys` from now on, in place of the slot `opened`: role, author and card stay.
ChangedKey change_unlock(Backend& backend, const Keyring& keys, const SlotId& opened, const Unlock& unlock, const KdfParams& kdf);

// The slot that an id's beginning means, at least 4 digits; also of a damaged one.  kNotFound, kInvalidArgument.
SlotId choose_slot(Backend& backend, std::string_view digits);

}  // namespace cairn
