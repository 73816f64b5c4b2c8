#include "ingest/parts/transform.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

// All of them make an archive of pg_dump.
constexpr std::array<std::string_view, 3> kTransforms = {"pgdump-custom", "pgdump-tar", "pgdump-directory"};

}  // namespace

bool is_known_transform(std::string_view name) { return std::ranges::find(kTransforms, name) != kTransforms.end(); }

std::unique_ptr<const ArchiveRebuilder> undo_transform(std::string_view name, ByteView recipe) {
  if (!is_known_transform(name))
    throw Error(ErrorCode::kUnsupported, "the transform \"" + printable(name) + "\" can't be undone by this cairn: use a newer one");
  return std::make_unique<const ArchiveRebuilder>(recipe);
}

}  // namespace cairn
