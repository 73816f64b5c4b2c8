// Undoing what a stream was rewritten by before it was stored: one place that knows all transforms by their names.
//
// Threads:  functions are thread-safe, if `read` and `write` are.
#pragma once

#include <string_view>
#include <vector>

#include "ingest/postgres/archive/rebuild.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// "" (not rewritten) is none.
bool is_known_transform(std::string_view name);

// The files that the original consists of; one without a name unless it was a directory.
// Requires: is_known_transform(name).   Errors: kCorrupt, kUnsupported.
std::vector<ArchiveFile> transform_files(std::string_view name, ByteView recipe);

// Makes file number `file` of transform_files() anew, in order; whoever gets no Error has written the original.
// Errors: kCorrupt, and what `read` and `write` throw.
void undo_transform(std::string_view name, ByteView recipe, size_t file, const ReadStored& read,
                    const std::function<void(ByteView)>& write);

}  // namespace cairn
