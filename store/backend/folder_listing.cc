#include "store/backend/folder_listing.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

FolderListing::FolderListing(Backend& backend, std::vector<std::string> prefixes)
    : prefixes_(std::move(prefixes)), files_(backend.list_several(prefixes_)) {}

bool FolderListing::covers(std::string_view prefix) const { return std::ranges::find(prefixes_, prefix) != prefixes_.end(); }

std::span<const StoredFile> FolderListing::in(std::string_view prefix) const {
  if (!covers(prefix)) throw Error(ErrorCode::kInvalidArgument, printable(prefix) + ": is not in this listing");
  const auto begin = std::ranges::lower_bound(files_, prefix, {}, &StoredFile::name);
  const auto end = std::find_if_not(begin, files_.end(), [&](const StoredFile& file) { return file.name.starts_with(prefix); });
  return {begin, end};
}

}  // namespace cairn
