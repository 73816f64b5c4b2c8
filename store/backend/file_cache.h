// Manifests of snapshots and notes of a distant backend, kept on the local disk: they never change, there is one for each snapshot, and
// nearly every command wants all of them.
//
// Trust:    what lists say is always the backend's word; a kept file counts only when the hash at its end is right (store/format.h),
//           and is sealed and signed like any other.
// Disk:     about 64 MiB in `folder`, the oldest go.  Trouble with it is no trouble: the backend is asked.
// Threads:  thread-safe.
#pragma once

#include <memory>
#include <string>

#include "store/backend/backend.h"

namespace cairn {

// Everything but read_whole() of those files goes straight to `inner`.
std::unique_ptr<Backend> with_file_cache(std::unique_ptr<Backend> inner, std::string folder);

}  // namespace cairn
