// How things look to people: sizes, durations, times, widths, colours.
// Sizes are in powers of 1024 with their honest units (KiB, MiB), one digit after the point.
//
// Threads:  functions are thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/tree/entry.h"

namespace cairn {

bool is_terminal(int fd);
// Only on a terminal, and not when NO_COLOR is set or TERM is "dumb".
bool wants_colour(int fd);
// Columns of the terminal at `fd`, 80 when nobody knows.
size_t terminal_width(int fd);

// "0 B", "999 B", "1.3 GiB".
std::string human_size(uint64_t size_bytes);
// What human_size wrote, and what people write: "100M", "1.5GiB", "4096".  K, M, G, T, P with or without B or iB, powers of 1024.
// Error(kInvalidArgument) for anything else, for nothing, and for more than 2^63.
uint64_t parse_size(std::string_view text);
// "0.4 s", "12 s", "3:07 min", "2:00:09 h".
std::string human_duration(uint64_t duration_ns);
// "512.0 MiB/s"; "" when nothing or no time has passed.
std::string human_rate(uint64_t size_bytes, uint64_t duration_ns);
// "12,345,678".
std::string human_count(uint64_t count);
// "1 file", "2 files".
std::string counted(uint64_t count, std::string_view one, std::string_view many);
// "2.41 : 1"; "-" when one of them is zero.
std::string human_ratio(uint64_t before_bytes, uint64_t after_bytes);

// "2026-11-20 03:00:12", local time.
std::string local_time(int64_t time_ns);
// "2026-11-20T03:00:12.000000001+01:00".
std::string rfc3339(int64_t time_ns);

// "-rwsr-xr-x", as ls -l writes it.
std::string mode_string(EntryType type, uint32_t mode);

// Columns that UTF-8 text fills, one per code point (combining and wide characters are rare in our output).
size_t columns(std::string_view text);
// At most `width` columns: the middle gives way to "...".
std::string shortened(std::string_view text, size_t width);

}  // namespace cairn
