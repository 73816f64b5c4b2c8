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

ChunkListReader::ChunkListReader(GetObject get, const Content& content) : get_(std::move(get)) {
  if (content.kind == Content::Kind::kChunks) leaf_ = content.chunks;
  if (content.kind == Content::Kind::kList) descend(content.list);
  fresh_ = !leaf_.empty();
}

void ChunkListReader::descend(const ChunkId& id) {
  ChunkId at = id;
  for (;;) {
    Buffer bytes = get_(at);
    Decoder in(bytes, object_name(at));
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kChunkListLeaf) {
      leaf_ = decode_chunk_list_leaf(in);
      return;
    }
    if (kind != ObjectKind::kChunkListBranch) in.fail("not a chunk list");
    if (levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    levels_.push_back({decode_chunk_list_branch(in), 1});
    at = levels_.back().children[0].id;
  }
}

std::span<const ChunkRef> ChunkListReader::next() {
  if (fresh_) {
    fresh_ = false;
    return leaf_;
  }
  while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
  if (levels_.empty()) return {};
  Level& level = levels_.back();
  descend(ChunkId(level.children[level.at++].id));
  return leaf_;
}

}  // namespace cairn
