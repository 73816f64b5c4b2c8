// What never changes and is wanted again and again of a distant backend, kept on the local disk: the config, manifests of snapshots,
// notes, gc lists, and of packs whatever read_kept() is asked for (directories, chunk lists, catalogues).  What this machine writes of it
// is kept as it is written.
//
// Trust:    what lists say is always the backend's word.  A copy counts only when it is undamaged (kept_files.h), and of a file whose
//           name may be used again only when length and time are those listed last; it is sealed and signed like any other.
// Disk:     in `folder`, about 64 MiB of files and kMostTreeBytes of packs, the longest unused go.  Trouble with it is no trouble.
// Memory:   4 MiB of packs, 256 KiB for each pack that is being written.
// Threads:  thread-safe.
#pragma once

#include <memory>
#include <string>

#include "store/backend/backend.h"

namespace cairn {

constexpr uint64_t kMostTreeBytes = 512 << 20;

// Everything else goes straight to `inner`.
std::unique_ptr<Backend> with_file_cache(std::unique_ptr<Backend> inner, std::string folder);

}  // namespace cairn
