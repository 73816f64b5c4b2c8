#include "ingest/document/label_rules.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "ingest/document/labels.h"

namespace cairn {

namespace {

constexpr uint32_t kUsualFrom = 64;   // ranks below are of profiles

// This is asked for every member of every element, and comparing numbers is faster.
struct ShortLabel {
  uint64_t first, last;
  bool operator==(const ShortLabel& other) const { return ((first ^ other.first) | (last ^ other.last)) == 0; }
};
constexpr size_t kMostLabelBytes = sizeof(ShortLabel) - 1;

ShortLabel shortened(std::string_view name) {
  std::array<char, sizeof(ShortLabel)> bytes = {};
  std::memcpy(bytes.data(), name.data(), name.size());
  bytes.back() = static_cast<char>(name.size());
  return std::bit_cast<ShortLabel>(bytes);
}

std::vector<ShortLabel> short_labels() {
  std::vector<ShortLabel> out;
  for (std::string_view label : usual_labels()) out.push_back(shortened(label.substr(0, kMostLabelBytes)));
  return out;
}

}  // namespace

uint32_t usual_label_rank(std::string_view member) {
  static const std::vector<ShortLabel> labels = short_labels();
  if (member.size() > kMostLabelBytes) return kNoLabel;
  const ShortLabel wanted = shortened(member);
  const auto found = std::ranges::find(labels, wanted);
  return found == labels.end() ? kNoLabel : kUsualFrom + static_cast<uint32_t>(found - labels.begin());
}

LabelRules::LabelRules(const std::vector<DocumentProfile>& profiles, std::string_view section) {
  for (const DocumentProfile& profile : profiles) {
    for (const DocumentSection& known : profile.sections) {
      if (!same_member(known.path, section)) continue;
      for (const std::string& label : known.label) {
        const std::optional<MemberPath> path = parse_member_path(label);
        // What is in an array is many, and no label.
        if (!path || std::ranges::find(*path, kEveryElement) != path->end() || std::ranges::find(paths_, *path) != paths_.end()) continue;
        if (paths_.size() < kMostRules) paths_.push_back(*path);
      }
    }
  }
}

LabelRules::Set LabelRules::inside(Set active, size_t level, std::string_view name) const {
  Set out = 0;
  for (; active != 0; active &= active - 1) {
    const auto rule = static_cast<size_t>(std::countr_zero(active));
    const MemberPath& path = paths_[rule];
    if (path.size() > level + 1 && same_member(path[level], name)) out |= Set{1} << rule;
  }
  return out;
}

uint32_t LabelRules::rank(Set active, size_t level, std::string_view name) const {
  for (; active != 0; active &= active - 1) {
    const auto rule = static_cast<size_t>(std::countr_zero(active));
    const MemberPath& path = paths_[rule];
    if (path.size() == level + 1 && same_member(path[level], name)) return static_cast<uint32_t>(rule);
  }
  return kNoLabel;
}

}  // namespace cairn
