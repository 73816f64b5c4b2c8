#include "ingest/parts/transform.h"

#include <algorithm>
#include <array>

#include "ingest/document/sealed_document.h"
#include "ingest/postgres/archive/rebuild.h"
#include "ingest/redis/rdb_source.h"

namespace cairn {

namespace {

constexpr std::array<std::string_view, 3> kArchives = {"pgdump-custom", "pgdump-tar", "pgdump-directory"};

bool is_archive(std::string_view name) { return std::ranges::find(kArchives, name) != kArchives.end(); }

}  // namespace

bool is_known_transform(std::string_view name) { return is_archive(name) || name == kSortedRdb || name == kSealedDocument; }

std::unique_ptr<const Rebuilder> undo_transform(std::string_view name, ByteView recipe) {
  if (!is_known_transform(name))
    throw Error(ErrorCode::kUnsupported, "the transform \"" + printable(name) + "\" can't be undone by this cairn: use a newer one");
  if (name == kSortedRdb) return make_rdb_rebuilder(recipe);
  if (name == kSealedDocument) return make_sealed_document_rebuilder(recipe);
  return std::make_unique<const ArchiveRebuilder>(recipe);
}

}  // namespace cairn
