#include "store/retention/policy.h"

#include <algorithm>

#include "store/error.h"
#include "store/retention/line.h"

namespace cairn {

namespace {

constexpr char kNoRule[] = "no rule keeps it";

bool incomplete(const RetentionSnapshot& snapshot) {
  return std::ranges::any_of(snapshot.components, &RetentionSnapshot::Component::incomplete);
}

// What holds a snapshot as it is, before any rule.
std::vector<std::string> bonds(const RetentionSnapshot& snapshot) {
  std::vector<std::string> out;
  if (snapshot.is_protected) out.push_back("protected");
  if (snapshot.late) out.push_back("not to be judged until it was checked");
  if (!snapshot.held.empty()) out.push_back(snapshot.held);
  return out;
}

Decision conclude(std::vector<std::string> reasons) {
  Decision out;
  out.keep = !reasons.empty();
  out.reasons = out.keep ? std::move(reasons) : std::vector<std::string>{kNoRule};
  return out;
}

using Groups = std::map<std::string, std::vector<size_t>>;   // places in `snapshots`

void judge_whole(std::span<const RetentionSnapshot> snapshots, const std::vector<size_t>& group, const KeepRules& rules,
                 std::vector<Decision>& out) {
  std::vector<LineMember> line;
  for (size_t i : group) line.push_back({&snapshots[i], incomplete(snapshots[i]), {}, false});
  judge_line(line, rules, "its group");
  for (LineMember& member : line) {
    std::vector<std::string> reasons = bonds(*member.snapshot);
    std::ranges::move(member.reasons, std::back_inserter(reasons));
    out[static_cast<size_t>(member.snapshot - snapshots.data())] = conclude(std::move(reasons));
  }
}

// What the lines of its components say of one snapshot.
struct Parting {
  std::vector<std::string> kept;            // components
  std::vector<std::string> reasons;         // why those are kept
  std::vector<std::string> lost;            // why others aren't
  bool last_verified = false;
};

void judge_component(std::span<const RetentionSnapshot> snapshots, const std::vector<size_t>& group, const std::string& name,
                     const RetentionPolicy& policy, std::map<size_t, Parting>& partings) {
  auto own = policy.components.find(name);
  const KeepRules& rules = own == policy.components.end() ? policy.general : own->second;
  std::vector<LineMember> line;
  for (size_t i : group) {
    auto found = std::ranges::find(snapshots[i].components, name, &RetentionSnapshot::Component::name);
    if (found != snapshots[i].components.end()) line.push_back({&snapshots[i], found->incomplete, {}, false});
  }
  judge_line(line, rules, "its line");
  for (const LineMember& member : line) {
    Parting& parting = partings[static_cast<size_t>(member.snapshot - snapshots.data())];
    std::vector<std::string> reasons = member.reasons;
    if (rules.empty()) reasons.push_back("there is no rule for it");
    if (reasons.empty()) parting.lost.push_back(name + ": " + kNoRule);
    else parting.kept.push_back(name);
    for (const std::string& reason : reasons) parting.reasons.push_back(name + ": " + reason);
    parting.last_verified |= member.last_verified;
  }
}

void judge_components(std::span<const RetentionSnapshot> snapshots, const std::vector<size_t>& group, const RetentionPolicy& policy,
                      std::vector<Decision>& out) {
  std::map<std::string, bool> names;
  for (size_t i : group)
    for (const RetentionSnapshot::Component& component : snapshots[i].components) names[component.name] = true;
  std::map<size_t, Parting> partings;
  for (const auto& [name, present] : names) judge_component(snapshots, group, name, policy, partings);
  for (size_t i : group) {
    const RetentionSnapshot& snapshot = snapshots[i];
    Parting& parting = partings[i];
    std::vector<std::string> reasons = bonds(snapshot);
    const bool keep = !reasons.empty() || !parting.kept.empty();
    // A copy with fewer components would not be the one that was verified, nor the one that is protected.
    const bool all = !reasons.empty() || parting.last_verified || parting.lost.empty();
    std::ranges::move(parting.reasons, std::back_inserter(reasons));
    const bool doubted = !snapshot.doubt.empty();
    if (keep && !all && doubted) reasons.push_back("not parted: the time it claims isn't believed");
    if (!keep || (!all && !doubted)) std::ranges::move(parting.lost, std::back_inserter(reasons));
    if (reasons.empty()) reasons.push_back(kNoRule);   // a snapshot without components
    out[i] = {keep, std::move(reasons), keep && !all && !doubted ? std::move(parting.kept) : std::vector<std::string>{}};
  }
}

}  // namespace

std::vector<Decision> decide(std::span<const RetentionSnapshot> snapshots, const RetentionPolicy& policy) {
  if (policy.general.empty() && std::ranges::all_of(policy.components, [](const auto& c) { return c.second.empty(); }))
    throw Error(ErrorCode::kInvalidArgument, "no rule says what to keep: give --preset standard, or some of --keep-last, --keep-daily …");
  Groups groups;
  for (size_t i = 0; i < snapshots.size(); ++i) groups[snapshots[i].group].push_back(i);
  std::vector<Decision> out(snapshots.size());
  for (const auto& [name, group] : groups) {
    if (policy.components.empty()) judge_whole(snapshots, group, policy.general, out);
    else judge_components(snapshots, group, policy, out);
  }
  return out;
}

}  // namespace cairn
