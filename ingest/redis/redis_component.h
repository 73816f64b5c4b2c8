// What the description of a component of kind redis says.
#pragma once

#include <string_view>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// Property: the byte of the file from which on nothing is listed, decimal.  Not there when all its keys are.
inline constexpr std::string_view kUnlistedFrom = "unlisted.from";

// What a component's properties "rdb.version" and "rdb.flavor" say; kCorrupt when they say nothing of the kind.
int rdb_version_of(const ComponentInfo& component);
RdbFlavor rdb_flavor_of(const ComponentInfo& component);

}  // namespace cairn
