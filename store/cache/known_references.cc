#include "store/cache/known_references.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/cache/sealed_memory.h"

namespace cairn {

namespace {

constexpr std::string_view kKind = "cairnrf1";
constexpr size_t kFirstSlots = 1 << 10;
constexpr size_t kMostReferenceBytes = 6;   // of a run of one
constexpr size_t kMostVarintBytes = 5;      // of a number

size_t first_slot(const ChunkId& id, size_t slots) {
  uint64_t bytes;
  std::memcpy(&bytes, id.bytes.data(), sizeof bytes);
  return bytes & (slots - 1);
}

// Ids are compared by a call otherwise.
bool same(const ChunkId& a, const ChunkId& b) { return __builtin_memcmp(a.bytes.data(), b.bytes.data(), ChunkId::kBytes) == 0; }

size_t slots_for(size_t ids) { return std::max(kFirstSlots, std::bit_ceil(2 * ids)); }

}  // namespace

KnownReferences::KnownReferences(const std::string& path, const Keyring& keys, size_t most_bytes) : most_bytes_(most_bytes) {
  const std::optional<Bytes> content = read_sealed_memory(path, keys, kKind, most_bytes);
  bool whole = false;
  try {
    whole = content && decode(*content);
  } catch (const Error&) {
    whole = false;
  }
  if (!whole) *this = KnownReferences(most_bytes);
}

// Lists with a base are looked at when all others are there.
bool KnownReferences::decode(ByteView content) {
  Decoder in(content, "references");
  if (in.u32() != kReferencesVersion) return false;
  const size_t ids = in.count(sizeof(ChunkId));
  if (ids >= kNone) return false;
  for (size_t i = 0; i < ids; ++i) ids_.push_back(ChunkId::from_bytes(in.raw(ChunkId::kBytes)));
  list_at_.assign(ids, 0);
  lister_.assign(ids, kNone);
  rehash(slots_for(ids));
  std::vector<std::pair<Number, Number>> with_base;
  ReferenceList list;
  for (uint64_t left = in.count(4); left > 0; --left) {
    const auto object = static_cast<Number>(in.varint_up_to(ids));
    if (object >= ids || list_at_[object] != 0) return false;
    const size_t begin = in.offset();
    const ReferenceHead head = decode_head(in, object, count());
    decode_rest(in, object, head, nullptr, count(), list);
    list_at_[object] = static_cast<uint32_t>(lists_.size());
    const ByteView bytes = content.subspan(begin, in.offset() - begin);
    lists_.insert(lists_.end(), bytes.begin(), bytes.end());
    ++objects_;
    if (head.base) with_base.emplace_back(object, *head.base);
    else
      for (const Number number : list.numbers) lister_[number] = object;
  }
  in.finish();
  for (const auto& [object, base] : with_base) {
    Decoder of_base = at_list(base);
    if (!knows(base) || decode_head(of_base, base, count()).base) return false;
    whole(object, list);
  }
  return bytes() <= most_bytes_;
}

KnownReferences::Number KnownReferences::find(const ChunkId& id) const {
  if (slots_.empty()) return kNone;
  for (size_t at = first_slot(id, slots_.size()); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (same(ids_[slots_[at] - 1], id)) return slots_[at] - 1;
  return kNone;
}

KnownReferences::Number KnownReferences::object(const ChunkId& id) const {
  const Number number = find(id);
  return number != kNone && knows(number) ? number : kNone;
}

void KnownReferences::rehash(size_t slots) {
  slots_.assign(slots, 0);
  for (Number number = 0; number < ids_.size(); ++number) {
    size_t at = first_slot(ids_[number], slots);
    while (slots_[at] != 0) at = (at + 1) & (slots - 1);
    slots_[at] = number + 1;
  }
}

KnownReferences::Number KnownReferences::intern(const ChunkId& id, Number guess) {
  if (guess < ids_.size() && same(ids_[guess], id)) return guess;
  if (slots_for(ids_.size() + 1) > slots_.size()) rehash(slots_for(ids_.size() + 1));
  size_t at = first_slot(id, slots_.size());
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (same(ids_[slots_[at] - 1], id)) return slots_[at] - 1;
  ids_.push_back(id);
  list_at_.push_back(0);
  lister_.push_back(kNone);
  slots_[at] = count();
  return count() - 1;
}

bool KnownReferences::has_room(size_t references) const {
  const size_t more = references + 1;   // ids at most, and slots for them
  const size_t slots = std::max(slots_.size(), slots_for(ids_.size() + more)) - slots_.size();
  return bytes() + slots * sizeof(Number) + more * (sizeof(ChunkId) + 2 * sizeof(uint32_t) + kMostReferenceBytes) + 3 * kMostReferenceBytes <= most_bytes_;
}

// An object with a whole list that may be another version of the one that refers to these: one that refers to the first of them, or the middle one.
KnownReferences::Number KnownReferences::version_of(std::span<const ChunkId> objects, std::span<const ChunkId> chunks) const {
  const size_t all = objects.size() + chunks.size();
  for (const size_t place : {size_t{0}, all / 2}) {
    if (place >= all) break;
    const Number number = find(place < objects.size() ? objects[place] : chunks[place - objects.size()]);
    if (number != kNone && lister_[number] != kNone) return lister_[number];
  }
  return kNone;
}

// Most of a directory is as it was in another version, in the same order: what came next there is a good guess.
KnownReferences::Number KnownReferences::learn(const ChunkId& object, std::span<const ChunkId> objects, std::span<const ChunkId> chunks) {
  if (const Number known = this->object(object); known != kNone) return known;
  if (!has_room(objects.size() + chunks.size())) return kNone;
  const Number base = version_of(objects, chunks);
  ReferenceList list, version;
  if (base != kNone) whole(base, version);
  const Number number = intern(object);
  list.objects = objects.size();
  list.numbers.reserve(objects.size() + chunks.size());
  size_t next = 0;
  auto take = [&](const ChunkId& id) {
    list.numbers.push_back(intern(id, next < version.numbers.size() ? version.numbers[next] : kNone));
    ++next;
  };
  for (const ChunkId& id : objects) take(id);
  for (const ChunkId& id : chunks) take(id);
  keep(number, list, base, version);
  return number;
}

void KnownReferences::whole(Number object, ReferenceList& out) const {
  list(object, [](Number) { return false; }, out);
}

void KnownReferences::keep(Number object, const ReferenceList& list, Number base, const ReferenceList& version) {
  Encoder out;
  if (base == kNone || base == object || !encode_beyond(out, object, list, base, version)) {
    encode_whole(out, object, list);
    for (const Number number : list.numbers) lister_[number] = object;
  }
  list_at_[object] = static_cast<uint32_t>(lists_.size());
  lists_.insert(lists_.end(), out.out().begin(), out.out().end());
  ++objects_;
}

bool KnownReferences::agrees(Number object, const References& references) const {
  ReferenceList known;
  whole(object, known);
  auto same = [&](std::span<const Number> numbers, const std::vector<ChunkId>& ids) {
    return std::ranges::equal(numbers, ids, {}, [&](Number number) { return id(number); });
  };
  const std::span<const Number> numbers = known.numbers;
  return same(numbers.first(known.objects), references.objects) && same(numbers.subspan(known.objects), references.chunks);
}

// These objects, numbered anew; without slots.
KnownReferences KnownReferences::only(const std::vector<bool>& which) const {
  KnownReferences out(most_bytes_);
  std::vector<Number> numbers(ids_.size(), kNone);
  auto take = [&](Number number) {
    if (numbers[number] == kNone) {
      numbers[number] = out.count();
      out.ids_.push_back(ids_[number]);
      out.list_at_.push_back(0);
      out.lister_.push_back(kNone);
    }
    return numbers[number];
  };
  ReferenceList list, version;
  for (Number object = 0; object < count(); ++object) {
    if (!knows(object) || !which[object]) continue;
    whole(object, list);
    const Number number = take(object);
    for (Number& its : list.numbers) its = take(its);
    const Number base = list.numbers.empty() ? kNone : out.lister_[list.numbers.front()];
    if (base != kNone) out.whole(base, version);
    out.keep(number, list, base, version);
  }
  return out;
}

Bytes KnownReferences::encode() const {
  Encoder front;
  front.u32(kReferencesVersion);
  front.varint(size());
  Bytes out(kSharedNonceBytes);
  out.reserve(out.size() + size() * sizeof(ChunkId) + lists_.size() + objects_ * kMostVarintBytes + (1 << 10));
  auto append = [&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  append(front.out());
  for (const ChunkId& id : ids_) append(id.view());
  front = Encoder();
  front.varint(objects_);
  append(front.out());
  ReferenceList ignored;
  for (Number object = 0; object < count(); ++object) {
    if (!knows(object)) continue;
    Decoder list = at_list(object);
    decode_rest(list, object, decode_head(list, object, count()), nullptr, count(), ignored);
    front = Encoder();
    front.varint(object);
    append(front.out());
    append(ByteView(lists_).subspan(list_at_[object], list.offset()));
  }
  return out;
}

void KnownReferences::save(const std::string& path, const Keyring& keys, const std::vector<bool>& which) const {
  bool all = true;
  for (Number object = 0; object < count() && all; ++object) all = !knows(object) || which[object];
  write_sealed_memory(path, keys, kKind, all ? encode() : only(which).encode());
}

}  // namespace cairn
