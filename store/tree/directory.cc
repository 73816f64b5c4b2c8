#include "store/tree/directory.h"

#include <algorithm>

namespace cairn {

void require_depth(std::string_view path) {
  if (std::ranges::count(path, '/') > kMostDirectoryDepth)
    throw Error(ErrorCode::kCorrupt, "directories nested deeper than " + std::to_string(kMostDirectoryDepth));
}

bool valid_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 4096 &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

namespace {

constexpr size_t kLeafLeastBytes = 4 << 10;   // a leaf may end after this many; most directories have one leaf
constexpr uint64_t kLeafOneIn = 16;           // names; small leaves, because one changed entry rewrites its leaf
constexpr size_t kLeafMostBytes = 256 << 10;
constexpr size_t kBranchMost = 1024;          // children of a branch

// FNV-1a: only decides where leaves end, so an edit in a long directory touches one leaf.
uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash ^ hash >> 29;
}

size_t weight(const Entry& e) {
  size_t bytes = 40 + e.name.size() + e.target.size() + e.content.inline_bytes.size() + 34 * e.content.chunks.size();
  for (const Xattr& x : e.xattrs) bytes += x.name.size() + x.value.size() + 4;
  return bytes;
}

}  // namespace

Bytes encode_directory_branch(std::span<const DirectoryChild> children) {
  Encoder out = begin_object(ObjectKind::kDirectoryBranch);
  out.varint(children.size());
  for (const DirectoryChild& child : children) {
    out.raw(child.id.view());
    out.varint(child.entry_count);
    out.string(child.first_name);
  }
  return out.take();
}

std::vector<DirectoryChild> decode_directory_branch(Decoder& in) {
  std::vector<DirectoryChild> children(in.count(34));
  if (children.empty()) in.fail("a branch without children");
  for (DirectoryChild& child : children) {
    child.id = ChunkId::from_bytes(in.raw(32));
    child.entry_count = in.varint();
    child.first_name = in.string(4096);
  }
  in.finish();
  return children;
}

void DirectoryWriter::add(Entry entry) {
  if (entry.type == EntryType::kFile || entry.type == EntryType::kDirectory) size_bytes_ += entry.size_bytes;
  file_count_ += entry.type == EntryType::kDirectory ? entry.file_count : 1;
  leaf_bytes_ += weight(entry);
  bool may_end = leaf_bytes_ >= kLeafLeastBytes && name_hash(entry.name) % kLeafOneIn == 0;
  leaf_.push_back(std::move(entry));
  if (may_end || leaf_bytes_ >= kLeafMostBytes) close_leaf();
}

void DirectoryWriter::close_leaf() {
  children_.push_back({put_(encode_directory_leaf(leaf_)), leaf_.size(), leaf_.empty() ? "" : leaf_.front().name});
  leaf_.clear();
  leaf_bytes_ = 0;
}

ChunkId DirectoryWriter::finish() {
  if (!leaf_.empty() || children_.empty()) close_leaf();
  while (children_.size() > 1) {
    std::vector<DirectoryChild> parents;
    for (size_t begin = 0; begin < children_.size();) {
      // A branch ends by content too (after a child whose id says so), so that branches share as leaves do.
      size_t end = begin + 1;
      uint64_t count = children_[begin].entry_count;
      while (end < children_.size() && end - begin < kBranchMost && !(end - begin >= 16 && children_[end - 1].id.bytes[0] == 0))
        count += children_[end++].entry_count;
      std::span<const DirectoryChild> group(children_.data() + begin, end - begin);
      parents.push_back({put_(encode_directory_branch(group)), count, group.front().first_name});
      begin = end;
    }
    children_ = std::move(parents);
  }
  return children_[0].id;
}

DirectoryReader::DirectoryReader(GetObject get, const ChunkId& root) : get_(std::move(get)) { descend(root); }

void DirectoryReader::descend(const ChunkId& id) {
  ChunkId at = id;
  for (;;) {
    Buffer bytes = get_(at);
    Decoder in(bytes, object_name(at));
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kDirectoryLeaf) {
      leaf_ = decode_directory_leaf(in);
      if (leaf_.empty() && !levels_.empty()) in.fail("an empty leaf under a branch");
      at_ = 0;
      return;
    }
    if (kind != ObjectKind::kDirectoryBranch) in.fail("not a directory");
    if (levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    levels_.push_back({decode_directory_branch(in), 1});
    at = levels_.back().children[0].id;
  }
}

const Entry* DirectoryReader::next() {
  while (at_ == leaf_.size()) {
    while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
    if (levels_.empty()) return nullptr;
    Level& level = levels_.back();
    descend(ChunkId(level.children[level.at++].id));
  }
  const Entry& entry = leaf_[at_++];
  if (any_ && !(last_name_ < entry.name))
    throw Error(ErrorCode::kCorrupt, "directory: names out of order: \"" + printable(entry.name) + "\"");
  any_ = true;
  if (at_ == leaf_.size()) last_name_ = entry.name;  // within a leaf decode has checked the order
  return &entry;
}

std::optional<Entry> DirectoryReader::find(const GetObject& get, const ChunkId& root, std::string_view name) {
  ChunkId at = root;
  for (int level = 0; level <= kMostObjectLevels; ++level) {
    Buffer bytes = get(at);
    Decoder in(bytes, object_name(at));
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kDirectoryLeaf) {
      auto entries = decode_directory_leaf(in, [&](std::string_view other, EntryType) { return other == name; });
      return entries.empty() ? std::nullopt : std::optional(std::move(entries.front()));
    }
    if (kind != ObjectKind::kDirectoryBranch) in.fail("not a directory");
    auto children = decode_directory_branch(in);
    auto after = std::ranges::upper_bound(children, name, {}, [](const DirectoryChild& c) { return std::string_view(c.first_name); });
    at = (after == children.begin() ? after : after - 1)->id;
  }
  throw Error(ErrorCode::kCorrupt, object_name(root) + ": nested too deeply");
}

}  // namespace cairn
