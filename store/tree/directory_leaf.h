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
// The names and types of a leaf as it keeps them, in one piece: equal bytes are equal names and types.   kCorrupt when they are cut short; they
// are not looked at.   Requires: `in` is behind the object's kind.
ByteView leaf_names(Decoder in);
// What is in such a piece; valid as long as it.   kCorrupt.
struct LeafNames {
  std::vector<std::string_view> names;
  ByteView types;
  EntryType type(size_t i) const { return static_cast<EntryType>(types[i]); }
};
LeafNames decode_leaf_names(ByteView piece);
// What a leaf refers to, without making entries of it: appends directories and chunk lists to `objects`, chunks of content to `chunks`.
// Names, owners and times are passed over unchecked.  kCorrupt, kUnsupported for what may refer to something else.
void scan_directory_leaf(Decoder& in, std::vector<ChunkId>& objects, std::vector<ChunkId>& chunks);
// The same of its directories only, in order.
std::vector<ChunkId> leaf_directories(Decoder& in);

}  // namespace cairn
