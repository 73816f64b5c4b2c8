// Tree objects: directories, chunk lists, catalogues; the first two bytes of each say which it is.
#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"
#include "tests/fuzz/fuzz_target.h"

namespace cairn {
namespace {

// What was decoded, encoded and decoded again is the same.
void directory_leaf(Decoder& in) {
  std::vector<Entry> entries = decode_directory_leaf(in);
  for (size_t i = 0; i < entries.size(); ++i)
    require(valid_entry_name(entries[i].name) && (i == 0 || entries[i - 1].name < entries[i].name));
  Bytes again = encode_directory_leaf(entries);
  Decoder second(again, "again");
  open_object(second);
  require(decode_directory_leaf(second) == entries);
}

void chunk_list_leaf(Decoder& in) {
  std::vector<ChunkRef> refs = decode_chunk_list_leaf(in);
  Bytes again = encode_chunk_list_leaf(refs);
  Decoder second(again, "again");
  open_object(second);
  require(!refs.empty() && decode_chunk_list_leaf(second) == refs);
}

void catalogue_leaf(Decoder& in) {
  uint64_t end = 0, end_again = 0;
  std::vector<Part> parts = decode_catalogue_leaf(in, 0, end);
  Bytes again = encode_catalogue_leaf(parts, 0, end_again);
  Decoder second(again, "again");
  open_object(second);
  require(end == end_again && decode_catalogue_leaf(second, 0, end_again) == parts);
}

// Readers on one object that refers to nothing but itself: an answer or an error, never a hang.
void walk(ByteView bytes) {
  GetObject get = [&](const ChunkId&) { return Buffer::copy_of(bytes); };
  refuse_or([&] {
    DirectoryReader reader(get, {});
    for (int i = 0; i < 1000 && reader.next(); ++i) {}
  });
  refuse_or([&] { DirectoryReader::find(get, {}, "name"); });
  Content content;
  content.kind = Content::Kind::kList;
  refuse_or([&] {
    ChunkListReader reader(get, content);
    for (int i = 0; i < 1000 && !reader.next().empty(); ++i) {}
    uint64_t begin = reader.seek(5000);
    require(begin <= 5000 && !reader.next().empty());
  });
  refuse_or([&] {
    CatalogueReader reader(get, {}, 1 << 20);
    reader.find("name");
    std::string last;
    reader.seek("");
    for (int i = 0; i < 1000; ++i) {
      const Part* part = reader.next();
      if (!part) break;
      require(last < part->name && valid_part_name(part->name));
      for (const Extent& extent : part->extents) require(extent.offset_bytes + extent.length_bytes <= 1 << 20);
      last = part->name;
    }
  });
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  refuse_or([&] {
    Decoder in({data, size}, "object");
    switch (open_object(in)) {
      case ObjectKind::kDirectoryLeaf: return directory_leaf(in);
      case ObjectKind::kDirectoryBranch: return void(decode_directory_branch(in));
      case ObjectKind::kChunkListLeaf: return chunk_list_leaf(in);
      case ObjectKind::kChunkListBranch: return void(decode_chunk_list_branch(in));
      case ObjectKind::kCatalogueLeaf: return catalogue_leaf(in);
      case ObjectKind::kCatalogueBranch: return void(decode_catalogue_branch(in));
    }
  });
  walk({data, size});
  return 0;
}
