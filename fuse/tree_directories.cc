#include "fuse/tree_directories.h"

#include <algorithm>

namespace cairn {

namespace {

size_t bytes_of(const std::vector<Entry>& entries) {
  size_t bytes = entries.capacity() * sizeof(Entry);
  for (const Entry& entry : entries) {
    bytes += entry.name.capacity() + entry.target.capacity() + entry.content.inline_bytes.capacity();
    bytes += entry.content.chunks.capacity() * sizeof(ChunkRef);
    for (const Xattr& xattr : entry.xattrs) bytes += sizeof xattr + xattr.name.capacity() + xattr.value.capacity();
  }
  return bytes;
}

[[noreturn]] void fail(const ChunkId& id, const std::string& why) { throw Error(ErrorCode::kCorrupt, object_name(id) + ": " + why); }

}  // namespace

TreeDirectories::Nodes::Pin TreeDirectories::node(const ChunkId& id) {
  return nodes_.get(id, [&]() -> Nodes::Loaded {
    const Buffer object = readers_.object(id);
    Decoder in(object, object_name(id));
    switch (open_object(in)) {
      case ObjectKind::kDirectoryLeaf: {
        auto entries = decode_directory_leaf(in);
        const size_t bytes = bytes_of(entries);
        return {std::make_unique<Node>(std::move(entries)), bytes};
      }
      case ObjectKind::kDirectoryBranch: {
        auto children = decode_directory_branch(in);
        const size_t bytes = children.size() * (sizeof(DirectoryChild) + 32);
        return {std::make_unique<Node>(std::move(children)), bytes};
      }
      default: in.fail("not a directory");
    }
  });
}

std::optional<TreeDirectories::Place> TreeDirectories::at(const ChunkId& directory, uint64_t number) {
  ChunkId id = directory;
  uint64_t first = 0, told = UINT64_MAX;   // of what is beneath `id`; told: how many, by the branch above it
  for (int level = 0; level <= kMostObjectLevels; ++level) {
    Nodes::Pin here = node(id);
    if (const auto* entries = std::get_if<std::vector<Entry>>(&*here)) {
      if (told != UINT64_MAX && told != entries->size()) fail(id, "holds other entries than the branch above it says");
      const uint64_t index = number - first;
      if (index >= entries->size()) return std::nullopt;
      return Place(std::move(here), first, static_cast<size_t>(index));
    }
    const auto& children = std::get<std::vector<DirectoryChild>>(*here);
    auto child = children.begin();
    while (child != children.end() && number - first >= child->entry_count) first += (child++)->entry_count;
    if (child == children.end()) return std::nullopt;
    told = child->entry_count;
    id = ChunkId(child->id);   // a copy: the pin goes
  }
  fail(directory, "nested too deeply");
}

std::optional<TreeDirectories::Place> TreeDirectories::find(const ChunkId& directory, std::string_view name) {
  ChunkId id = directory;
  uint64_t first = 0;
  for (int level = 0; level <= kMostObjectLevels; ++level) {
    Nodes::Pin here = node(id);
    if (const auto* entries = std::get_if<std::vector<Entry>>(&*here)) {
      auto found = std::ranges::lower_bound(*entries, name, {}, [](const Entry& e) { return std::string_view(e.name); });
      if (found == entries->end() || found->name != name) return std::nullopt;
      const auto index = static_cast<size_t>(found - entries->begin());
      return Place(std::move(here), first, index);
    }
    const auto& children = std::get<std::vector<DirectoryChild>>(*here);
    auto after = std::ranges::upper_bound(children, name, {}, [](const DirectoryChild& c) { return std::string_view(c.first_name); });
    if (after != children.begin()) --after;
    for (auto child = children.begin(); child != after; ++child) first += child->entry_count;
    id = ChunkId(after->id);
  }
  fail(directory, "nested too deeply");
}

}  // namespace cairn
