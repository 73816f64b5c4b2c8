// Sizes and times as people narrow a search with them.
//
// Threads:  functions are thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn {

struct SizeRange {
  std::optional<uint64_t> least_bytes, most_bytes;   // both included
};
// "10M..1G", "10M..", "..1G", "+10M" (that or more), "-10M" (that or less), "4096" (exactly that).   UsageError.
SizeRange parse_size_range(std::string_view text);

// A moment, in ns since the epoch: "2026-11-20T03:00:12Z" (with a fraction, or +01:00; without a zone local time), "2026-11-20T03:00",
// "2026-11-20" (its beginning), or so long before `now_ns`: "90s", "15m", "36h", "30d", "2w", "1y" (365 days).   UsageError.
int64_t parse_moment(std::string_view text, int64_t now_ns);

}  // namespace cairn
