// A second glob matcher, as plain as can be and exponential: what cairn's is compared with.
#pragma once

#include <bitset>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

inline std::vector<std::string_view> naive_split(std::string_view path) {
  std::vector<std::string_view> out;
  if (path.empty()) return out;
  for (;;) {
    const size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

// What one byte of a name may be, and how many bytes of the pattern said so.
struct NaiveToken {
  std::bitset<256> bytes;
  size_t length = 1;
};

inline NaiveToken naive_set(std::string_view pattern) {
  NaiveToken out;
  std::vector<std::pair<unsigned char, bool>> members;  // with: was it quoted?
  size_t i = 1;
  const bool inverted = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (inverted) ++i;
  const size_t first = i;
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const bool quoted = pattern[i] == '\\' && i + 1 < pattern.size();
    if (quoted) ++i;
    members.emplace_back(static_cast<unsigned char>(pattern[i]), quoted);
  }
  if (i >= pattern.size()) return {std::bitset<256>{}.set('['), 1};  // never closed
  for (size_t m = 0; m < members.size(); ++m) {
    const bool range = m + 2 < members.size() && members[m + 1].first == '-' && !members[m + 1].second;
    const unsigned low = members[m].first, high = range ? members[m + 2].first : low;
    for (unsigned byte = low; byte <= high; ++byte) out.bytes.set(byte);
    if (range) m += 2;
  }
  if (inverted) out.bytes.flip();
  out.length = i + 1;
  return out;
}

inline NaiveToken naive_token(std::string_view pattern) {
  NaiveToken out;
  if (pattern[0] == '[') return naive_set(pattern);
  if (pattern[0] == '?') return {out.bytes.set(), 1};
  if (pattern[0] == '\\' && pattern.size() > 1) return {out.bytes.set(static_cast<unsigned char>(pattern[1])), 2};
  return {out.bytes.set(static_cast<unsigned char>(pattern[0])), 1};
}

inline bool naive_element(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return naive_element(pattern.substr(1), name) || (!name.empty() && naive_element(pattern, name.substr(1)));
  }
  if (name.empty()) return false;
  const NaiveToken token = naive_token(pattern);
  return token.bytes.test(static_cast<unsigned char>(name[0])) && naive_element(pattern.substr(token.length), name.substr(1));
}

inline bool naive_elements(const std::vector<std::string_view>& pattern, size_t p, const std::vector<std::string_view>& path,
                           size_t q) {
  if (p == pattern.size()) return q == path.size();
  if (pattern[p] == "**") {
    if (p + 1 == pattern.size()) return q < path.size();
    for (size_t next = q; next <= path.size(); ++next) {
      if (naive_elements(pattern, p + 1, path, next)) return true;
    }
    return false;
  }
  return q < path.size() && naive_element(pattern[p], path[q]) && naive_elements(pattern, p + 1, path, q + 1);
}

inline bool naive_glob(std::string_view pattern, std::string_view path) {
  return naive_elements(naive_split(pattern), 0, naive_split(path), 0);
}

}  // namespace cairn
