// Several folders as they were in one look (Backend::list_several): who needs the names of more than one asks once.
//
// Threads:  immutable, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/backend/backend.h"

namespace cairn {

class FolderListing {
 public:
  // Looked at in this order, where that is done one after the other.   Errors: those of Backend::list.
  FolderListing(Backend& backend, std::vector<std::string> prefixes);

  bool covers(std::string_view prefix) const;
  // As Backend::list(prefix).   Requires: covers(prefix).
  std::span<const StoredFile> in(std::string_view prefix) const;

 private:
  std::vector<std::string> prefixes_;
  std::vector<StoredFile> files_;   // sorted by name
};

}  // namespace cairn
