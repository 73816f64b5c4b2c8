// Reads lists of nodes: quicklists of ziplists (Redis 3.2 to 6.2), and of listpacks or single long elements (Redis 7).
// Threads:  thread-safe.
// Source:   quicklist.c, rdb.c of Redis 7 (as facts).
#pragma once

#include <functional>
#include <string_view>

#include "ingest/redis/values/value_reader.h"

namespace cairn {

// Calls `element` for each, in order, with bytes that live during the call.   Errors: kCorrupt.
void read_quicklist_of_ziplists(ValueReader& in, const std::function<void(std::string_view)>& element);
void read_quicklist_of_listpacks(ValueReader& in, const std::function<void(std::string_view)>& element);

}  // namespace cairn
