// The rules against a model of them that is slow and thinks of one snapshot at a time, on random policies and times.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "store/retention/policy.h"
#include "tests/store/retention_fixture.h"

namespace cairn {

namespace {

using Snapshots = std::vector<RetentionSnapshot>;

bool incomplete(const RetentionSnapshot& s) {
  return std::ranges::any_of(s.components, [](const auto& component) { return component.incomplete; });
}

// What a person would call the hour, the day … of a snapshot; for the format "" its id.  Remembers them: it is asked millions of times.
class Names {
 public:
  const std::string& of(const RetentionSnapshot& s, const std::string& format) {
    std::string& name = known_[{s.id, format}];
    if (name.empty()) name = format.empty() ? s.id.hex() : made(s.time_ns / 1'000'000'000, format);
    return name;
  }

 private:
  static std::string made(time_t seconds, const std::string& format) {
    std::tm tm{};
    ::localtime_r(&seconds, &tm);
    char name[64];
    return std::string(name, ::strftime(name, sizeof name, format.c_str(), &tm));
  }
  std::map<std::pair<SnapshotId, std::string>, std::string> known_;
};

bool newer(const RetentionSnapshot& a, const RetentionSnapshot& b) {
  return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.id > b.id;
}

// How many named days (of those with a complete snapshot, if asked) are as new as that of `s`.
int rank(const Snapshots& line, const RetentionSnapshot& s, const std::string& format, bool only_complete, Names& names) {
  std::set<std::string> found;
  for (const RetentionSnapshot& other : line) {
    if (only_complete && incomplete(other)) continue;
    const std::string& name = names.of(other, format);
    if (name == names.of(s, format) || newer(other, s)) found.insert(name);
  }
  return static_cast<int>(found.size());
}

bool kept_by_count(const Snapshots& line, const RetentionSnapshot& s, const std::string& format, int count, Names& names) {
  for (const RetentionSnapshot& other : line) {
    if (other.id == s.id || names.of(other, format) != names.of(s, format)) continue;
    if (!incomplete(other) && (incomplete(s) || newer(other, s))) return false;
    if (incomplete(other) && incomplete(s) && newer(other, s)) return false;
  }
  return rank(line, s, format, !incomplete(s), names) <= count;
}

bool model_keeps(const Snapshots& all, const RetentionSnapshot& s, const KeepRules& rules, Names& names) {
  if (s.is_protected || s.late || !s.held.empty()) return true;
  Snapshots line;
  for (const RetentionSnapshot& other : all)
    if (other.group == s.group && !other.late) line.push_back(other);
  auto first_of = [&](auto fits) {
    return std::ranges::none_of(line, [&](const RetentionSnapshot& other) { return fits(other) && newer(other, s); }) && fits(s);
  };
  if (first_of([](const RetentionSnapshot&) { return true; })) return true;
  if (first_of([](const RetentionSnapshot& other) { return !incomplete(other); })) return true;
  if (first_of([](const RetentionSnapshot& other) { return other.verified; })) return true;
  if (std::ranges::any_of(rules.tags, [&](const std::string& tag) { return std::ranges::find(s.tags, tag) != s.tags.end(); })) return true;
  if (rules.within) {
    int64_t newest = INT64_MIN;
    for (const RetentionSnapshot& other : line) newest = std::max(newest, other.time_ns);
    if (s.time_ns >= time_before(newest, *rules.within)) return true;
  }
  return kept_by_count(line, s, "", rules.last, names) ||
         kept_by_count(line, s, "%Y-%m-%d %H %z", rules.hourly, names) ||
         kept_by_count(line, s, "%Y-%m-%d", rules.daily, names) || kept_by_count(line, s, "%G-%V", rules.weekly, names) ||
         kept_by_count(line, s, "%Y-%m", rules.monthly, names) || kept_by_count(line, s, "%Y", rules.yearly, names);
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t below(uint64_t n) { return engine_() % n; }
  bool once_in(uint64_t n) { return below(n) == 0; }

  KeepRules rules() {
    KeepRules out;
    for (int KeepRules::*count : {&KeepRules::last, &KeepRules::hourly, &KeepRules::daily, &KeepRules::weekly, &KeepRules::monthly,
                                  &KeepRules::yearly})
      if (once_in(3)) out.*count = static_cast<int>(1 + below(9));
    if (once_in(4)) out.within = Span{0, static_cast<int>(below(3)), 0, static_cast<int>(below(40)), 1};
    if (once_in(4)) out.tags = {"a"};
    if (out.empty()) out.last = 1;
    return out;
  }
  Snapshots snapshots() {
    Snapshots out;
    const int64_t begin = at("2026-01-01 00:00"), gap_s = static_cast<int64_t>(1 + below(60) * 3600);
    const uint64_t odd = 1 + below(4);
    for (uint64_t i = 0, count = below(60); i < count; ++i) {
      const int64_t jitter_s = static_cast<int64_t>(below(7200)) * (once_in(2) ? 1 : 0);
      out.push_back(retained(i, begin + (static_cast<int64_t>(i) * gap_s + jitter_s) * 1'000'000'000));
      RetentionSnapshot& s = out.back();
      if (once_in(2)) s.group = "other";
      if (once_in(4)) s.tags = {once_in(2) ? "a" : "b"};
      s.components[0].incomplete = once_in(2 * odd);
      s.is_protected = once_in(20);
      s.verified = once_in(15);
      s.late = once_in(15);
      if (once_in(30)) s.held = "held";
    }
    std::ranges::shuffle(out, engine_);
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

TEST(RetentionModel, AgreesOnRandomPoliciesAndTimes) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const char* name : {"UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"}) {
    TimeZone zone(name);
    for (int round = 0; round < 100; ++round) {
      const Snapshots all = random.snapshots();
      const KeepRules rules = random.rules();
      const std::vector<Decision> decisions = decide(all, {rules, {}});
      Names names;
      ASSERT_EQ(decisions.size(), all.size());
      for (size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(decisions[i].keep, model_keeps(all, all[i], rules, names))
            << name << " round " << round << ": " << all[i].id.hex().substr(12, 4) << " at " << all[i].time_ns << ": "
            << joined(decisions[i].reasons);
        ASSERT_FALSE(decisions[i].reasons.empty());
        ASSERT_FALSE(decisions[i].reduced());
      }
    }
  }
}

// One component that all snapshots have, with rules of its own, is judged as the snapshots would be.
TEST(RetentionModel, ComponentsAreJudgedByTheSameRules) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TimeZone zone("Europe/Berlin");
  for (int round = 0; round < 100; ++round) {
    Snapshots all = random.snapshots(), media = all;
    const KeepRules db_rules = random.rules(), media_rules = random.rules();
    for (size_t i = 0; i < all.size(); ++i) {
      media[i].components[0].incomplete = random.once_in(3);
      all[i].components = {{"db", all[i].components[0].incomplete}, {"media", media[i].components[0].incomplete}};
      all[i].late = media[i].late = all[i].verified = media[i].verified = false;
    }
    Snapshots db = all;
    for (RetentionSnapshot& s : db) s.components.resize(1);
    const auto decisions = decide(all, {media_rules, {{"db", db_rules}}});
    Names names;
    for (size_t i = 0; i < all.size(); ++i) {
      const bool keeps_db = model_keeps(db, db[i], db_rules, names),
                 keeps_media = model_keeps(media, media[i], media_rules, names);
      ASSERT_EQ(decisions[i].keep, keeps_db || keeps_media) << joined(decisions[i].reasons);
      ASSERT_EQ(decisions[i].reduced(), keeps_db != keeps_media) << joined(decisions[i].reasons);
      if (decisions[i].reduced()) {
        ASSERT_EQ(decisions[i].components, std::vector<std::string>{keeps_db ? "db" : "media"});
      }
    }
  }
}

}  // namespace

}  // namespace cairn
