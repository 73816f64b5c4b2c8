// Every kind of file deleted, cut, flipped, swapped for another of its kind, or an old one put back: what still works, what is named,
// and that a repair of everything leaves at least what was readable before.
#include "store/repair/repair_index.h"
#include "store/repair/repair_packs.h"
#include "store/repair/repair_snapshots.h"
#include "tests/store/repair_fixture.h"

namespace cairn {
namespace {

enum MatrixInjury { kDeleted, kCut, kFlipped, kSwapped, kPutBack };
constexpr const char* kInjuryNames[] = {"deleted", "cut", "flipped", "swapped", "put back"};

// What is expected of one kind of file.  Of the injuries that change bytes (cut, flipped, swapped) unless it says otherwise.
struct Kind {
  std::string name;
  bool opens = true;
  int snapshots = 2;          // that are listed
  bool all_files = true;      // come back
  bool backs_up = true;       // another backup ends well
  bool named = true;          // check tells of it
  // When it is deleted:
  bool opens_without = true;
  int snapshots_without = 2;
  bool all_files_without = true;
  bool named_without = false;
};

const std::vector<Kind> kKinds = {
    {.name = "config", .opens = false, .opens_without = false},
    {.name = "key slot", .opens = false, .opens_without = false},
    {.name = "data pack", .all_files = false, .all_files_without = false, .named_without = true},
    {.name = "tree pack", .all_files = false, .all_files_without = false, .named_without = true},
    {.name = "index segment"},
    {.name = "snapshot", .snapshots = 1, .snapshots_without = 1},
    {.name = "lease"},
    {.name = "gc list", .backs_up = false},      // a writer that guessed what is condemned would lose data
    {.name = "revoked leases", .backs_up = false},
    {.name = "accepted snapshots"}};

class DamageMatrixTest : public RepairTest {
 protected:
  DamageMatrixTest() {
    Repository repository = open();
    const Keyring& keys = repository.keys();
    for (uint64_t generation : {1u, 2u})
      for (auto kind : {GcList::Kind::kCondemned, GcList::Kind::kRevoked, GcList::Kind::kAccepted}) {
        GcList list;
        list.kind = kind;
        list.generation = generation;
        put(memory, gc_list_name(generation, kind), list.encode(keys));
      }
    for (int i = 0; i < 2; ++i) {
      Lease left_behind(memory, keys, LeaseRecord::Kind::kWriter);
      auto name = names("leases/").back();
      Bytes bytes = files().at(name);
      left_behind.close();
      memory.replace(name, bytes);
    }
    add_slot(memory, keys, "another password", cheap_kdf());
    pristine_ = files();
  }
  // The newest of its kind.
  std::string victim(const std::string& kind) {
    if (kind == "config") return "config";
    if (kind == "key slot") return own_slot();
    if (kind == "data pack") return pack_of_type(ObjectType::kDataPack);
    if (kind == "tree pack") return pack_of_type(ObjectType::kTreePack);
    if (kind == "index segment") return names("index/")[0];
    if (kind == "snapshot") return snapshot_name(manifests_[1].id);
    if (kind == "lease") return names("leases/")[0];
    auto gc = kind == "gc list" ? GcList::Kind::kCondemned : kind == "revoked leases" ? GcList::Kind::kRevoked : GcList::Kind::kAccepted;
    return gc_list_name(2, gc);
  }
  // The slot that the test's password opens.
  std::string own_slot() {
    for (const std::string& name : names("keys/")) {
      MemoryBackend without(pristine_);
      without.remove(name);
      if (code_of([&] { open(without, "slots"); })) return name;
    }
    return "";
  }
  // Bytes of another file of its kind, to stand under its name.
  Bytes another(const std::string& name) {
    std::string folder = name.substr(0, name.rfind('/') + 1);
    if (name.starts_with("packs/")) folder = "packs/";
    if (name.starts_with("gc/")) return pristine_.at("gc/0000000000000001" + name.substr(19));
    for (const auto& [other, bytes] : pristine_)
      if (other != name && (folder.empty() ? other.starts_with("keys/") : other.starts_with(folder))) return bytes;
    return {};
  }
  void hurt(MemoryBackend& store, const std::string& name, MatrixInjury injury) {
    Bytes bytes = pristine_.at(name);
    if (injury == kDeleted) store.remove(name);
    if (injury == kCut) bytes.resize(bytes.size() / 16);
    if (injury == kFlipped) bytes[bytes.size() / 3] ^= 4;
    if (injury == kSwapped) bytes = another(name);
    if (injury != kDeleted) store.replace(name, bytes);
  }
  bool named(const CheckReport& report, const std::string& name) {
    return std::ranges::any_of(report.damage, [&](const Damage& damage) { return damage.file == name; });
  }
  void examine(const Kind& kind, MatrixInjury injury);

  std::map<std::string, Bytes> pristine_;
};

void DamageMatrixTest::examine(const Kind& kind, MatrixInjury injury) {
  const std::string name = victim(kind.name);
  SCOPED_TRACE(kind.name + " " + kInjuryNames[injury] + ": " + name);
  ASSERT_TRUE(pristine_.contains(name));
  MemoryBackend store(pristine_);
  hurt(store, name, injury);
  const bool gone = injury == kDeleted;
  const std::string cache_name = kind.name + kInjuryNames[injury];
  std::optional<Repository> repository;
  auto refused = code_of([&] { repository.emplace(store, kTestPassword, cache / cache_name); });
  ASSERT_EQ(!refused, gone ? kind.opens_without : kind.opens);
  if (refused) return;
  EXPECT_EQ(repository->snapshots().size(), static_cast<size_t>(gone ? kind.snapshots_without : kind.snapshots));
  const size_t before = good_files(*repository);
  EXPECT_EQ(before == all_files(), gone ? kind.all_files_without : kind.all_files);
  EXPECT_EQ(named(check_all(*repository), name), gone ? kind.named_without : kind.named);
  auto backup = code_of([&] { back_up(*repository, {{"new", noise(100, 9)}}, 9); });
  EXPECT_EQ(!backup, gone || kind.backs_up);

  // A repair of everything, as far as it can be had, costs nothing that could be read.
  for (auto repair : {+[](Repository& r, CheckProgress& p) { repair_index(r, {true, false, 1}, p); },
                      +[](Repository& r, CheckProgress& p) { repair_packs(r, {{}, true, false, 1}, p); },
                      +[](Repository& r, CheckProgress& p) { repair_snapshots(r, {{}, true, false, false, 1}, p); }}) {
    auto code = code_of([&] { repair(*repository, progress_); });
    EXPECT_TRUE(!code || !kind.backs_up) << static_cast<int>(code.value_or(ErrorCode::kIo));
  }
  Repository after = open(store, cache_name + "-after");
  EXPECT_GE(good_files(after), before);
  for (const Manifest& m : after.snapshots())
    EXPECT_TRUE(m.origin.is_zero() || read_back(after, m).errors.empty());
}

TEST_F(DamageMatrixTest, Deleted) {
  for (const Kind& kind : kKinds) examine(kind, kDeleted);
}
TEST_F(DamageMatrixTest, Cut) {
  for (const Kind& kind : kKinds) examine(kind, kCut);
}
TEST_F(DamageMatrixTest, Flipped) {
  for (const Kind& kind : kKinds) examine(kind, kFlipped);
}
TEST_F(DamageMatrixTest, Swapped) {
  for (const Kind& kind : kKinds) examine(kind, kSwapped);
}

// What was taken away on purpose and comes back (a restored disk, a listing that was behind) is in nobody's way.
TEST_F(DamageMatrixTest, PutBack) {
  MemoryBackend store(pristine_);
  hurt(store, victim("data pack"), kFlipped);
  hurt(store, victim("index segment"), kFlipped);
  const auto damaged = store.snapshot();
  Repository repository = open(store, "repaired");
  for (const StoredFile& lease : store.list("leases/")) store.remove(lease.name);
  repair_index(repository, {true, false, 1}, progress_);
  repair_packs(repository, {{}, true, false, 1}, progress_);
  for (int i = 0; i < 2; ++i) back_up(repository, contents_[i], 5 + i);
  repair_packs(repository, {{}, true, false, 1}, progress_);
  EXPECT_FALSE(store.snapshot().contains(victim("data pack")));
  for (const auto& [name, bytes] : damaged)
    if (!store.snapshot().contains(name)) store.replace(name, bytes);
  Repository after = open(store, "put-back");
  EXPECT_EQ(good_files(after), all_files());
  CheckReport report = check_all(after);
  for (const Damage& damage : report.damage) EXPECT_EQ(damage.victim_count, 0u) << describe(report);
  EXPECT_EQ(code_of([&] { back_up(after, {{"new", noise(100, 9)}}, 9); }), std::nullopt);
}

}  // namespace
}  // namespace cairn
