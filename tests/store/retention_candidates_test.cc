#include "store/retention/candidates.h"

#include "store/retention/arrivals.h"
#include "tests/store/retention_fixture.h"
#include "tests/store/store_fixture.h"

namespace cairn {

namespace {

constexpr int64_t kBegin = 1'700'000'000'000'000'000;

Manifest manifest(const std::string& host, std::vector<std::string> tags, std::vector<std::string> components) {
  Manifest m;
  m.id = random_id<SnapshotId>();
  m.host = host;
  m.tags = std::move(tags);
  for (const std::string& name : components) m.components.emplace_back().name = name;
  return m;
}
std::string group(const Manifest& m, const std::string& by, bool by_component = false) {
  return retention_snapshots({&m, 1}, {parse_group_by(by), by_component, false}, 0)[0].group;
}

TEST(RetentionCandidates, GroupsShareWhatIsAskedForAndTheAuthor) {
  const Manifest a = manifest("web", {"x"}, {"db", "media"}), other_host = manifest("db", {"x"}, {"db", "media"}),
                 other_tags = manifest("web", {"x", "y"}, {"db", "media"}), other_components = manifest("web", {"x"}, {"db"});
  Manifest other_author = a, copied = a;
  other_author.author.bytes[0] = copied.author.bytes[0] = 7;
  copied.original_author.bytes[0] = 9;
  for (const char* by : {"host,components,tags", "host", "none"}) {
    EXPECT_NE(group(a, by), group(other_author, by)) << by;
    EXPECT_NE(group(copied, by), group(other_author, by)) << by;
  }
  EXPECT_EQ(group(a, "host,components"), group(other_tags, "host,components"));
  EXPECT_NE(group(a, "tags"), group(other_tags, "tags"));
  EXPECT_NE(group(a, "host"), group(other_host, "host"));
  EXPECT_EQ(group(a, "components"), group(other_host, "components"));
  EXPECT_NE(group(a, "host,components"), group(other_components, "host,components"));
  EXPECT_EQ(group(a, "host,components", true), group(other_components, "host,components", true));
  for (const char* text : {"", "hosts", "host,", "none,host"}) EXPECT_THROW(parse_group_by(text), Error) << text;
}

// A writer's key, and what whoever has it can do: put signed snapshots at any claimed time.
class Attack : public StoreTest {
 protected:
  Attack() : writer_(Keyring::decode(repository_.keys().encode(), repository_.keys().repository, "a copy")) {
    writer_.role = Role::kWriter;
    writer_.signing_seed = Secret::random();
    writer_.certificate = make_certificate(writer_.repository, *repository_.keys().maintenance_seed,
                                           signing_public_key(*writer_.signing_seed), Role::kWriter, 1);
    root_ = back_up(repository_, {}, 1).root;
    for (int64_t night = 0; night < 100; ++night) genuine_.push_back(put_signed(writer_, kBegin + night * kDayNs, kBegin + night * kDayNs));
  }
  SnapshotId put_signed(const Keyring& keys, int64_t claimed_ns, int64_t received_ns) {
    Manifest m = manifest("web", {}, {"tree"});
    m.time_ns = claimed_ns;
    m.root = root_;
    memory.set_clock_ns(received_ns);
    put(memory, snapshot_name(m.id), m.encode(keys, best_suite()));
    return m.id;
  }
  // Of `genuine_`, the places of those that stay.
  std::vector<size_t> kept(const std::string& rules, bool allow_burst = false, int64_t created_ns = kBegin) {
    const std::vector<Manifest> all = repository_.snapshots();
    const auto seen = retention_snapshots(all, {{}, false, allow_burst}, created_ns);
    const auto decisions = decide(seen, {parse_rules(rules), {}});
    std::vector<size_t> out;
    for (size_t i = 0; i < genuine_.size(); ++i)
      for (size_t k = 0; k < all.size(); ++k)
        if (all[k].id == genuine_[i] && decisions[k].keep) out.push_back(i);
    return out;
  }
  TimeZone zone_{"UTC"};
  static constexpr int64_t kNow = kBegin + 100 * kDayNs;
  static constexpr char kStandard[] = "daily=7,weekly=4,monthly=12,last=10";
  Repository repository_ = open();
  Keyring writer_;
  ChunkId root_;
  std::vector<SnapshotId> genuine_;
};

TEST_F(Attack, FourHundredBackDatedSnapshotsPushNothingOut) {
  const auto before = kept(kStandard);
  EXPECT_LT(before.size(), 25U);
  for (int64_t i = 0; i < 400; ++i) put_signed(writer_, kNow - i * kDayNs / 4 - 2 * kHourNs, kNow + i);
  EXPECT_EQ(kept(kStandard).size(), genuine_.size());   // nothing of this writer is forgotten
  // Allowed by mistake: days, weeks and months are safe, for they all count from their arrival.
  const auto days = kept("daily=7,weekly=4,monthly=12", true);
  for (size_t i : before) EXPECT_EQ(std::ranges::count(days, i), i > 93 || i < 90 ? 1 : 0) << i;
}

TEST_F(Attack, AFewBackDatedOnesCountAsMadeToday) {
  put_signed(writer_, kNow, kNow);   // an honest one
  const auto honest = kept("daily=7,weekly=4,monthly=12");
  for (int64_t i = 0; i < 40; ++i) put_signed(writer_, kNow - i * kDayNs / 2 + 1, kNow + kHourNs + i);
  EXPECT_EQ(kept("daily=7,weekly=4,monthly=12"), honest);
}

TEST_F(Attack, AnotherKeyHasItsOwnGroups) {
  const auto before = kept(kStandard);
  for (int64_t i = 0; i < 45; ++i) put_signed(repository_.keys(), kNow - i * kDayNs + 1, kNow + i);
  EXPECT_EQ(kept(kStandard), before);
}

TEST_F(Attack, ARepositoryCopiedWithoutTimesIsJudgedAsTheOriginal) {
  const auto before = kept(kStandard);
  memory.set_clock_ns(kNow + 30 * kDayNs);
  for (const auto& [name, bytes] : memory.snapshot())
    if (name.starts_with("snapshots/")) {
      memory.remove(name);
      put(memory, name, bytes);
    }
  EXPECT_EQ(kept(kStandard), before);
}

}  // namespace

}  // namespace cairn
