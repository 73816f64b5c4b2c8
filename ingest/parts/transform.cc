#include "ingest/parts/transform.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

struct Transform {
  std::string_view name;
  std::vector<ArchiveFile> (*files)(ByteView recipe);
  void (*undo)(ByteView recipe, size_t file, const ReadStored& read, const std::function<void(ByteView)>& write);
};

constexpr std::array kTransforms = {
    Transform{"pgdump-custom", archive_files, rebuild_archive},
    Transform{"pgdump-tar", archive_files, rebuild_archive},
    Transform{"pgdump-directory", archive_files, rebuild_archive},
};

const Transform& known(std::string_view name) {
  auto found = std::ranges::find(kTransforms, name, &Transform::name);
  if (found == kTransforms.end())
    throw Error(ErrorCode::kUnsupported, "the transform \"" + printable(name) + "\" can't be undone by this cairn: use a newer one");
  return *found;
}

}  // namespace

bool is_known_transform(std::string_view name) { return std::ranges::find(kTransforms, name, &Transform::name) != kTransforms.end(); }

std::vector<ArchiveFile> transform_files(std::string_view name, ByteView recipe) { return known(name).files(recipe); }

void undo_transform(std::string_view name, ByteView recipe, size_t file, const ReadStored& read,
                    const std::function<void(ByteView)>& write) {
  known(name).undo(recipe, file, read, write);
}

}  // namespace cairn
