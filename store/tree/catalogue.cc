#include "store/tree/catalogue.h"

#include <algorithm>
#include <cstring>

#include "store/tree/entry.h"

namespace cairn {

namespace {

constexpr size_t kMostNameBytes = 64 << 10;
constexpr size_t kMostElements = 64;          // of a name
constexpr size_t kMostElementBytes = 4096;    // as names of entries
constexpr size_t kMostKindBytes = 255;    // and names of properties
constexpr size_t kMostLeafParts = 64 << 10;   // a leaf in memory is many times its bytes
constexpr size_t kCatalogueLeafLeast = 4 << 10;   // a leaf may end after this many
constexpr uint64_t kCatalogueLeafOneIn = 16;           // names; small leaves, because one changed part rewrites its leaf
constexpr size_t kCatalogueLeafMost = 256 << 10;
constexpr size_t kBranchLeast = 16, kCatalogueBranchMost = 1024;  // children of a branch
constexpr size_t kBranchMostBytes = 1 << 20;  // names are long here
constexpr size_t kVarint = 10;                // bytes at most
constexpr size_t kLeafBeginning = 2 + kVarint;   // kind, version, how many

// FNV-1a: only decides where leaves end, so that a part more or less touches one leaf.
uint64_t part_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash ^ hash >> 29;
}

// As valid_entry_name(), of what has neither a slash nor a NUL.  It is asked for every part, and looks for these itself.
bool valid_element(std::string_view name) {
  const bool dots = name.size() <= 2 && name == std::string_view("..").substr(0, name.size());
  return !dots && name.size() <= kMostElementBytes;
}

uint8_t* put_varint(uint8_t* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

uint8_t* put_string(uint8_t* out, std::string_view string) {
  out = put_varint(out, string.size());
  if (!string.empty()) std::memcpy(out, string.data(), string.size());
  return out + string.size();
}

// Not less than its encoding.
size_t weight_of_body(const Part& part) {
  size_t bytes = 5 * kVarint + part.kind.size() + part.preamble.size() + 2 * kVarint * part.extents.size();
  for (const auto& [key, value] : part.properties) bytes += 2 * kVarint + key.size() + value.size();
  return bytes;
}

// Not less than the encoding of the part; nullopt when no catalogue can hold it.
std::optional<size_t> weight_if_held(const Part& part) {
  if (part.kind.size() > kMostKindBytes || !valid_part_name(part.name)) return std::nullopt;
  const size_t weight = part.name.size() + weight_of_body(part);
  if (weight > kMostObjectBytes - kCatalogueLeafMost - kVarint) return std::nullopt;
  for (const auto& [key, value] : part.properties)
    if (key.size() > kMostKindBytes) return std::nullopt;
  return weight;
}

void append_name(Bytes& out, std::string_view name) {
  const size_t begin = out.size();
  out.resize(begin + kVarint + name.size());
  out.resize(static_cast<size_t>(put_string(out.data() + begin, name) - out.data()));
}

// Writes a leaf's first bytes so that they end where its parts begin.   Returns how many.
size_t put_leaf_beginning(uint8_t* parts, uint64_t count) {
  Encoder out = begin_object(ObjectKind::kCatalogueLeaf);
  out.varint(count);
  std::memcpy(parts - out.size(), out.out().data(), out.size());
  return out.size();
}

void read_part(Decoder& in, Part& part, uint64_t& end) {
  part.name.assign(text(in.bytes(kMostNameBytes)));
  if (!valid_part_name(part.name)) in.fail("an impossible name of a part: \"" + printable(part.name) + "\"");
  read_part_body(in, part, end);
}

// Properties are like those of the part before, most often: what stands there is overwritten.
void read_properties(Decoder& in, std::map<std::string, std::string>& properties) {
  auto at = properties.begin();
  std::string_view last;
  const size_t count = in.count(2);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view key = text(in.bytes(kMostKindBytes));
    if (i > 0 && key <= last) in.fail("properties out of order");
    last = key;
    const std::string_view value = text(in.bytes(kMostObjectBytes));
    while (at != properties.end() && at->first < key) at = properties.erase(at);
    if (at == properties.end() || at->first != key) at = properties.emplace_hint(at, key, value);
    else at->second.assign(value);
    ++at;
  }
  properties.erase(at, properties.end());
}

// Returns how many of `parts` it has; the others are left over from leaves before.
size_t read_leaf(Decoder& in, uint64_t base, uint64_t& end, std::vector<Part>& parts) {
  const size_t count = in.count(6);   // bytes that the shortest part takes
  if (count > kMostLeafParts) in.fail("too many parts");
  end = base;
  for (size_t i = 0; i < count; ++i) {
    if (i == parts.size()) parts.emplace_back();
    read_part(in, parts[i], end);
    if (i > 0 && !(parts[i - 1].name < parts[i].name)) in.fail("names out of order or twice: \"" + printable(parts[i].name) + "\"");
  }
  in.finish();
  return count;
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
  if (name.size() > kMostNameBytes || name.find('\0') != name.npos) return false;
  for (size_t element = 1; element <= kMostElements; ++element) {
    const size_t slash = name.find('/');
    if (!valid_element(name.substr(0, slash))) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
  return false;
}

void append_part_body(Bytes& out, const Part& part, uint64_t& end) {
  const size_t begin = out.size();
  out.resize(begin + weight_of_body(part));
  uint8_t* at = put_string(out.data() + begin, part.kind);
  at = put_string(at, text(part.preamble));
  at = put_varint(at, part.extents.size());
  for (const Extent& extent : part.extents) {
    const auto gap = static_cast<int64_t>(extent.offset_bytes - end);
    at = put_varint(at, static_cast<uint64_t>(gap) << 1 ^ static_cast<uint64_t>(gap >> 63));   // as Encoder::svarint()
    at = put_varint(at, extent.length_bytes);
    end = extent.offset_bytes + extent.length_bytes;
  }
  at = put_varint(at, part.properties.size());
  for (const auto& [key, value] : part.properties) at = put_string(put_string(at, key), value);
  out.resize(static_cast<size_t>(at - out.data()));
}

void read_part_body(Decoder& in, Part& part, uint64_t& end) {
  part.kind.assign(text(in.bytes(kMostKindBytes)));
  const ByteView preamble = in.bytes();
  part.preamble.assign(preamble.begin(), preamble.end());
  part.extents.resize(in.count(2));
  for (Extent& extent : part.extents) {
    extent.offset_bytes = end + static_cast<uint64_t>(in.svarint());
    extent.length_bytes = in.varint();
    end = extent.offset_bytes + extent.length_bytes;
    if (end < extent.offset_bytes) in.fail("an extent beyond all bounds");
  }
  read_properties(in, part.properties);
}

Bytes encode_catalogue_leaf(std::span<const Part> parts, uint64_t base, uint64_t& end) {
  Bytes out(kLeafBeginning);
  end = base;
  for (const Part& part : parts) {
    append_name(out, part.name);
    append_part_body(out, part, end);
  }
  const size_t beginning = put_leaf_beginning(out.data() + kLeafBeginning, parts.size());
  out.erase(out.begin(), out.begin() + static_cast<ptrdiff_t>(kLeafBeginning - beginning));
  return out;
}

std::vector<Part> decode_catalogue_leaf(Decoder& in, uint64_t base, uint64_t& end) {
  std::vector<Part> parts;
  read_leaf(in, base, end, parts);
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

bool CatalogueWriter::holds(const Part& part) { return weight_if_held(part).has_value(); }

void CatalogueWriter::add(const Part& part) {
  if (offer(part)) return;
  throw Error(ErrorCode::kInvalidArgument, "part " + printable(part.name) + ": too long, or oddly named, for a catalogue");
}

bool CatalogueWriter::offer(const Part& part) {
  const std::optional<size_t> weight = weight_if_held(part);
  if (!weight) return false;
  if (leaf_parts_++ == 0) {
    leaf_.resize(kLeafBeginning);
    first_name_ = part.name;
  }
  append_name(leaf_, part.name);
  append_part_body(leaf_, part, end_);
  leaf_weight_ += *weight;
  const bool may_end = leaf_weight_ >= kCatalogueLeafLeast && part_hash(part.name) % kCatalogueLeafOneIn == 0;
  if (may_end || leaf_weight_ >= kCatalogueLeafMost) close_leaf();
  return true;
}

void CatalogueWriter::close_leaf() {
  leaf_.resize(std::max(leaf_.size(), kLeafBeginning));   // without parts
  const size_t beginning = put_leaf_beginning(leaf_.data() + kLeafBeginning, leaf_parts_);
  const ChunkId id = put_(ByteView(leaf_).subspan(kLeafBeginning - beginning));
  children_.push_back({id, leaf_parts_, static_cast<int64_t>(end_ - base_), std::move(first_name_)});
  leaf_.clear();
  first_name_.clear();
  leaf_parts_ = leaf_weight_ = 0;
  base_ = end_;
}

ChunkId CatalogueWriter::finish() {
  if (leaf_parts_ > 0 || children_.empty()) close_leaf();
  while (children_.size() > 1) {
    std::vector<CatalogueChild> parents;
    for (size_t begin = 0; begin < children_.size();) {
      // A branch ends by content too (after a child whose id says so), so that branches share as leaves do.
      CatalogueChild sum = children_[begin];
      size_t end = begin + 1, name_bytes = sum.first_name.size();
      while (end < children_.size() && end - begin < kCatalogueBranchMost && name_bytes < kBranchMostBytes &&
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
  for (const Part& part : parts) writer.add(part);
  return writer.finish();
}

CatalogueReader::CatalogueReader(GetObject get, const ChunkId& root, uint64_t content_bytes)
    : get_(std::move(get)), root_(root), content_bytes_(content_bytes) {
  seek("");
}

// Goes down to the leaf that may hold `towards`.  `base`, `number`: where what is beneath `id` begins; `told`: what the branch above
// says of it, nullptr for the root.
void CatalogueReader::open(const ChunkId& id, uint64_t base, uint64_t number, const CatalogueChild* told, Towards towards) {
  CatalogueChild child{id, 0, 0, ""};
  if (told) child = *told;
  for (bool root = !told;; root = false) {
    Buffer bytes = get_(child.id);
    Decoder in(bytes, object_name(child.id));
    if (bytes.size() > kMostObjectBytes) in.fail("longer than a tree object may be");
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kCatalogueLeaf) {
      uint64_t end = 0;
      leaf_parts_ = 0;
      read_bytes_ += bytes.size();
      if (read_bytes_ > kMostObjectBytes) {   // each may have had its longest part elsewhere
        parts_.clear();
        read_bytes_ = bytes.size();
      }
      leaf_parts_ = read_leaf(in, base, end, parts_);
      at_ = 0;
      leaf_number_ = number;
      if (root) count_ = leaf_parts_;
      return check_leaf(root ? nullptr : &child, base, end);
    }
    if (kind != ObjectKind::kCatalogueBranch) in.fail("not a catalogue");
    if (levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    Level level{decode_catalogue_branch(in), 0, base, number};
    CatalogueChild sum{child.id, 0, 0, level.children.front().first_name};
    for (const CatalogueChild& one : level.children) {
      sum.part_count += one.part_count;
      sum.advance_bytes = static_cast<int64_t>(static_cast<uint64_t>(sum.advance_bytes) + static_cast<uint64_t>(one.advance_bytes));
    }
    if (!root && sum != child) in.fail("holds other parts than the branch above it says");
    if (root) count_ = sum.part_count;
    const size_t by_name = child_for(level.children, towards.name);
    while (level.at + 1 < level.children.size() &&
           (towards.number ? level.number + level.children[level.at].part_count <= *towards.number : level.at < by_name))
      level.enter();
    base = level.base;
    number = level.number;
    child = level.enter();
    levels_.push_back(std::move(level));
  }
}

void CatalogueReader::check_leaf(const CatalogueChild* told, uint64_t base, uint64_t end) const {
  auto fail = [&](const std::string& why) { throw Error(ErrorCode::kCorrupt, object_name(told ? told->id : root_) + ": " + why); };
  const std::span<const Part> leaf = this->leaf();
  if (told && (leaf.empty() || leaf.size() != told->part_count || leaf.front().name != told->first_name ||
               static_cast<uint64_t>(told->advance_bytes) != end - base))
    fail("holds other parts than the branch above it says");
  if (!leaf.empty() && !last_name_.empty() && !(last_name_ < leaf.front().name)) fail("parts out of order");
  for (const Part& part : leaf) {
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
bool CatalogueReader::next_leaf() {
  while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
  if (levels_.empty()) return false;
  if (leaf_parts_ > 0) last_name_ = leaf().back().name;
  const uint64_t base = levels_.back().base, number = levels_.back().number;
  const CatalogueChild child = levels_.back().enter();
  open(child.id, base, number, &child, {"", std::nullopt});
  return true;
}

void CatalogueReader::open_root(Towards towards) {
  levels_.clear();
  leaf_parts_ = 0;
  last_name_.clear();
  open(root_, 0, 0, nullptr, towards);
}

void CatalogueReader::seek_number(uint64_t number) {
  if (number < leaf_number_ || number - leaf_number_ >= leaf_parts_) open_root({"", number});
  at_ = static_cast<size_t>(std::min<uint64_t>(number - leaf_number_, leaf_parts_));
}

void CatalogueReader::seek(std::string_view name) {
  const std::span<const Part> old = leaf();
  if (old.empty() || name < old.front().name || old.back().name < name) open_root({name, std::nullopt});
  auto from = std::ranges::lower_bound(leaf(), name, {}, [](const Part& part) { return std::string_view(part.name); });
  at_ = static_cast<size_t>(from - leaf().begin());
}

const Part* CatalogueReader::next() {
  if (at_ == leaf_parts_ && !next_leaf()) return nullptr;
  return &parts_[at_++];
}

std::optional<Part> CatalogueReader::find(std::string_view name) {
  seek(name);
  if (at_ == leaf_parts_ || parts_[at_].name != name) return std::nullopt;
  return parts_[at_];
}

void CatalogueReader::scan(std::string_view begin, const std::function<bool(const Part&)>& visit) {
  seek(begin);
  while (const Part* part = next())
    if (!visit(*part)) return;
}

}  // namespace cairn
