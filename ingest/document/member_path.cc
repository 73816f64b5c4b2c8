#include "ingest/document/member_path.h"

#include <algorithm>

namespace cairn {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_member(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<MemberPath> parse_member_path(std::string_view text) {
  MemberPath out;
  for (;;) {
    const size_t dot = text.find('.');
    std::string_view step = text.substr(0, dot);
    size_t arrays = 0;
    for (; step.ends_with(kEveryElement); ++arrays) step.remove_suffix(kEveryElement.size());
    if (step.empty() || step.find_first_of("[]") != step.npos) return std::nullopt;
    out.emplace_back(step);
    out.insert(out.end(), arrays, std::string(kEveryElement));
    if (out.size() > kMostPathSteps) return std::nullopt;
    if (dot == text.npos) return out;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace cairn
