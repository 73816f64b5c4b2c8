#include "ingest/document/element_name.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "ingest/parts/names.h"
#include "store/crypto/sodium.h"

namespace cairn {

namespace {

constexpr size_t kMostNameBytes = 200;   // file systems take 255, and "~", a place and an ending follow
constexpr std::string_view kEnding = ".json", kEscapedEnding = "%2Ejson";   // of an element's file
constexpr size_t kLeastSlots = 16, kMostKeptSlots = 1024;

// Nearly every label: letters, digits and a few more, nothing that escaping would touch.
bool stays_as_it_is(std::string_view label) {
  bool plain = !label.empty() && label.front() != '.' && !label.ends_with(kEnding);
  for (const char c : label) plain &= static_cast<uint8_t>(c) >= 0x20 && c != 0x7f && c != '%' && c != '/';
  return plain;
}

// Whoever writes a document can know the hashes of its names, but not where they are put: names made to meet would take a time that
// is quadratic in their number.
size_t first_slot(uint64_t hash, size_t slots) {
  static const uint64_t factor = [] {
    uint64_t out = 0;
    random_fill({reinterpret_cast<uint8_t*>(&out), sizeof out});
    return out | 1;
  }();
  return static_cast<size_t>(hash * factor >> (64 - std::countr_zero(slots)));
}

// Where a name may be cut so that neither a character nor an escape is torn.
size_t cut_before(std::string_view name, size_t end) {
  while (end > 0 && (static_cast<uint8_t>(name[end]) & 0xc0) == 0x80) --end;
  if (end == 0) end = kMostNameBytes;   // no UTF-8
  const size_t percent = name.rfind('%', end);
  return percent != name.npos && percent < end && percent + 2 >= end ? percent : end;
}

}  // namespace

std::string element_name(std::string_view label, uint64_t place) {
  std::string out;
  make_element_name(label, place, out);
  return out;
}

void make_element_name(std::string_view label, uint64_t place, std::string& out) {
  if (label.size() <= kMostNameBytes && stays_as_it_is(label)) {
    out.assign(label);
    return;
  }
  // Escaping makes nothing shorter.
  out = escape_part_name(label.substr(0, kMostNameBytes + 1));
  // What is in "a.json" would else stand in a directory that is called like the file of "a".
  if (out.ends_with(kEnding)) out.replace(out.size() - kEnding.size(), kEnding.size(), kEscapedEnding);
  if (out.size() <= kMostNameBytes) return;
  out.resize(cut_before(out, kMostNameBytes));
  out.append("~").append(std::to_string(place));
}

std::optional<std::string> label_of_element(std::string_view name) {
  if (auto label = unescape_part_name(name)) return label;
  if (!name.ends_with(kEscapedEnding)) return std::nullopt;
  return unescape_part_name(std::string(name.substr(0, name.size() - kEscapedEnding.size())).append(kEnding));
}

void UsedNames::claim(std::string& name, uint64_t place) {
  while (!add(std::hash<std::string_view>()(name))) name.append("~").append(std::to_string(place));
}

void UsedNames::expect(std::string_view name) const {
  if (slots_.size() > kMostKeptSlots) __builtin_prefetch(&slots_[first_slot(std::hash<std::string_view>()(name), slots_.size())]);
}

void UsedNames::clear() {
  if (used_ == 0) return;
  if (slots_.size() > kMostKeptSlots) {
    slots_ = {};
  } else {
    std::fill(slots_.begin(), slots_.end(), 0);
  }
  used_ = 0;
}

// False when it is there already.
bool UsedNames::add(uint64_t hash) {
  if (hash == 0) hash = 1;
  if (used_ * 4 >= slots_.size() * 3) grow();
  const size_t mask = slots_.size() - 1;
  size_t at = first_slot(hash, slots_.size());
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (slots_[at] == hash) return false;
  }
  slots_[at] = hash;
  ++used_;
  return true;
}

void UsedNames::grow() {
  std::vector<uint64_t> old = std::move(slots_);
  slots_.assign(std::max(old.size() * 2, kLeastSlots), 0);
  used_ = 0;
  for (uint64_t hash : old) {
    if (hash != 0) add(hash);
  }
}

}  // namespace cairn
