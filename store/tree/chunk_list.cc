#include "store/tree/chunk_list.h"

#include <cstring>

namespace cairn {

namespace {

constexpr size_t kFewRefs = 8;          // stay in the entry
constexpr size_t kLeafLeast = 64;       // references
constexpr size_t kLeafMost = 2048;
constexpr uint64_t kLeafMask = 255;     // a leaf ends after a reference whose id says so: 320 references on average

bool ends_node(const ChunkId& id, size_t count) {
  uint64_t value;
  std::memcpy(&value, id.bytes.data(), sizeof value);
  return count >= kLeafMost || (count >= kLeafLeast && (value & kLeafMask) == 0);
}

}  // namespace

Bytes encode_chunk_list_leaf(std::span<const ChunkRef> refs) {
  Encoder out = begin_object(ObjectKind::kChunkListLeaf);
  out.varint(refs.size());
  for (const ChunkRef& ref : refs) out.varint(ref.length_bytes << 1 | ref.is_zeros());
  for (const ChunkRef& ref : refs)
    if (!ref.is_zeros()) out.raw(ref.id.view());
  return out.take();
}

std::vector<ChunkRef> decode_chunk_list_leaf(Decoder& in) {
  std::vector<ChunkRef> refs(in.count(1));
  if (refs.empty()) in.fail("a leaf without references");
  std::vector<bool> zeros(refs.size());
  for (size_t i = 0; i < refs.size(); ++i) {
    uint64_t value = in.varint();
    refs[i].length_bytes = value >> 1;
    zeros[i] = value & 1;
  }
  for (size_t i = 0; i < refs.size(); ++i)
    if (!zeros[i]) refs[i].id = ChunkId::from_bytes(in.raw(32));
  in.finish();
  return refs;
}

Bytes encode_chunk_list_branch(std::span<const ChunkListChild> children) {
  Encoder out = begin_object(ObjectKind::kChunkListBranch);
  out.varint(children.size());
  for (const ChunkListChild& child : children) {
    out.raw(child.id.view());
    out.varint(child.size_bytes);
  }
  return out.take();
}

std::vector<ChunkListChild> decode_chunk_list_branch(Decoder& in) {
  std::vector<ChunkListChild> children(in.count(33));
  if (children.empty()) in.fail("a branch without children");
  for (ChunkListChild& child : children) {
    child.id = ChunkId::from_bytes(in.raw(32));
    child.size_bytes = in.varint();
  }
  in.finish();
  return children;
}

void ChunkListWriter::add(const ChunkRef& ref) {
  size_bytes_ += ref.length_bytes;
  // Neighbouring runs of zeros are one run, however they were found.
  if (ref.is_zeros() && !leaf_.empty() && leaf_.back().is_zeros()) {
    leaf_.back().length_bytes += ref.length_bytes;
    return;
  }
  leaf_.push_back(ref);
  if (!ref.is_zeros() && ends_node(ref.id, leaf_.size())) close_leaf();
}

void ChunkListWriter::close_leaf() {
  uint64_t bytes = 0;
  for (const ChunkRef& ref : leaf_) bytes += ref.length_bytes;
  children_.push_back({put_(encode_chunk_list_leaf(leaf_)), bytes});
  leaf_.clear();
}

Content ChunkListWriter::finish() {
  Content content;
  if (children_.empty() && leaf_.size() <= kFewRefs) {
    content.kind = leaf_.empty() ? Content::Kind::kNone : Content::Kind::kChunks;
    content.chunks = std::move(leaf_);
    return content;
  }
  if (!leaf_.empty()) close_leaf();
  while (children_.size() > 1) {
    std::vector<ChunkListChild> parents;
    for (size_t begin = 0; begin < children_.size();) {
      size_t end = begin + 1;
      uint64_t bytes = children_[begin].size_bytes;
      while (end < children_.size() && !ends_node(children_[end - 1].id, end - begin)) bytes += children_[end++].size_bytes;
      parents.push_back({put_(encode_chunk_list_branch({children_.data() + begin, end - begin})), bytes});
      begin = end;
    }
    children_ = std::move(parents);
  }
  content.kind = Content::Kind::kList;
  content.list = children_[0].id;
  return content;
}

namespace {

// Of references or children; kCorrupt when no number holds it.
template <class Node>
uint64_t sum_of_lengths(const Decoder& in, const std::vector<Node>& nodes, uint64_t Node::*length) {
  uint64_t sum = 0;
  for (const Node& node : nodes) {
    if (node.*length > UINT64_MAX - sum) in.fail("longer than can be");
    sum += node.*length;
  }
  return sum;
}

}  // namespace

ChunkListReader::ChunkListReader(GetObject get, const Content& content)
    : get_(std::move(get)), list_(content.kind == Content::Kind::kList), root_(content.list) {
  if (content.kind == Content::Kind::kChunks) leaf_ = content.chunks;
  if (list_) descend({root_, 0}, true, 0);
  fresh_ = !leaf_.empty();
}

// Goes down to the leaf that holds the byte at `offset_bytes` beneath `from`, or to the last one; returns where that begins.
uint64_t ChunkListReader::descend(const ChunkListChild& from, bool root, uint64_t offset_bytes) {
  uint64_t begin = 0;
  for (ChunkListChild at = from;; root = false) {
    Buffer bytes = get_(at.id);
    Decoder in(bytes, object_name(at.id));
    ObjectKind kind = open_object(in);
    bool leaf = kind == ObjectKind::kChunkListLeaf;
    if (!leaf && kind != ObjectKind::kChunkListBranch) in.fail("not a chunk list");
    if (!leaf && levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    Level level;
    if (leaf) leaf_ = decode_chunk_list_leaf(in);
    else level.children = decode_chunk_list_branch(in);
    uint64_t sum = leaf ? sum_of_lengths(in, leaf_, &ChunkRef::length_bytes) : sum_of_lengths(in, level.children, &ChunkListChild::size_bytes);
    if (!root && sum != at.size_bytes) in.fail("holds another length than the branch above it says");
    if (leaf) return begin;
    while (level.at + 1 < level.children.size() && offset_bytes - begin >= level.children[level.at].size_bytes)
      begin += level.children[level.at++].size_bytes;
    at = level.children[level.at++];
    levels_.push_back(std::move(level));
  }
}

uint64_t ChunkListReader::seek(uint64_t offset_bytes) {
  uint64_t begin = 0;
  if (list_) {
    levels_.clear();
    begin = descend({root_, 0}, true, offset_bytes);
  }
  uint64_t end = begin;
  for (const ChunkRef& ref : leaf_) end += ref.length_bytes;
  if (offset_bytes >= end)
    throw Error(ErrorCode::kCorrupt, "a content of " + std::to_string(end) + " bytes is read at byte " + std::to_string(offset_bytes));
  fresh_ = true;
  return begin;
}

std::span<const ChunkRef> ChunkListReader::next() {
  if (fresh_) {
    fresh_ = false;
    return leaf_;
  }
  while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
  if (levels_.empty()) return {};
  Level& level = levels_.back();
  descend(ChunkListChild(level.children[level.at++]), false, 0);
  return leaf_;
}

}  // namespace cairn
