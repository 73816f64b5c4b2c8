// The time that a person wrote, or that stands in the name of a file.
//
// Threads:  functions are thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cairn {

// "2026-11-20", "2026-11-20T03:00" or "2026-11-20T03:00:15", local time, with a trailing Z of UTC; nullopt for anything else.
std::optional<int64_t> parse_time_ns(const std::string& text);

// The first date in a name, with the time of day behind it if there is one: "db-2026-11-20.tar", "20261120_030015.tar.gz",
// "default-2026-11-20T03-00-15.tar".  nullopt without.
std::optional<int64_t> time_in_name_ns(const std::string& name);

}  // namespace cairn
