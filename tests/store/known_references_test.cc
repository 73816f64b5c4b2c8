#include "store/cache/known_references.h"

#include <filesystem>
#include <set>
#include <utility>

#include "store/seen/local_memory.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using Ids = std::vector<ChunkId>;

Ids some_ids(size_t count, uint64_t seed) {
  Ids out;
  for (size_t i = 0; i < count; ++i) out.push_back(ChunkId::from_bytes(noise(32, seed * 100'000 + i)));
  return out;
}

// A folder of files in 30 versions, each with one more file changed, and the object above each.
struct Versions {
  std::vector<std::pair<ChunkId, References>> objects;
  Versions() {
    References folder{some_ids(3, 1), some_ids(60, 2)};
    for (uint64_t version = 0; version < 30; ++version) {
      folder.chunks[version] = some_ids(1, 1000 + version)[0];
      const ChunkId id = some_ids(1, 2000 + version)[0], above = some_ids(1, 3000 + version)[0];
      objects.emplace_back(id, folder);
      objects.emplace_back(above, References{{id}, {}});
    }
    objects.emplace_back(some_ids(1, 4000)[0], References{});
  }
};

class KnownReferencesTest : public StoreTest {
 protected:
  Keyring keys = make_keyring(random_id<RepositoryId>(), 1);
  std::string path = cache / "references";

  static void learn_all(KnownReferences& known, const Versions& versions) {
    for (const auto& [id, references] : versions.objects) ASSERT_NE(known.learn(id, references.objects, references.chunks), KnownReferences::kNone);
  }
  static void expect_all(const KnownReferences& known, const Versions& versions) {
    for (const auto& [id, references] : versions.objects) {
      const auto number = known.object(id);
      ASSERT_NE(number, KnownReferences::kNone);
      EXPECT_EQ(known.id(number), id);
      EXPECT_TRUE(known.agrees(number, references));
    }
  }
};

TEST_F(KnownReferencesTest, KnowsWhatItLearned) {
  const Versions versions;
  KnownReferences known;
  learn_all(known, versions);
  EXPECT_EQ(known.objects(), versions.objects.size());
  expect_all(known, versions);
  learn_all(known, versions);   // again: nothing new
  EXPECT_EQ(known.objects(), versions.objects.size());
  EXPECT_EQ(known.object(some_ids(1, 2)[0]), KnownReferences::kNone);      // content
  EXPECT_EQ(known.object(some_ids(1, 9999)[0]), KnownReferences::kNone);   // never heard of
}

TEST_F(KnownReferencesTest, DisagreesWithAnythingElse) {
  KnownReferences known;
  const References its{some_ids(3, 1), some_ids(20, 2)};
  const auto number = known.learn(some_ids(1, 9)[0], its.objects, its.chunks);
  EXPECT_TRUE(known.agrees(number, its));
  for (int change = 0; change < 5; ++change) {
    References other = its;
    if (change == 0) other.chunks.pop_back();
    if (change == 1) other.objects.pop_back();
    if (change == 2) other.chunks.push_back(some_ids(1, 5)[0]);
    if (change == 3) std::swap(other.chunks[4], other.chunks[5]);
    if (change == 4) {
      other.objects.push_back(other.chunks.front());
      other.chunks.erase(other.chunks.begin());
    }
    EXPECT_FALSE(known.agrees(number, other)) << change;
  }
}

TEST_F(KnownReferencesTest, AVersionGivesOnlyWhatIsNewInItWhenAnotherIsDone) {
  const Versions versions;
  KnownReferences known;
  learn_all(known, versions);
  ReferenceList all, few;
  size_t shortened = 0;
  for (size_t i = 0; i < versions.objects.size() - 1; i += 2) {
    const auto number = known.object(versions.objects[i].first);
    KnownReferences::Number base = KnownReferences::kNone;
    known.list(number, [&](auto other) { return base = other, true; }, few);
    known.list(number, [](auto) { return false; }, all);
    EXPECT_EQ(all.numbers.size(), 63u);
    if (base == KnownReferences::kNone) continue;
    ++shortened;
    ReferenceList of_base;
    known.list(base, [](auto) { return false; }, of_base);
    std::set<uint32_t> together(few.numbers.begin(), few.numbers.end());
    together.insert(of_base.numbers.begin(), of_base.numbers.end());
    for (const uint32_t n : all.numbers) EXPECT_TRUE(together.contains(n));
    EXPECT_LT(few.numbers.size(), 10u);
  }
  EXPECT_GT(shortened, 20u);
}

TEST_F(KnownReferencesTest, OutlivesTheProcess) {
  const Versions versions;
  KnownReferences known;
  learn_all(known, versions);
  known.save(path, keys, std::vector<bool>(known.size(), true));
  const KnownReferences again(path, keys);
  EXPECT_EQ(again.objects(), known.objects());
  EXPECT_EQ(again.size(), known.size());
  expect_all(again, versions);
}

TEST_F(KnownReferencesTest, WhatIsLearnedAfterLoadingRestsOnWhatWasThere) {
  const Versions versions;
  KnownReferences first;
  learn_all(first, versions);
  first.save(path, keys, std::vector<bool>(first.size(), true));
  KnownReferences known(path, keys);
  References next = versions.objects[58].second;   // the folder's last version
  next.chunks[59] = some_ids(1, 77)[0];
  const size_t before = known.size();
  const auto number = known.learn(some_ids(1, 78)[0], next.objects, next.chunks);
  EXPECT_EQ(known.size(), before + 2);
  EXPECT_TRUE(known.agrees(number, next));
  bool has_base = false;
  ReferenceList ignored;
  known.list(number, [&](auto) { return has_base = true; }, ignored);
  EXPECT_TRUE(has_base);
}

TEST_F(KnownReferencesTest, KeepsOnlyWhatIsAskedFor) {
  const Versions versions;
  KnownReferences known;
  learn_all(known, versions);
  std::vector<bool> which(known.size());
  std::set<ChunkId> wanted;
  for (size_t i = 20; i < versions.objects.size(); i += 3) {   // the first, which others rest on, isn't among them
    which[known.object(versions.objects[i].first)] = true;
    wanted.insert(versions.objects[i].first);
  }
  known.save(path, keys, which);
  const KnownReferences again(path, keys);
  EXPECT_EQ(again.objects(), wanted.size());
  EXPECT_LT(again.size(), known.size());
  for (const auto& [id, references] : versions.objects) {
    const auto number = again.object(id);
    EXPECT_EQ(number != KnownReferences::kNone, wanted.contains(id));
    if (number != KnownReferences::kNone) { EXPECT_TRUE(again.agrees(number, references)); }
  }
}

TEST_F(KnownReferencesTest, AnotherRepositorysOrADamagedOneIsAsGoodAsNone) {
  const Versions versions;
  KnownReferences known;
  learn_all(known, versions);
  known.save(path, keys, std::vector<bool>(known.size(), true));
  EXPECT_EQ(KnownReferences(path, make_keyring(random_id<RepositoryId>(), 1)).size(), 0u);
  const RepositoryId own = std::exchange(keys.repository, random_id<RepositoryId>());   // the same secrets
  EXPECT_EQ(KnownReferences(path, keys).size(), 0u);
  keys.repository = own;
  EXPECT_EQ(KnownReferences(path + "x", keys).size(), 0u);
  const Bytes whole = read_memory(path, 1 << 20).value();
  for (const size_t place : {size_t{0}, size_t{30}, whole.size() / 2, whole.size() - 1}) {
    Bytes broken = whole;
    broken[place] ^= 1;
    write_memory(path, broken);
    EXPECT_EQ(KnownReferences(path, keys).size(), 0u) << place;
  }
  write_memory(path, ByteView(whole).first(whole.size() / 2));
  KnownReferences empty(path, keys);
  EXPECT_EQ(empty.size(), 0u);
  learn_all(empty, versions);
  expect_all(empty, versions);
}

// What a program with a bug, or with the repository's keys, might have written.
TEST_F(KnownReferencesTest, SealedNonsenseIsAsGoodAsNone) {
  Encoder kind;
  kind.raw(view("cairnrf1"));
  kind.raw(keys.repository.view());
  auto size_with = [&](auto write) {
    Encoder content;
    write(content);
    write_memory(path, seal_shared(keys.cache_key(), kind.out(), content.out()));
    return KnownReferences(path, keys).size();
  };
  auto two_ids = [](Encoder& out, uint32_t version) {
    out.u32(version);
    out.varint(2);
    for (const ChunkId& id : some_ids(2, 1)) out.raw(id.view());
  };
  auto list = [](Encoder& out, uint64_t self, uint64_t base, uint64_t objects, std::initializer_list<uint64_t> rest) {
    for (const uint64_t value : {self, base, objects, uint64_t{0}}) out.varint(value);
    for (const uint64_t value : rest) out.varint(value);
  };
  EXPECT_EQ(size_with([&](Encoder& out) { two_ids(out, kReferencesVersion), out.varint(1), list(out, 0, 0, 1, {2, 0}); }), 2u);   // this one is well
  EXPECT_EQ(size_with([&](Encoder& out) { two_ids(out, kReferencesVersion + 1), out.varint(1), list(out, 0, 0, 1, {2, 0}); }), 0u);
  EXPECT_EQ(size_with([&](Encoder& out) { two_ids(out, kReferencesVersion), out.varint(1), list(out, 2, 0, 1, {0, 0}); }), 0u);   // no such object
  EXPECT_EQ(size_with([&](Encoder& out) { two_ids(out, kReferencesVersion), out.varint(1), list(out, 0, 0, 1, {4, 0}); }), 0u);   // no such id
  EXPECT_EQ(size_with([&](Encoder& out) { two_ids(out, kReferencesVersion), out.varint(1), list(out, 0, 3, 1, {1, 0, 0}); }), 0u);   // nothing is known of its base
  EXPECT_EQ(size_with([&](Encoder& out) {   // two that are each other's base
              two_ids(out, kReferencesVersion);
              out.varint(2);
              list(out, 0, 3, 1, {1, 0, 0});
              list(out, 1, 2, 1, {1, 0, 0});
            }), 0u);
  EXPECT_EQ(size_with([&](Encoder& out) {   // more than its base has
              two_ids(out, kReferencesVersion);
              out.varint(2);
              list(out, 0, 0, 1, {2, 0});
              list(out, 1, 2, 2, {2, 0, 0});
            }), 0u);
}

TEST_F(KnownReferencesTest, NeverMoreThanItIsGiven) {
  KnownReferences known(64 << 10);
  size_t learned = 0;
  for (uint64_t seed = 0; seed < 500; ++seed)
    learned += known.learn(some_ids(1, 5000 + seed)[0], {}, some_ids(10, 6000 + seed)) != KnownReferences::kNone;
  EXPECT_GT(learned, 30u);
  EXPECT_LT(learned, 200u);
  EXPECT_EQ(known.objects(), learned);
  known.save(path, keys, std::vector<bool>(known.size(), true));
  EXPECT_LE(std::filesystem::file_size(path), 64u << 10);
  EXPECT_EQ(KnownReferences(path, keys, 64 << 10).objects(), learned);
}

}  // namespace
}  // namespace cairn
