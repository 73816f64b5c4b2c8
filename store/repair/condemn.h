// Writes a gc list that condemns packs: no later backup relies on what is in them, and a prune may take them away once no snapshot
// needs anything that only they have.
#pragma once

#include <span>

#include "store/gc/gc_list.h"
#include "store/index/index.h"

namespace cairn {

// The newest list, which names all that the one before did and `packs`; made only if something is new in it.  When somebody else
// takes its number first, his list is read and it is tried again.
// kWrongKey unless an owner's key; kCorrupt when the newest list can't be read.
GcList condemn_packs(Backend& backend, const Keyring& keys, std::span<const PackId> packs);

// What the newest list names.   kCorrupt when it can't be read.
struct CondemnedPacks {
  uint64_t generation = 0;   // 0: nothing was ever condemned
  Condemned packs;
};
CondemnedPacks condemned_packs(Backend& backend, const Keyring& keys);
// Chunks in condemned packs count as doubtful from now on.   kCorrupt when the newest list can't be read.
void distrust_condemned(Index& index, Backend& backend, const Keyring& keys);

}  // namespace cairn
