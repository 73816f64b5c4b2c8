// Small files in this machine's cache folder that are replaced whole: after a crash there is the old one or the new one.
//
// Threads:  functions are thread-safe; of two writers at once the last wins.
#pragma once

#include <optional>
#include <string>

#include "store/bytes.h"

namespace cairn {

// nullopt when it isn't there, can't be read or is larger than `most_bytes`.
std::optional<Bytes> read_memory(const std::string& path, size_t most_bytes);
// Makes the folder too; what writers of this file that were killed left beside it an hour ago or earlier is removed.
// kIo, kNoSpace, naming the path.   kNo: after a crash there may be anything, which whoever reads it must notice.
enum class Durable { kNo, kYes };
void write_memory(const std::string& path, ByteView bytes, Durable durable = Durable::kYes);

// Tells other backup programs, and ours, that a folder is a cache and may be left out (https://bford.info/cachedir/).  Makes it.
void mark_as_cache(const std::string& folder);

}  // namespace cairn
