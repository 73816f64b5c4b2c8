// POSIX ACLs as tar tells them (lines of text, read by libarchive) and as the kernel keeps them (an extended attribute).
#pragma once

#include "store/tree/entry.h"

struct archive_entry;

namespace cairn {

// Adds system.posix_acl_access and system.posix_acl_default for the lists of `from`, unless the entry has such an attribute.
void add_acls(::archive_entry* from, Entry& entry);

}  // namespace cairn
