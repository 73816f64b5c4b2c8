#include "ingest/document/label_rules.h"

#include <algorithm>
#include <array>
#include <bit>

#include "ingest/document/labels.h"

namespace cairn {

namespace {

constexpr uint32_t kUsualFrom = 64;   // ranks below are of profiles

// Length and first letter; the same for names that differ in case.
size_t look(std::string_view name) { return name.empty() ? 0 : ((static_cast<uint8_t>(name.front()) | 0x20U) + name.size() * 32) & 0xff; }

// This is asked for every member of every element, and nearly all of them are no labels: a look tells.
class UsualLabels {
 public:
  UsualLabels() {
    for (size_t i = 0; i < usual_labels().size(); ++i) alike_[look(usual_labels()[i])] |= uint32_t{1} << i;
  }

  uint32_t rank(std::string_view member) const {
    for (uint32_t alike = alike_[look(member)]; alike != 0; alike &= alike - 1) {
      const auto label = static_cast<size_t>(std::countr_zero(alike));
      if (usual_labels()[label] == member) return kUsualFrom + static_cast<uint32_t>(label);
    }
    return kNoLabel;
  }

 private:
  std::array<uint32_t, 256> alike_ = {};   // a bit for each label that looks so
};

}  // namespace

uint32_t usual_label_rank(std::string_view member) {
  static const UsualLabels usual;
  return usual.rank(member);
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
  for (size_t rule = 0; rule < paths_.size(); ++rule) {
    for (const std::string& step : paths_[rule]) (&step == &paths_[rule].back() ? ends_ : passes_)[look(step)] |= Set{1} << rule;
  }
}

LabelRules::Set LabelRules::inside(Set active, size_t level, std::string_view name) const {
  Set out = 0;
  for (active &= passes_[look(name)]; active != 0; active &= active - 1) {
    const auto rule = static_cast<size_t>(std::countr_zero(active));
    const MemberPath& path = paths_[rule];
    if (path.size() > level + 1 && same_member(path[level], name)) out |= Set{1} << rule;
  }
  return out;
}

uint32_t LabelRules::rank(Set active, size_t level, std::string_view name) const {
  for (active &= ends_[look(name)]; active != 0; active &= active - 1) {
    const auto rule = static_cast<size_t>(std::countr_zero(active));
    const MemberPath& path = paths_[rule];
    if (path.size() == level + 1 && same_member(path[level], name)) return static_cast<uint32_t>(rule);
  }
  return kNoLabel;
}

}  // namespace cairn
