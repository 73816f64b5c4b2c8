#include "ingest/document/element_name.h"

#include <algorithm>
#include <functional>

#include "ingest/parts/names.h"

namespace cairn {

namespace {

constexpr size_t kMostNameBytes = 200;   // file systems take 255, and "~", a place and an ending follow
constexpr std::string_view kEnding = ".json", kEscapedEnding = "%2Ejson";   // of an element's file
constexpr size_t kLeastSlots = 16, kMostKeptSlots = 1024;

// Where a name may be cut so that neither a character nor an escape is torn.
size_t cut_before(std::string_view name, size_t end) {
  while (end > 0 && (static_cast<uint8_t>(name[end]) & 0xc0) == 0x80) --end;
  if (end == 0) end = kMostNameBytes;   // no UTF-8
  const size_t percent = name.rfind('%', end);
  return percent != name.npos && percent < end && percent + 2 >= end ? percent : end;
}

}  // namespace

std::string element_name(std::string_view label, uint64_t place) {
  // Escaping makes nothing shorter.
  std::string out = escape_part_name(label.substr(0, kMostNameBytes + 1));
  // What is in "a.json" would else stand in a directory that is called like the file of "a".
  if (out.ends_with(kEnding)) out.replace(out.size() - kEnding.size(), kEnding.size(), kEscapedEnding);
  if (out.size() <= kMostNameBytes) return out;
  out.resize(cut_before(out, kMostNameBytes));
  return out + "~" + std::to_string(place);
}

std::optional<std::string> label_of_element(std::string_view name) {
  if (auto label = unescape_part_name(name)) return label;
  if (!name.ends_with(kEscapedEnding)) return std::nullopt;
  return unescape_part_name(std::string(name.substr(0, name.size() - kEscapedEnding.size())).append(kEnding));
}

std::string UsedNames::claim(std::string name, uint64_t place) {
  while (!add(std::hash<std::string_view>()(name))) name += "~" + std::to_string(place);
  return name;
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
  size_t at = hash & mask;
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
