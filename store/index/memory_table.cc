#include "store/index/memory_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cairn {

namespace {

// The bytes after the first as a number: in their order, and uniformly distributed.
uint64_t fraction(std::string_view key) {
  uint64_t bytes;
  std::memcpy(&bytes, key.data() + 1, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) bytes = __builtin_bswap64(bytes);
  return bytes;
}

}  // namespace

bool MemoryTable::add(std::string_view key, std::string_view value) {
  if (key.size() < 1 + sizeof(uint64_t) || (size() > 0 && key.size() != key_bytes_)) return false;
  key_bytes_ = key.size();
  keys_ += key;
  values_ += value;
  ends_.push_back(static_cast<uint32_t>(values_.size()));
  return true;
}

bool MemoryTable::append(const MemoryTable& next) {
  if (next.size() == 0) return true;
  if (size() > 0 && key_bytes_ != next.key_bytes_) return false;
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

// Steps of growing width from where the key should be, then halving between the last two.
std::string_view MemoryTable::find(std::string_view wanted) const {
  if (wanted.size() != key_bytes_ || size() == 0) return {};
  const uint64_t wanted_fraction = fraction(wanted);
  auto below = [&](size_t number) {
    const std::string_view there = key(number);
    const uint64_t its = fraction(there);
    return its == wanted_fraction && there[0] == wanted[0] ? there < wanted : std::pair(there[0], its) < std::pair(wanted[0], wanted_fraction);
  };
  const size_t guess = static_cast<size_t>((wanted_fraction >> 32) * size() >> 32);
  size_t low = guess, high = guess;   // what is below low is smaller; what is at high, or beyond, isn't
  for (size_t step = 8; low > 0 && !below(low - 1); step *= 2) {
    high = low - 1;
    low -= std::min(step, low);
  }
  for (size_t step = 8; high < size() && below(high); step *= 2) {
    low = high + 1;
    high += std::min(step, size() - high);
  }
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low < size() && key(low) == wanted ? value(low) : std::string_view();
}

}  // namespace cairn
