#include "store/cache/known_names.h"

#include <utility>

#include "store/seen/local_memory.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

ChunkId some_id(uint64_t seed) { return ChunkId::from_bytes(noise(32, seed)); }

Bytes some_names(size_t count, uint64_t change) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "name " + std::to_string(i == 5 ? change + 10 : i + 10) + ";";
  return Bytes(out.begin(), out.end());
}

KnownNames::Number known_number(const KnownNames& known, const ChunkId& id) {
  const auto number = known.number(id);
  return number != KnownNames::kNone && known.knows(number) ? number : KnownNames::kNone;
}

void learn_names(KnownNames& known, const ChunkId& id, KnownNames::Number list, const std::vector<ChunkId>& children) {
  std::vector<KnownNames::Number> numbers;
  for (const ChunkId& child : children) numbers.push_back(known.add(child));
  known.learn(known.add(id), list, numbers);
}

class KnownNamesTest : public StoreTest {
 protected:
  Keyring keys = make_keyring(random_id<RepositoryId>(), 1);
  std::string path = cache / "names";

  // 100 directories, a quarter with names of its own; every fifth has its four neighbours beneath it, every seventh is a branch.
  static std::vector<ChunkId> children_of(uint64_t i) {
    std::vector<ChunkId> out;
    for (uint64_t k = 1; i % 5 == 0 && k < 5; ++k) out.push_back(some_id(1000 + i + k));
    return out;
  }
  static void learn_all(KnownNames& known) {
    for (uint64_t i = 0; i < 100; ++i)
      learn_names(known, some_id(1000 + i), i % 7 == 0 ? KnownNames::kBranch : known.add_list(some_names(30, i / 4)), children_of(i));
  }
  static void expect_all(const KnownNames& known) {
    EXPECT_EQ(known.objects(), 100u);
    EXPECT_EQ(known.lists(), 25u);
    for (uint64_t i = 0; i < 100; ++i) {
      const auto number = known_number(known, some_id(1000 + i));
      ASSERT_NE(number, KnownNames::kNone) << i;
      if (i % 7 == 0) {
        EXPECT_EQ(known.list_of(number), KnownNames::kBranch);
      } else {
        EXPECT_TRUE(std::ranges::equal(known.list(known.list_of(number)), some_names(30, i / 4))) << i;
      }
      std::vector<ChunkId> children;
      for (size_t k = 0; k < known.child_count(number); ++k) children.push_back(known.id(known.child(number, k)));
      EXPECT_EQ(children, children_of(i)) << i;
    }
  }
};

TEST_F(KnownNamesTest, KnowsWhatItLearned) {
  KnownNames known;
  learn_all(known);
  expect_all(known);
  EXPECT_EQ(known.learned(), 100u);
  learn_all(known);   // again: nothing new
  EXPECT_EQ(known.learned(), 100u);
  EXPECT_EQ(known_number(known, some_id(1)), KnownNames::kNone);      // never heard of
  learn_names(known, some_id(2), KnownNames::kBranch, {some_id(3)});
  EXPECT_EQ(known_number(known, some_id(3)), KnownNames::kNone);      // only a child
}

TEST_F(KnownNamesTest, EqualNamesAreOneListAndNoOthersAre) {
  KnownNames known;
  const Bytes one = some_names(30, 1);
  const auto number = known.add_list(one);
  EXPECT_EQ(known.find_list(one), number);
  EXPECT_EQ(known.add_list(one), number);
  for (size_t i = 0; i < one.size(); ++i) {
    Bytes other = one;
    other[i] ^= 1;
    EXPECT_EQ(known.find_list(other), KnownNames::kNone) << i;
  }
  EXPECT_EQ(known.find_list(ByteView(one).first(one.size() - 1)), KnownNames::kNone);
  EXPECT_NE(known.add_list(Bytes{0}), number);
}

TEST_F(KnownNamesTest, OutlivesTheProcess) {
  KnownNames known;
  learn_all(known);
  known.save(path, keys);
  KnownNames again(path, keys);
  EXPECT_EQ(again.learned(), 0u);
  expect_all(again);
  learn_names(again, some_id(7), KnownNames::kBranch, {});
  EXPECT_EQ(again.learned(), 1u);
  again.save(path, keys);
  EXPECT_EQ(KnownNames(path, keys).objects(), 101u);
}

TEST_F(KnownNamesTest, AnotherRepositorysOrADamagedOneIsAsGoodAsNone) {
  KnownNames known;
  learn_all(known);
  known.save(path, keys);
  EXPECT_EQ(KnownNames(path, make_keyring(random_id<RepositoryId>(), 1)).objects(), 0u);
  const RepositoryId own = std::exchange(keys.repository, random_id<RepositoryId>());   // the same secrets
  EXPECT_EQ(KnownNames(path, keys).objects(), 0u);
  keys.repository = own;
  EXPECT_EQ(KnownNames(path + "x", keys).objects(), 0u);
  EXPECT_EQ(KnownNames(path, keys, 4000).objects(), 0u);   // more than may be held
  const Bytes whole = read_memory(path, 1 << 20).value();
  for (const size_t place : {size_t{0}, size_t{30}, whole.size() / 2, whole.size() - 1}) {
    Bytes broken = whole;
    broken[place] ^= 1;
    write_memory(path, broken);
    EXPECT_EQ(KnownNames(path, keys).objects(), 0u) << place;
  }
}

// What nobody asks for any more makes room for what is new.
TEST_F(KnownNamesTest, HoldsNoMoreThanItIsGiven) {
  constexpr size_t kMost = 256 << 10;
  uint64_t next = 0;
  size_t objects = 0;
  for (int run = 0; run < 6; ++run) {
    KnownNames known(path, keys, kMost);
    if (run == 5) {
      EXPECT_NE(known_number(known, some_id(next - 1000)), KnownNames::kNone);
    }
    for (uint64_t i = next < 500 ? 0 : next - 500; i < next; ++i)
      if (const auto number = known_number(known, some_id(i)); number != KnownNames::kNone) known.touch(number);
    for (uint64_t end = next + 1500; next < end; ++next) learn_names(known, some_id(next), known.add_list(some_names(3, next / 50)), {});
    objects = known.objects();
    EXPECT_LT(objects, 3500u);
    known.save(path, keys);
    EXPECT_LT(read_memory(path, 1 << 20).value().size(), kMost);
  }
  EXPECT_GT(objects, 1500u);
}

}  // namespace
}  // namespace cairn
