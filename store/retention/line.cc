#include "store/retention/line.h"

#include <algorithm>
#include <unordered_map>

namespace cairn {

namespace {

// The members that share an hour, a day …, newest first.
struct Bucket {
  LineMember* kept = nullptr;   // the newest complete one, else the newest
};

std::vector<Bucket> buckets_of(std::span<LineMember*> newest_first, Period period) {
  std::vector<Bucket> out;
  std::unordered_map<int64_t, size_t> places;
  for (LineMember* member : newest_first) {
    auto [place, fresh] = places.try_emplace(period_of(period, member->snapshot->time_ns), out.size());
    if (fresh) out.push_back({member});
    else if (Bucket& bucket = out[place->second]; bucket.kept->incomplete && !member->incomplete) bucket.kept = member;
  }
  return out;
}

void keep_newest(std::span<const Bucket> buckets, int count, const std::string& rule) {
  int complete = 0, all = 0;
  for (const Bucket& bucket : buckets) {
    const int number = bucket.kept->incomplete ? ++all : (++all, ++complete);
    if (number > count) continue;
    bucket.kept->reasons.push_back(rule + " " + std::to_string(number) + " of " + std::to_string(count) +
                                   (bucket.kept->incomplete ? ", incomplete" : ""));
  }
}

void apply_rules(std::span<LineMember*> members, const KeepRules& rules) {
  std::vector<Bucket> each;
  for (LineMember* member : members) each.push_back({member});
  keep_newest(each, rules.last, "last");
  for (auto [count, period, name] : {std::tuple{rules.hourly, Period::kHour, "hourly"}, {rules.daily, Period::kDay, "daily"},
                                     {rules.weekly, Period::kWeek, "weekly"}, {rules.monthly, Period::kMonth, "monthly"},
                                     {rules.yearly, Period::kYear, "yearly"}})
    if (count > 0) keep_newest(buckets_of(members, period), count, name);
  if (rules.within) {
    const int64_t since = time_before(members.front()->snapshot->time_ns, *rules.within);
    for (LineMember* member : members)
      if (member->snapshot->time_ns >= since) member->reasons.push_back("within " + span_text(*rules.within));
  }
  for (LineMember* member : members)
    for (const std::string& tag : rules.tags)
      if (std::ranges::find(member->snapshot->tags, tag) != member->snapshot->tags.end()) member->reasons.push_back("tag " + tag);
}

// What stays whatever the rules say.
void keep_ends(std::span<LineMember*> members, const std::string& of) {
  LineMember& newest = *members.front();
  newest.reasons.push_back((members.size() == 1 ? "only one of " : "newest of ") + of);
  auto complete = std::ranges::find(members, false, &LineMember::incomplete);
  if (newest.incomplete && complete != members.end()) (*complete)->reasons.push_back("newest complete one of " + of);
  auto verified = std::ranges::find_if(members, [](const LineMember* m) { return m->snapshot->verified; });
  if (verified != members.end()) {
    (*verified)->reasons.push_back("last one verified");
    (*verified)->last_verified = true;
  }
}

}  // namespace

void judge_line(std::vector<LineMember>& line, const KeepRules& rules, const std::string& of) {
  std::ranges::sort(line, [](const LineMember& a, const LineMember& b) {
    return std::pair(a.snapshot->time_ns, a.snapshot->id) > std::pair(b.snapshot->time_ns, b.snapshot->id);
  });
  std::vector<LineMember*> members;
  for (LineMember& member : line)
    if (!member.snapshot->late) members.push_back(&member);
  if (members.empty()) return;
  apply_rules(members, rules);
  keep_ends(members, of);
}

}  // namespace cairn
