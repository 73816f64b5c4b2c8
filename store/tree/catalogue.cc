#include "store/tree/catalogue.h"

#include <algorithm>

#include "store/tree/entry.h"

namespace cairn {

namespace {

constexpr size_t kMostNameBytes = 64 << 10;
constexpr size_t kMostElements = 64;          // of a name
constexpr size_t kMostKindBytes = 255;    // and names of properties
constexpr size_t kMostLeafParts = 64 << 10;   // a leaf in memory is many times its bytes
constexpr size_t kLeafLeastBytes = 4 << 10;   // a leaf may end after this many
constexpr uint64_t kLeafOneIn = 16;           // names; small leaves, because one changed part rewrites its leaf
constexpr size_t kLeafMostBytes = 256 << 10;
constexpr size_t kBranchLeast = 16, kBranchMost = 1024;  // children of a branch
constexpr size_t kBranchMostBytes = 1 << 20;  // names are long here
constexpr size_t kVarint = 10;                // bytes at most

// FNV-1a: only decides where leaves end, so that a part more or less touches one leaf.
uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash ^ hash >> 29;
}

// Not less than its encoding.
size_t weight(const Part& part) {
  size_t bytes = 5 * kVarint + part.name.size() + part.kind.size() + part.preamble.size() + 2 * kVarint * part.extents.size();
  for (const auto& [key, value] : part.properties) bytes += 2 * kVarint + key.size() + value.size();
  return bytes;
}

Part decode_part(Decoder& in, uint64_t& end) {
  Part part;
  part.name = in.string(kMostNameBytes);
  if (!valid_part_name(part.name)) in.fail("an impossible name of a part: \"" + printable(part.name) + "\"");
  part.kind = in.string(kMostKindBytes);
  ByteView preamble = in.bytes();
  part.preamble.assign(preamble.begin(), preamble.end());
  part.extents.resize(in.count(2));
  for (Extent& extent : part.extents) {
    extent.offset_bytes = end + static_cast<uint64_t>(in.svarint());
    extent.length_bytes = in.varint();
    end = extent.offset_bytes + extent.length_bytes;
    if (end < extent.offset_bytes) in.fail("an extent beyond all bounds");
  }
  size_t properties = in.count(2);
  for (size_t i = 0; i < properties; ++i) {
    std::string key = in.string(kMostKindBytes);
    if (!part.properties.empty() && key <= part.properties.rbegin()->first) in.fail("properties out of order");
    part.properties.emplace_hint(part.properties.end(), std::move(key), in.string(kMostObjectBytes));
  }
  return part;
}

// The child that `name` is in, if it is in any.
size_t child_for(const std::vector<CatalogueChild>& children, std::string_view name) {
  auto after = std::ranges::upper_bound(children, name, {}, [](const CatalogueChild& c) { return std::string_view(c.first_name); });
  return after == children.begin() ? 0 : static_cast<size_t>(after - children.begin()) - 1;
}

}  // namespace

uint64_t Part::size_bytes() const {
  uint64_t bytes = preamble.size();
  for (const Extent& extent : extents) bytes += extent.length_bytes;
  return bytes;
}

bool valid_part_name(std::string_view name) {
  if (name.size() > kMostNameBytes) return false;
  for (size_t element = 1; element <= kMostElements; ++element) {
    size_t slash = name.find('/');
    if (!valid_entry_name(name.substr(0, slash))) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
  return false;
}

Bytes encode_catalogue_leaf(std::span<const Part> parts, uint64_t base, uint64_t& end) {
  Encoder out = begin_object(ObjectKind::kCatalogueLeaf);
  out.varint(parts.size());
  end = base;
  for (const Part& part : parts) {
    out.string(part.name);
    out.string(part.kind);
    out.bytes(part.preamble);
    out.varint(part.extents.size());
    for (const Extent& extent : part.extents) {
      out.svarint(static_cast<int64_t>(extent.offset_bytes - end));
      out.varint(extent.length_bytes);
      end = extent.offset_bytes + extent.length_bytes;
    }
    out.varint(part.properties.size());
    for (const auto& [key, value] : part.properties) {
      out.string(key);
      out.string(value);
    }
  }
  return out.take();
}

std::vector<Part> decode_catalogue_leaf(Decoder& in, uint64_t base, uint64_t& end) {
  size_t count = in.count(6);   // bytes that the shortest part takes
  if (count > kMostLeafParts) in.fail("too many parts");
  std::vector<Part> parts;
  end = base;
  for (size_t i = 0; i < count; ++i) {
    parts.push_back(decode_part(in, end));
    if (i > 0 && !(parts[i - 1].name < parts[i].name))
      in.fail("names out of order or twice: \"" + printable(parts[i].name) + "\"");
  }
  in.finish();
  return parts;
}

Bytes encode_catalogue_branch(std::span<const CatalogueChild> children) {
  Encoder out = begin_object(ObjectKind::kCatalogueBranch);
  out.varint(children.size());
  for (const CatalogueChild& child : children) {
    out.raw(child.id.view());
    out.varint(child.part_count);
    out.svarint(child.advance_bytes);
    out.string(child.first_name);
  }
  return out.take();
}

std::vector<CatalogueChild> decode_catalogue_branch(Decoder& in) {
  std::vector<CatalogueChild> children(in.count(35));
  if (children.empty()) in.fail("a branch without children");
  for (size_t i = 0; i < children.size(); ++i) {
    CatalogueChild& child = children[i];
    child.id = ChunkId::from_bytes(in.raw(32));
    child.part_count = in.varint();
    child.advance_bytes = in.svarint();
    child.first_name = in.string(kMostNameBytes);
    if (i > 0 && !(children[i - 1].first_name < child.first_name)) in.fail("branches out of order");
  }
  in.finish();
  return children;
}

bool CatalogueWriter::holds(const Part& part) {
  for (const auto& [key, value] : part.properties)
    if (key.size() > kMostKindBytes) return false;
  return valid_part_name(part.name) && part.kind.size() <= kMostKindBytes && weight(part) <= kMostObjectBytes - kLeafMostBytes - kVarint;
}

void CatalogueWriter::add(Part part) {
  if (!holds(part)) throw Error(ErrorCode::kInvalidArgument, "part " + printable(part.name) + ": too long, or oddly named, for a catalogue");
  leaf_bytes_ += weight(part);
  bool may_end = leaf_bytes_ >= kLeafLeastBytes && name_hash(part.name) % kLeafOneIn == 0;
  leaf_.push_back(std::move(part));
  if (may_end || leaf_bytes_ >= kLeafMostBytes) close_leaf();
}

void CatalogueWriter::close_leaf() {
  uint64_t base = end_;
  ChunkId id = put_(encode_catalogue_leaf(leaf_, base, end_));
  children_.push_back({id, leaf_.size(), static_cast<int64_t>(end_ - base), leaf_.empty() ? "" : leaf_.front().name});
  leaf_.clear();
  leaf_bytes_ = 0;
}

ChunkId CatalogueWriter::finish() {
  if (!leaf_.empty() || children_.empty()) close_leaf();
  while (children_.size() > 1) {
    std::vector<CatalogueChild> parents;
    for (size_t begin = 0; begin < children_.size();) {
      // A branch ends by content too (after a child whose id says so), so that branches share as leaves do.
      CatalogueChild sum = children_[begin];
      size_t end = begin + 1, name_bytes = sum.first_name.size();
      while (end < children_.size() && end - begin < kBranchMost && name_bytes < kBranchMostBytes &&
             !(end - begin >= kBranchLeast && children_[end - 1].id.bytes[0] == 0)) {
        sum.part_count += children_[end].part_count;
        sum.advance_bytes += children_[end].advance_bytes;
        name_bytes += children_[end++].first_name.size();
      }
      sum.id = put_(encode_catalogue_branch({children_.data() + begin, end - begin}));
      parents.push_back(std::move(sum));
      begin = end;
    }
    children_ = std::move(parents);
  }
  return children_[0].id;
}

ChunkId write_catalogue(const PutObject& put, std::vector<Part> parts) {
  std::ranges::sort(parts, {}, &Part::name);
  auto twice = std::ranges::adjacent_find(parts, {}, &Part::name);
  if (twice != parts.end()) throw Error(ErrorCode::kInvalidArgument, "part " + printable(twice->name) + ": is there twice");
  CatalogueWriter writer(put);
  for (Part& part : parts) writer.add(std::move(part));
  return writer.finish();
}

CatalogueReader::CatalogueReader(GetObject get, const ChunkId& root, uint64_t content_bytes)
    : get_(std::move(get)), root_(root), content_bytes_(content_bytes) {
  seek("");
}

// Goes down to the leaf that may hold `towards`.  `told`: what the branch above says of `id`; nullptr for the root.
void CatalogueReader::open(const ChunkId& id, uint64_t base, const CatalogueChild* told, std::string_view towards) {
  CatalogueChild child{id, 0, 0, ""};
  if (told) child = *told;
  for (bool root = !told;; root = false) {
    Buffer bytes = get_(child.id);
    Decoder in(bytes, object_name(child.id));
    if (bytes.size() > kMostObjectBytes) in.fail("longer than a tree object may be");
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kCatalogueLeaf) {
      uint64_t end = 0;
      leaf_ = decode_catalogue_leaf(in, base, end);
      at_ = 0;
      if (root) count_ = leaf_.size();
      return check_leaf(root ? nullptr : &child, base, end);
    }
    if (kind != ObjectKind::kCatalogueBranch) in.fail("not a catalogue");
    if (levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    Level level{decode_catalogue_branch(in), 0, base};
    CatalogueChild sum{child.id, 0, 0, level.children.front().first_name};
    for (const CatalogueChild& one : level.children) {
      sum.part_count += one.part_count;
      sum.advance_bytes = static_cast<int64_t>(static_cast<uint64_t>(sum.advance_bytes) + static_cast<uint64_t>(one.advance_bytes));
    }
    if (!root && sum != child) in.fail("holds other parts than the branch above it says");
    if (root) count_ = sum.part_count;
    level.at = child_for(level.children, towards);
    for (size_t i = 0; i < level.at; ++i) level.base += static_cast<uint64_t>(level.children[i].advance_bytes);
    base = level.base;
    child = level.children[level.at];
    level.base += static_cast<uint64_t>(level.children[level.at++].advance_bytes);
    levels_.push_back(std::move(level));
  }
}

void CatalogueReader::check_leaf(const CatalogueChild* told, uint64_t base, uint64_t end) const {
  auto fail = [&](const std::string& why) { throw Error(ErrorCode::kCorrupt, object_name(told ? told->id : root_) + ": " + why); };
  if (told && (leaf_.empty() || leaf_.size() != told->part_count || leaf_.front().name != told->first_name ||
               static_cast<uint64_t>(told->advance_bytes) != end - base))
    fail("holds other parts than the branch above it says");
  if (!leaf_.empty() && !last_name_.empty() && !(last_name_ < leaf_.front().name)) fail("parts out of order");
  for (const Part& part : leaf_) {
    uint64_t size = part.preamble.size();
    for (const Extent& extent : part.extents) {
      if (extent.length_bytes > content_bytes_ || extent.offset_bytes > content_bytes_ - extent.length_bytes)
        fail("part " + printable(part.name) + " reaches beyond the end of its stream");
      size += extent.length_bytes;
      if (size < extent.length_bytes) fail("part " + printable(part.name) + " is longer than can be");
    }
  }
}

// False at the end.
bool CatalogueReader::next_leaf(std::string_view towards) {
  while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
  if (levels_.empty()) return false;
  if (!leaf_.empty()) last_name_ = leaf_.back().name;
  Level& level = levels_.back();
  uint64_t base = level.base;
  CatalogueChild child = level.children[level.at++];
  level.base += static_cast<uint64_t>(child.advance_bytes);
  open(child.id, base, &child, towards);
  return true;
}

void CatalogueReader::seek(std::string_view name) {
  bool here = !leaf_.empty() && leaf_.front().name <= name && name <= leaf_.back().name;
  if (!here) {
    levels_.clear();
    leaf_.clear();
    last_name_.clear();
    open(root_, 0, nullptr, name);
  }
  auto from = std::ranges::lower_bound(leaf_, name, {}, [](const Part& part) { return std::string_view(part.name); });
  at_ = static_cast<size_t>(from - leaf_.begin());
}

const Part* CatalogueReader::next() {
  if (at_ == leaf_.size() && !next_leaf("")) return nullptr;
  return &leaf_[at_++];
}

std::optional<Part> CatalogueReader::find(std::string_view name) {
  seek(name);
  if (at_ == leaf_.size() || leaf_[at_].name != name) return std::nullopt;
  return leaf_[at_];
}

void CatalogueReader::scan(std::string_view begin, const std::function<bool(const Part&)>& visit) {
  seek(begin);
  while (const Part* part = next())
    if (!visit(*part)) return;
}

}  // namespace cairn
