// The packs' part of a check: what is in them, and is it what the index says?
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "store/check/check.h"

namespace cairn {

// Chunks that can't be had, with the number of the Damage that says why.
using LostChunks = std::map<ChunkId, size_t>;

// Fills report.damage for packs, segments' claims about them, and their frames.  `packs`: as listed before the index was opened.
LostChunks scan_packs(Repository& repository, std::vector<StoredFile> packs, const CheckOptions& options, CheckProgress& progress, CheckReport& report);

}  // namespace cairn
