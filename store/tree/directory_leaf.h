// The entries of a directory, or of a run of one's names, as one tree object: by column, so that they compress well.
//
// Layout: FORMAT.md, "Directory".   Names are checked when read: sorted, unique, valid_entry_name().   Threads: thread-safe.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "store/coding.h"
#include "store/tree/entry.h"

namespace cairn {

Bytes encode_directory_leaf(std::span<const Entry> entries);
std::vector<Entry> decode_directory_leaf(Decoder& in);
// Only the entries that are `wanted` by name and type.  Of a leaf that has none the names and types are all that is looked at.
using WantedEntry = std::function<bool(std::string_view name, EntryType type)>;
std::vector<Entry> decode_directory_leaf(Decoder& in, const WantedEntry& wanted);
// What a leaf refers to, without making entries of it: appends directories and chunk lists to `objects`, chunks of content to `chunks`.
// Names, owners and times are passed over unchecked.  kCorrupt, kUnsupported for what may refer to something else.
void scan_directory_leaf(Decoder& in, std::vector<ChunkId>& objects, std::vector<ChunkId>& chunks);

}  // namespace cairn
