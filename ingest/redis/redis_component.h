// What the description of a component of kind redis says.
#pragma once

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// What a component's properties "rdb.version" and "rdb.flavor" say; kCorrupt when they say nothing of the kind.
int rdb_version_of(const ComponentInfo& component);
RdbFlavor rdb_flavor_of(const ComponentInfo& component);

}  // namespace cairn
