// Packs, with the generation each was condemned in.  Of two condemned packs that hold one chunk the one condemned later is the one to
// keep, then the one with the lower id: a slow prune that works by an older list may delete the other.
#pragma once

#include <cstdint>
#include <map>

#include "store/id.h"

namespace cairn {

using Condemned = std::map<PackId, uint64_t>;

}  // namespace cairn
