// Writes a gc list that condemns packs: no later backup relies on what is in them, and a prune may take them away once no snapshot
// needs anything that only they have.
#pragma once

#include <span>

#include "store/gc/gc_list.h"

namespace cairn {

// The newest list, which names all that the one before did and `packs`; made only if something is new in it.  When somebody else
// takes its number first, his list is read and it is tried again.
// kWrongKey unless an owner's key; kCorrupt when the newest list can't be read.
GcList condemn_packs(Backend& backend, const Keyring& keys, std::span<const PackId> packs);

}  // namespace cairn
