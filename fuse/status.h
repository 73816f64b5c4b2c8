// An entry of a snapshot as stat(2) shows it.
//
// Threads:  functions are thread-safe.
#pragma once

#include <sys/stat.h>

#include <string_view>

#include "store/tree/entry.h"

namespace cairn {

// The inode number of what is called `name` in the directory with inode number `directory`: of the names alone, so it is the same in every
// mount.  Never 0 or 1.
uint64_t inode_number(uint64_t directory, std::string_view name);

struct stat status_of(const Entry& entry, uint64_t inode);
// Of what isn't in a snapshot: a directory, or a link with a target that long.
struct stat status_above(uint64_t inode, int64_t time_ns, size_t target_bytes);

}  // namespace cairn
