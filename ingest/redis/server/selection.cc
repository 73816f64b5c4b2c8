#include "ingest/redis/server/selection.h"

namespace cairn {

namespace {

// Whether the class that begins at `at`, behind its '[', has the byte; *next gets what is behind it.  As Redis has it: a range may be
// written backwards and compares signed bytes, its end is taken as it is, be it a ']' or a backslash; without a ']' the class ends
// with the pattern.
bool class_has(std::string_view pattern, size_t at, char byte, size_t* next) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool has = false;
  const auto c = static_cast<signed char>(byte);
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    const size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      has |= pattern[++at] == byte;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const auto one = static_cast<signed char>(pattern[at]), other = static_cast<signed char>(pattern[at + 2]);
      has |= one <= other ? one <= c && c <= other : other <= c && c <= one;
      at += 2;
    } else {
      has |= pattern[at] == byte;
    }
  }
  *next = at < pattern.size() ? at + 1 : at;
  return has != negated;
}

// The same for whatever stands at `at`, a '*' excepted.
bool element_has(std::string_view pattern, size_t at, char byte, size_t* next) {
  if (pattern[at] == '[') return class_has(pattern, at + 1, byte, next);
  if (pattern[at] == '\\' && at + 1 < pattern.size()) {
    *next = at + 2;
    return pattern[at + 1] == byte;
  }
  *next = at + 1;
  return pattern[at] == '?' || pattern[at] == byte;
}

}  // namespace

bool redis_glob_matches(std::string_view pattern, std::string_view key) {
  if (key.empty()) return pattern.empty() || pattern == "*";   // the empty key is matched by no other, as in KEYS
  size_t at = 0, in_key = 0;
  size_t behind_star = std::string_view::npos, star_ends = 0;   // the last '*', and what of the key it takes
  while (in_key < key.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_ends = in_key;
      continue;
    }
    size_t next = 0;
    if (at < pattern.size() && element_has(pattern, at, key[in_key], &next)) {
      at = next;
      ++in_key;
    } else if (behind_star == pattern.size()) {
      return true;
    } else if (behind_star != std::string_view::npos) {   // it takes one more; none before it needs to change
      at = behind_star;
      in_key = ++star_ends;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace cairn
