// An RDB file on its way into a backup: its records sorted by the names of their parts, so that the same keys make the same chunks
// in whatever order the server saved them (each restart shuffles it), and what is needed to put them back.
//
// Stored stream:  records (without idle times and access frequencies) | the long lists that undo it | all other bytes.
// Sets and hashes in their hash table form are sorted inside as well.
// Transform "redis-sorted"; recipe and stream: FORMAT.md, "RDB files".  A file that isn't understood to its end is sorted as far as
// it is; the rest follows as it is.
//
// Parts:  "0/session:42", kind "key": its DUMP payload without the 10 bytes of its footer (the reader of parts makes them): the type's
// byte as preamble, the value as the extent.  Properties: "type" (rdb_type_name), "expires" (ms since 1970, decimal), "key" (its name,
// only when the part's name was cut).  "functions/mylib.lua", kind "function": a library's source.
// Names: escape_part_name(); one that is longer than 200 bytes is cut and gets a hash.
//
// Properties of the component: "original" = dump.rdb, "format" = rdb, "rdb.version", "rdb.flavor" (redis | valkey),
// "server.version", "dump.time" (ISO 8601, UTC), "databases" (one a line), "keys", "expiring", "functions" (counts),
// "capture" = scan when it was made of keys that were read one by one.
//
// Memory:   some 100 MiB, and 16 bytes a key; the rest spills (ingest/sort).
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"
#include "ingest/parts/rebuilder.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/sort/record_sorter.h"

namespace cairn {

inline constexpr std::string_view kSortedRdb = "redis-sorted";   // the transform's name

// "0/session:42" of a key in a database; cut when it is too long to be a file's name.
std::string redis_part_name(uint32_t db, std::string_view key);
// Whether the key can't be read from the part's name.
bool redis_part_name_is_cut(std::string_view key);

// `read`: at least one byte unless the stream has ended.  The first read() of the result reads all of it.
// `sort_memory_bytes`: as of a RecordSorter.
std::unique_ptr<PartedSource> make_rdb_source(std::function<size_t(std::span<uint8_t>)> read,
                                              size_t sort_memory_bytes = RecordSorter::kUsualMemoryBytes);

// Undoes "redis-sorted".   Errors: kCorrupt, kUnsupported.  `recipe` must outlive it.
std::unique_ptr<const Rebuilder> make_rdb_rebuilder(ByteView recipe, size_t sort_memory_bytes = RecordSorter::kUsualMemoryBytes);

}  // namespace cairn
