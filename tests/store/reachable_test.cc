#include "store/read/reachable.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class ReachableTest : public StoreTest {};

TEST_F(ReachableTest, MarksEachThingOnceWhateverSharesIt) {
  Repository repository = open();
  Manifest first = back_up(repository, sample_files(1), 1);
  Files more = sample_files(1);
  more["zz/new"] = noise(9000, 5);
  Manifest second = back_up(repository, more, 2);
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  Reachable reachable(repository.index(), reader);
  auto marked = [&] {
    size_t chunks = 0;
    for (const auto& [number, use] : reachable.packs()) chunks += static_cast<size_t>(std::ranges::count(use.chunks, true));
    return chunks;
  };
  reachable.add(first);
  const size_t of_first = marked();
  const uint64_t objects = reachable.objects();
  EXPECT_GT(of_first, 20u);
  reachable.add(first);
  EXPECT_EQ(marked(), of_first);
  EXPECT_EQ(reachable.objects(), objects);
  reachable.add(second);
  EXPECT_GE(marked(), of_first + 3);
  size_t all = 0;   // the two are all there is
  for (uint32_t number = 0; number < repository.index().pack_numbers(); ++number)
    for (const FrameInfo& frame : repository.index().pack(number).frames) all += frame.chunk_count;
  EXPECT_EQ(marked(), all);
}

TEST_F(ReachableTest, SeveralTogetherMarkWhatEachDoes) {
  Repository repository = open();
  std::vector<Manifest> manifests;
  for (unsigned seed : {1, 2, 3}) manifests.push_back(back_up(repository, sample_files(seed), static_cast<int64_t>(seed)));
  for (const size_t threads : {1, 3}) {
    BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20, threads);
    Reachable one_by_one(repository.index(), reader), together(repository.index(), reader);
    for (const Manifest& manifest : manifests) one_by_one.add(manifest);
    together.add(manifests);
    EXPECT_EQ(together.objects(), one_by_one.objects());
    ASSERT_EQ(together.packs().size(), one_by_one.packs().size());
    for (const auto& [number, use] : one_by_one.packs()) {
      EXPECT_EQ(together.packs().at(number).chunks, use.chunks);
      EXPECT_EQ(together.packs().at(number).live_bytes, use.live_bytes);
    }
  }
}

TEST_F(ReachableTest, WhatIsMissingIsAnError) {
  Repository repository = open();
  Manifest manifest = back_up(repository, sample_files(1), 1);
  for (const std::string& name : names("packs/"))
    if (memory.snapshot()[name][10] == static_cast<uint8_t>(ObjectType::kDataPack)) memory.remove(name);
  Repository again = open(memory, "again");
  BulkReader reader(memory, again.keys(), again.index(), 1 << 20);
  Reachable reachable(again.index(), reader);
  EXPECT_EQ(code_of([&] { reachable.add(manifest); }), ErrorCode::kCorrupt);
}

TEST_F(ReachableTest, OnlyUsableLeavesCondemnedPacksOut) {
  Repository repository = open();
  Manifest manifest = back_up(repository, sample_files(1), 1);
  Index& index = repository.writable_index();
  BulkReader reader(memory, repository.keys(), index, 1 << 20);
  index.distrust({{index.pack(index.find(manifest.root)->pack).id, 1}});
  Reachable all(index, reader);
  all.add(manifest);
  Reachable usable(index, reader);
  usable.only_usable = true;
  EXPECT_EQ(code_of([&] { usable.add(manifest); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
