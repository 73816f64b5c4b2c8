#include "ingest/postgres/archive/tar_header.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kNameBytes = 100, kSizeAt = 124, kSizeBytes = 12, kSumAt = 148, kSumBytes = 8, kTypeAt = 156;
constexpr uint64_t kMostMemberBytes = uint64_t{1} << 60;

// Octal digits up to a blank or NUL, or (beyond 8 GiB) a number of 11 bytes behind one that is 0x80.
std::optional<uint64_t> number(ByteView field) {
  uint64_t value = 0;
  if (field[0] == 0x80) {
    for (const uint8_t byte : field.subspan(1)) {
      if (value > kMostMemberBytes) return std::nullopt;
      value = value << 8 | byte;
    }
    return value > kMostMemberBytes ? std::nullopt : std::optional(value);
  }
  size_t at = 0;
  while (at < field.size() && field[at] == ' ') ++at;
  const size_t begin = at;
  for (; at < field.size() && field[at] >= '0' && field[at] <= '7'; ++at) value = value * 8 + (field[at] - '0');
  if (at == begin || (at < field.size() && field[at] != ' ' && field[at] != 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<TarHeader> parse_tar_header(ByteView block) {
  uint64_t sum = 0;
  for (size_t at = 0; at < kTarBlockBytes; ++at) sum += at >= kSumAt && at < kSumAt + kSumBytes ? ' ' : block[at];
  if (number(block.subspan(kSumAt, kSumBytes)) != sum) return std::nullopt;
  const auto size = number(block.subspan(kSizeAt, kSizeBytes));
  if (!size) return std::nullopt;
  TarHeader header;
  header.size_bytes = *size;
  const ByteView name = block.first(kNameBytes);
  header.name = text(name.first(static_cast<size_t>(std::ranges::find(name, 0) - name.begin())));
  header.regular = block[kTypeAt] == '0' || block[kTypeAt] == 0;
  return header;
}

bool tar_end(ByteView block) {
  return std::ranges::all_of(block.first(kTarBlockBytes), [](uint8_t byte) { return byte == 0; });
}

size_t tar_padding(uint64_t size_bytes) {
  return static_cast<size_t>((kTarBlockBytes - size_bytes % kTarBlockBytes) % kTarBlockBytes);
}

}  // namespace cairn
