#include "store/index/memory_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cairn {

namespace {

constexpr size_t kKeysTogether = 2;

// The bytes after the first as a number: in their order, and uniformly distributed.
uint64_t fraction(std::string_view key) {
  uint64_t bytes;
  std::memcpy(&bytes, key.data() + 1, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) bytes = __builtin_bswap64(bytes);
  return bytes;
}

}  // namespace

bool MemoryTable::add(std::string_view key, std::string_view value) {
  if (key.size() < 1 + sizeof(uint64_t) || (size() > 0 && (key.size() != key_bytes_ || key[0] != keys_[0]))) return false;
  key_bytes_ = key.size();
  keys_ += key;
  values_ += value;
  ends_.push_back(static_cast<uint32_t>(values_.size()));
  return true;
}

bool MemoryTable::append(const MemoryTable& next) {
  if (next.size() == 0) return true;
  if (size() > 0 && (key_bytes_ != next.key_bytes_ || keys_[0] != next.keys_[0])) return false;
  const auto offset = static_cast<uint32_t>(values_.size());
  key_bytes_ = next.key_bytes_;
  keys_ += next.keys_;
  values_ += next.values_;
  for (const uint32_t end : next.ends_) ends_.push_back(offset + end);
  return true;
}

std::string_view MemoryTable::value(size_t number) const {
  const size_t begin = number == 0 ? 0 : ends_[number - 1];
  return std::string_view(values_).substr(begin, ends_[number] - begin);
}

void MemoryTable::arrange() {
  const int bits = std::clamp(static_cast<int>(std::bit_width(size() / kKeysTogether)), 1, 31);
  guide_shift_ = 64 - bits;
  guide_.assign((size_t{1} << bits) + 1, 0);
  size_t next = 0;
  for (size_t number = 0; number < size(); ++number)
    for (const size_t its = fraction(key(number)) >> guide_shift_; next <= its; ++next) guide_[next] = static_cast<uint32_t>(number);
  for (; next < guide_.size(); ++next) guide_[next] = static_cast<uint32_t>(size());
}

std::string_view MemoryTable::find(std::string_view wanted) const {
  if (wanted.size() != key_bytes_ || size() == 0 || wanted[0] != keys_[0]) return {};
  const uint64_t wanted_fraction = fraction(wanted);
  size_t low = guide_[wanted_fraction >> guide_shift_], high = guide_[(wanted_fraction >> guide_shift_) + 1];
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const uint64_t its = fraction(key(middle));
    if (its == wanted_fraction ? key(middle) < wanted : its < wanted_fraction) low = middle + 1;
    else high = middle;
  }
  return low < size() && key(low) == wanted ? value(low) : std::string_view();
}

}  // namespace cairn
