// Undoing what a stream was rewritten by before it was stored: one place that knows all transforms by their names.
//
// Threads:  functions are thread-safe, if `read` and `write` are.
#pragma once

#include <memory>
#include <string_view>

#include "ingest/parts/rebuilder.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// "" (not rewritten) is none.
bool is_known_transform(std::string_view name);

// What makes the original anew: its files(), one without a name unless it was a directory, and rebuild() for each of them.
// `recipe` must outlive it.   Errors: kCorrupt, kUnsupported.
std::unique_ptr<const Rebuilder> undo_transform(std::string_view name, ByteView recipe);

}  // namespace cairn
