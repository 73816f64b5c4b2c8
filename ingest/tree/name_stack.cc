#include "ingest/tree/name_stack.h"

#include <dirent.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <limits>

namespace cairn {

namespace {

constexpr size_t kListingBytes = 64 << 10;  // a call a directory nearly always: some 2,000 names
constexpr unsigned kBlockBits = 20;         // 1 MiB: small beside a big directory, large beside a name
constexpr size_t kBlockBytes = size_t{1} << kBlockBits;
constexpr uint64_t kMaxBytes = std::numeric_limits<uint32_t>::max();

bool dots(const char* name) { return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')); }

}  // namespace

NameStack::NameStack() : listing_(std::make_unique_for_overwrite<char[]>(kListingBytes)) {}

char* NameStack::place(uint32_t at) const { return blocks_[at >> kBlockBits].get() + (at & (kBlockBytes - 1)); }

NameStack::Name NameStack::at(size_t index) const {
  const char* stored = place(places_[index]);
  return {stored + 1, static_cast<unsigned char>(stored[0])};
}

void NameStack::add(const char* name, unsigned char type) {
  const size_t size = std::strlen(name) + 2;
  if ((used_bytes_ & (kBlockBytes - 1)) + size > kBlockBytes) used_bytes_ = (used_bytes_ | (kBlockBytes - 1)) + 1;
  if (used_bytes_ >> kBlockBits >= blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
  const auto at = static_cast<uint32_t>(used_bytes_);
  char* stored = place(at);
  stored[0] = static_cast<char>(type);
  std::memcpy(stored + 1, name, size - 1);
  used_bytes_ += size;
  places_.push_back(at);
}

NameStack::Level NameStack::push(int directory_fd, Monitor& monitor, int* error_number) {
  Level level = top();
  *error_number = 0;
  for (;;) {
    monitor.check_interrupted();
    const ssize_t filled = ::getdents64(directory_fd, listing_.get(), kListingBytes);
    if (filled < 0 && errno == EINTR) continue;
    if (filled < 0) *error_number = errno;
    if (filled <= 0 || used_bytes_ + 2 * kBlockBytes > kMaxBytes) {
      if (filled > 0) *error_number = EOVERFLOW;
      break;
    }
    for (size_t at = 0; at < static_cast<size_t>(filled);) {
      const auto* found = reinterpret_cast<const struct ::dirent64*>(listing_.get() + at);
      if (!dots(found->d_name)) add(found->d_name, found->d_type);
      at += found->d_reclen;
    }
  }
  const auto first = places_.begin() + static_cast<std::ptrdiff_t>(level.begin);
  const auto name = [this](uint32_t at) { return place(at) + 1; };
  std::sort(first, places_.end(), [&](uint32_t a, uint32_t b) { return std::strcmp(name(a), name(b)) < 0; });
  // Some file systems list a name twice when the directory changes meanwhile.
  const auto same = [&](uint32_t a, uint32_t b) { return std::strcmp(name(a), name(b)) == 0; };
  places_.erase(std::unique(first, places_.end(), same), places_.end());
  level.end = places_.size();
  return level;
}

void NameStack::pop(const Level& level) {
  assert(level.end == places_.size());
  places_.resize(level.begin);
  used_bytes_ = level.used_before_bytes;
  // One empty block stays, lest a walk at the edge of one allocates for every directory.
  blocks_.resize(std::min(blocks_.size(), static_cast<size_t>(used_bytes_ >> kBlockBits) + 2));
}

size_t NameStack::find(const Level& level, const char* name) const {
  const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(level.begin);
  const auto end = places_.begin() + static_cast<std::ptrdiff_t>(level.end);
  const auto before = [this](uint32_t at, const char* wanted) { return std::strcmp(place(at) + 1, wanted) < 0; };
  const auto found = std::lower_bound(begin, end, name, before);
  return found != end && std::strcmp(place(*found) + 1, name) == 0 ? static_cast<size_t>(found - places_.begin()) : level.end;
}

bool NameStack::contains(const Level& level, const char* name) const { return find(level, name) != level.end; }

size_t NameStack::keep_only(Level& level, const char* name) {
  const size_t gone = level.end - level.begin - 1;
  places_[level.begin] = places_[find(level, name)];
  level.end = level.begin + 1;
  places_.resize(level.end);
  return gone;
}

}  // namespace cairn
