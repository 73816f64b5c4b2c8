// Which keys of a component are meant.
// Threads:  immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

struct RedisSelection {
  std::vector<std::string> patterns;   // a key must match one of them, if there are any
  std::optional<uint32_t> db;
  std::string type;                    // "string", "hash", …; "" : any
  bool all() const { return patterns.empty() && !db && type.empty(); }
};

// Redis's own rules (KEYS, SCAN MATCH): * ? [abc] [^a] [a-z] and \ before a character that means itself; bytes, not characters.
// Linear in memory; takes no more than pattern × key steps.
bool redis_glob_matches(std::string_view pattern, std::string_view key);

}  // namespace cairn
