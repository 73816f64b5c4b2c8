#include "store/cache/known_names.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/cache/sealed_memory.h"
#include "store/coding.h"

namespace cairn {

namespace {

constexpr uint32_t kNamesVersion = 1;
constexpr std::string_view kNamesKind = "cairnfn1";
constexpr size_t kListOverhead = 120;      // of a list in memory, beside its bytes
constexpr size_t kMostComparedLists = 16;  // that look alike: more of them are kept twice

// Versions of a directory differ in length, at an end, or in the middle; those that don't are compared whole.
uint64_t look_of(ByteView names) {
  uint64_t look = names.size() * 0x9e3779b97f4a7c15;
  for (const size_t at : {size_t{0}, names.size() / 3, names.size() / 2, names.size() - std::min<size_t>(names.size(), 8)}) {
    uint64_t word = 0;
    std::memcpy(&word, names.data() + at, std::min<size_t>(sizeof word, names.size() - at));
    look = (look ^ word) * 0x100000001b3;
    look ^= look >> 29;
  }
  return look;
}

}  // namespace

KnownNames::KnownNames(const std::string& path, const Keyring& keys, size_t most_bytes) : most_bytes_(most_bytes) {
  const std::optional<Bytes> content = read_sealed_memory(path, keys, kNamesKind, most_bytes);
  bool whole = false;
  try {
    whole = content && decode(*content);
  } catch (const Error&) {
    whole = false;
  }
  if (!whole) *this = KnownNames(most_bytes);
  learned_ = 0;
}

bool KnownNames::decode(ByteView content) {
  Decoder in(content, "names");
  if (in.u32() != kNamesVersion) return false;
  for (uint64_t left = in.count(1); left > 0; --left)
    if (add_list(in.bytes()) != lists_.size() - 1) return false;
  const size_t ids = in.count(sizeof(ChunkId) + 1);
  for (size_t i = 0; i < ids; ++i)
    if (table_.add(ChunkId::from_bytes(in.raw(ChunkId::kBytes))) != i) return false;
  std::vector<Number> children;
  for (Number object = 0; object < ids; ++object) {
    const uint64_t list = in.varint_up_to(lists_.size() + 1);
    if (list == 0) continue;
    children.resize(in.count(1));
    int64_t last = object;
    for (Number& child : children) {
      last += in.svarint();
      if (last < 0 || static_cast<uint64_t>(last) >= ids) return false;
      child = static_cast<Number>(last);
    }
    keep(object, list == 1 ? kBranch : static_cast<Number>(list - 2), children);
  }
  in.finish();
  return has_room(0);
}

KnownNames::Number KnownNames::find_list(ByteView names) const {
  size_t left = kMostComparedLists;
  for (auto [at, end] = by_look_.equal_range(look_of(names)); at != end && left > 0; ++at, --left)
    if (std::ranges::equal(lists_[at->second], names)) return at->second;
  return kNone;
}

KnownNames::Number KnownNames::add_list(ByteView names) {
  if (const Number known = find_list(names); known != kNone) return known;
  if (lists_.size() >= kBranch || !has_room(names.size() + kListOverhead)) return kNone;
  by_look_.emplace(look_of(names), static_cast<Number>(lists_.size()));
  lists_.emplace_back(names.begin(), names.end());
  list_bytes_ += names.size() + kListOverhead;
  return static_cast<Number>(lists_.size() - 1);
}

bool KnownNames::has_room(size_t more_bytes) {
  const bool room = table_.bytes() + list_bytes_ + children_.size() * sizeof(Number) + more_bytes <= most_bytes_;
  if (!room) full_ = true;
  return room;
}

void KnownNames::keep(Number object, Number list, std::span<const Number> children) {
  Object& one = table_.value(object);
  one.list = list;
  one.first_child = static_cast<uint32_t>(children_.size());
  one.children = static_cast<uint32_t>(children.size()) & (UINT32_MAX >> 1);
  children_.insert(children_.end(), children.begin(), children.end());
  ++objects_;
  ++learned_;
}

void KnownNames::learn(Number object, Number list, std::span<const Number> children) {
  if (knows(object) || !has_room((children.size() + 1) * sizeof(Number) + table_.bytes() / 4)) return;   // of slots there may be twice as many
  keep(object, list, children);
  touch(object);
}

KnownNames KnownNames::only_touched() const {
  KnownNames out(most_bytes_);
  std::vector<Number> children;
  for (Number object = 0; object < table_.size(); ++object) {
    const Object& one = table_.value(object);
    if (one.list == kNone || !one.touched) continue;
    children.clear();
    for (size_t i = 0; i < one.children; ++i) children.push_back(out.table_.add(id(child(object, i))));
    const Number list = one.list == kBranch ? kBranch : out.add_list(lists_[one.list]);
    out.keep(out.table_.add(table_.id(object)), list, children);
  }
  return out;
}

Bytes KnownNames::encode() const {
  constexpr size_t kMostNumberBytes = 5, kPiece = 64 << 10;
  Bytes out(kSharedNonceBytes);
  out.reserve(out.size() + list_bytes_ + table_.size() * (sizeof(ChunkId) + 2 * kMostNumberBytes) + children_.size() * kMostNumberBytes + 64);
  Encoder piece;
  auto flush = [&](size_t from) {
    if (piece.size() < from) return;
    out.insert(out.end(), piece.out().begin(), piece.out().end());
    piece = Encoder();
  };
  piece.u32(kNamesVersion);
  piece.varint(lists_.size());
  for (const Bytes& list : lists_) {
    piece.bytes(list);
    flush(kPiece);
  }
  piece.varint(table_.size());
  flush(0);
  for (Number object = 0; object < table_.size(); ++object) {
    const ByteView id = table_.id(object).view();
    out.insert(out.end(), id.begin(), id.end());
  }
  for (Number object = 0; object < table_.size(); ++object) {
    const Object& its = table_.value(object);
    piece.varint(its.list == kNone ? 0 : its.list == kBranch ? 1 : uint64_t{its.list} + 2);
    if (its.list != kNone) piece.varint(its.children);
    int64_t last = object;
    for (size_t i = 0; its.list != kNone && i < its.children; ++i) {
      const int64_t child = children_[its.first_child + i];
      piece.svarint(child - last);
      last = child;
    }
    flush(kPiece);
  }
  flush(0);
  return out;
}

void KnownNames::save(const std::string& path, const Keyring& keys) const {
  write_sealed_memory(path, keys, kNamesKind, full_ ? only_touched().encode() : encode());
}

}  // namespace cairn
