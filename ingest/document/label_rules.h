// Which members of an element say what it is called.
//
// Ranks: the lower the better; a profile's labels come before the usual ones (ingest/document/labels.h).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "ingest/document/member_path.h"
#include "ingest/document/profile.h"

namespace cairn {

inline constexpr uint32_t kNoLabel = std::numeric_limits<uint32_t>::max();

// Of the usual labels; kNoLabel for any other member.
uint32_t usual_label_rank(std::string_view member);

// The labels that profiles know for the elements of one section.
class LabelRules {
 public:
  // A set of rules: those that may still apply on the way into an element.
  using Set = uint64_t;

  LabelRules() = default;
  // Of every profile that has a section at this path: which one applies is known at the document's end only.
  LabelRules(const std::vector<DocumentProfile>& profiles, std::string_view section);

  // For the element itself.
  Set all() const { return paths_.empty() ? 0 : ~Set{0} >> (64 - paths_.size()); }
  // For the member `name` of what `active` holds for, `level` members within the element.
  Set inside(Set active, size_t level, std::string_view name) const;
  // Of the member's value as a label.
  uint32_t rank(Set active, size_t level, std::string_view name) const;

 private:
  static constexpr size_t kMostRules = 64;
  // Nearly all members are no labels and lead to none, which their look tells.
  using Alike = std::array<Set, 256>;
  std::vector<MemberPath> paths_;
  Alike ends_ = {}, passes_ = {};   // paths whose last step looks so; one of the others
};

}  // namespace cairn
