#include "store/tree/references.h"

#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

void add_chunks(std::span<const ChunkRef> refs, References& out) {
  for (const ChunkRef& ref : refs)
    if (!ref.is_zeros()) out.chunks.push_back(ref.id);
}

template <class Child>
void add_children(const std::vector<Child>& children, References& out) {
  for (const Child& child : children) out.objects.push_back(child.id);
}

}  // namespace

void add_references(ByteView object, const std::string& name, References& out) {
  Decoder in(object, name);
  switch (open_object(in)) {
    case ObjectKind::kDirectoryLeaf: scan_directory_leaf(in, out.objects, out.chunks); break;
    case ObjectKind::kDirectoryBranch: add_children(decode_directory_branch(in), out); break;
    case ObjectKind::kChunkListLeaf: add_chunks(decode_chunk_list_leaf(in), out); break;
    case ObjectKind::kChunkListBranch: add_children(decode_chunk_list_branch(in), out); break;
    case ObjectKind::kCatalogueLeaf: break;   // parts are extents of a stream that a directory refers to
    case ObjectKind::kCatalogueBranch: add_children(decode_catalogue_branch(in), out); break;
  }
}

}  // namespace cairn
