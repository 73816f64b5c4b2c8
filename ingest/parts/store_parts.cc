#include "ingest/parts/store_parts.h"

#include <algorithm>

#include "store/error.h"
#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"

namespace cairn {

namespace {

constexpr size_t kInlineRecipeBytes = 1 << 10;   // a manifest stays small
constexpr size_t kRecipePieceBytes = 1 << 20;

// A long recipe as a chunk list of its pieces, which are stored like tree objects: near, and cached with them.
void store_recipe(const Bytes& recipe, const PutObject& put, ComponentInfo& info) {
  std::vector<ChunkRef> pieces;
  for (size_t at = 0; at < recipe.size(); at += kRecipePieceBytes) {
    ByteView piece = ByteView(recipe).subspan(at, std::min(kRecipePieceBytes, recipe.size() - at));
    pieces.push_back({put(piece), piece.size()});
  }
  info.recipe_list = put(encode_chunk_list_leaf(pieces));
  info.recipe_bytes = recipe.size();
}

}  // namespace

void store_parts(StreamParts&& parts, const PutObject& put, ComponentInfo& info) {
  info.kind = parts.kind;
  info.properties = std::move(parts.properties);
  info.transform = std::move(parts.transform);
  if (parts.recipe.size() > kMostRecipeBytes)
    throw Error(ErrorCode::kUnsupported, "an archive of too many pieces to be made again from its content: save it with --format raw");
  if (parts.recipe.size() > kInlineRecipeBytes) store_recipe(parts.recipe, put, info);
  else info.transform_recipe = std::move(parts.recipe);
  // An empty server's dump, or an empty document, has its original like others.
  const bool looked_into = info.kind != ComponentKind::kStream;
  // One that no catalogue can hold is still in the original.
  if (parts.sorted_parts) {
    CatalogueWriter catalogue(put);
    bool any = false;
    for (Part part; parts.sorted_parts->next(part);) any |= catalogue.offer(part);
    if (any || looked_into) info.catalogue = catalogue.finish();
    return;
  }
  std::erase_if(parts.parts, [](const Part& part) { return !CatalogueWriter::holds(part); });
  if (!parts.parts.empty() || looked_into) info.catalogue = write_catalogue(put, std::move(parts.parts));
}

}  // namespace cairn
