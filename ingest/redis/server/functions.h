// The libraries of functions of a component, back into a server or handed to whoever wants them.
// Threads:  one thread at a time.
#pragma once

#include <functional>

#include "ingest/parts/part_output.h"
#include "ingest/redis/connection.h"
#include "ingest/redis/server/key_target.h"
#include "ingest/redis/server/selected_keys.h"

namespace cairn {

// Those in the scope, in order.   `visit` gets the part and its source.
// Errors: kCorrupt for one longer than 512 MiB; those of the catalogue, of reading and of `visit`.
void visit_functions(CatalogueReader& catalogue, const RedisScope& scope, PartOutput& output,
                     const std::function<void(const Part& part, std::string_view source)>& visit);

// FUNCTION LOAD of each.  A server without functions: told as a warning.
void restore_functions(CatalogueReader& catalogue, const RedisScope& scope, PartOutput& output, RedisConnection& connection, bool replace,
                       RestoreTally& tally);

}  // namespace cairn
