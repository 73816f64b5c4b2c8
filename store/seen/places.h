// Which repository was found where: another one in its place is noticed before a password is given away to it.
//
// Threads:  functions are thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "store/id.h"

namespace cairn {

// File `places` at the root of the cache, one line each: id, space, location with \xNN for odd bytes.  A place may have several
// (disks that take turns in one mount point): each was accepted once.
// Without one nothing is known, and everything is right.

// kCorrupt, with what to do, when only other repositories were seen at `location`.   `location`: an absolute path, or a URL without
// secrets.
void require_known_place(const std::string& cache_root, std::string_view location, const RepositoryId& found);
// kIo, kNoSpace.
void remember_place(const std::string& cache_root, std::string_view location, const RepositoryId& id);

}  // namespace cairn
