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

// Of every pack number the chunks that are needed.
std::map<uint32_t, std::vector<bool>> marks(const Reachable& reachable) {
  std::map<uint32_t, std::vector<bool>> out;
  for (const auto& [number, use] : reachable.packs()) out[number] = use.chunks;
  return out;
}

TEST_F(ReachableTest, WhatIsKnownIsNotReadAgainAndMarksTheSame) {
  Repository repository = open();
  std::vector<Manifest> manifests;
  Files files = sample_files(1);
  for (uint64_t i = 0; i < 40; ++i) files["many/" + std::to_string(i)] = noise(1000, 200 + i);
  for (int64_t time = 1; time <= 6; ++time) {
    files["many/" + std::to_string(time)] = noise(1000, static_cast<uint64_t>(time) + 50);
    manifests.push_back(back_up(repository, files, time));
  }
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  Reachable plain(repository.index(), reader);
  plain.add(manifests);
  KnownReferences known;
  Reachable learning(repository.index(), reader, &known);
  learning.add(std::span(manifests).first(4));
  learning.add(std::span(manifests).subspan(4));
  EXPECT_EQ(marks(learning), marks(plain));
  EXPECT_EQ(learning.objects(), plain.objects());
  EXPECT_EQ(known.objects(), plain.objects());
  known.save(cache / "references", repository.keys(), learning.needed_known());

  KnownReferences later(cache / "references", repository.keys());
  EXPECT_EQ(later.objects(), plain.objects());
  MemoryBackend nothing;   // there is nothing to be read
  BulkReader blind(nothing, repository.keys(), repository.index(), 1 << 20);
  Reachable again(repository.index(), blind, &later);
  again.add(manifests);
  EXPECT_EQ(marks(again), marks(plain));
  EXPECT_EQ(again.objects(), plain.objects());
  Reachable some(repository.index(), blind, &later), expected(repository.index(), reader);
  some.add(manifests[5]);   // whose lists rest on older ones
  expected.add(manifests[5]);
  EXPECT_EQ(marks(some), marks(expected));
  EXPECT_NE(marks(some), marks(plain));
}

TEST_F(ReachableTest, WhatIsKnownButMissingIsAnError) {
  Repository repository = open();
  Manifest manifest = back_up(repository, sample_files(1), 1);
  KnownReferences known;
  {
    BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
    Reachable(repository.index(), reader, &known).add(manifest);
  }
  for (const std::string& name : names("packs/"))
    if (memory.snapshot()[name][10] == static_cast<uint8_t>(ObjectType::kDataPack)) memory.remove(name);
  Repository again = open(memory, "again");
  BulkReader reader(memory, again.keys(), again.index(), 1 << 20);
  Reachable reachable(again.index(), reader, &known);
  EXPECT_EQ(code_of([&] { reachable.add(manifest); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { reachable.add(manifest); }), ErrorCode::kCorrupt);   // nor is it forgotten the second time
}

TEST_F(ReachableTest, WithoutRoomItReadsTheRest) {
  Repository repository = open();
  std::vector<Manifest> manifests;
  for (unsigned seed : {1, 2, 3}) manifests.push_back(back_up(repository, sample_files(seed), static_cast<int64_t>(seed)));
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  Reachable plain(repository.index(), reader);
  plain.add(manifests);
  for (const size_t room : {0, 4'500, 5'000, 5'500, 6'000}) {
    KnownReferences known(room);
    for (int round = 0; round < 2; ++round) {
      Reachable reachable(repository.index(), reader, &known);
      reachable.add(manifests);
      EXPECT_EQ(marks(reachable), marks(plain)) << room << " " << round;
      EXPECT_EQ(reachable.objects(), plain.objects());
    }
    EXPECT_LT(known.objects(), plain.objects());
  }
}

TEST_F(ReachableTest, EveryFrameHasItsTurnToBeReadAgain) {
  Repository repository = open();
  Manifest manifest = back_up(repository, sample_files(1), 1);
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  KnownReferences known, wrong;
  Reachable(repository.index(), reader, &known).add(manifest);
  for (KnownReferences::Number number = 0; number < known.size(); ++number) {   // one of all that is known is left out
    if (!known.knows(number)) continue;
    ReferenceList list;
    known.list(number, [](auto) { return false; }, list);
    References its;
    for (size_t i = 0; i < list.numbers.size(); ++i) (list.is_object(i) ? its.objects : its.chunks).push_back(known.id(list.numbers[i]));
    if (its.chunks.size() > 3) its.chunks.pop_back();
    wrong.learn(known.id(number), its.objects, its.chunks);
  }
  size_t right = 0, noticed = 0;
  for (uint64_t turn = 0; turn < Reachable::kTurns; ++turn) {
    Reachable good(repository.index(), reader, &known), bad(repository.index(), reader, &wrong);
    good.turn = bad.turn = turn;
    good.add(manifest);
    bad.add(manifest);
    right += good.recheck();
    noticed += !bad.recheck();
  }
  EXPECT_EQ(right, Reachable::kTurns);
  EXPECT_GE(noticed, 1u);
}

// A file may have the very bytes of a directory: then one chunk is both, and what the directory refers to is needed all the same.
TEST_F(ReachableTest, AnObjectThatIsContentTooIsAnObject) {
  Repository repository = open();
  Manifest folder = back_up(repository, sample_files(1), 1);
  BulkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  DirectoryReader entries(reader.single().object_source(), folder.root);
  const Entry* tree = entries.next();
  const Buffer object = reader.single().get(tree->directory);
  ASSERT_LE(object.size(), kTestChunkBytes);
  Manifest content = back_up(repository, {{"object", Bytes(object.view().begin(), object.view().end())}}, 2);
  Repository later = open(memory, "later");
  BulkReader its_reader(memory, later.keys(), later.index(), 1 << 20);
  Reachable plain(later.index(), its_reader);
  plain.add(folder);
  plain.add(content);
  KnownReferences known, tiny(1000);
  for (KnownReferences* which : {static_cast<KnownReferences*>(nullptr), &known, &known, &tiny}) {
    Reachable reachable(later.index(), its_reader, which);
    reachable.add(content);   // first
    reachable.add(folder);
    EXPECT_EQ(marks(reachable), marks(plain));
    Reachable together(later.index(), its_reader, which);
    together.add(std::vector{content, folder});
    EXPECT_EQ(marks(together), marks(plain));
  }
}

}  // namespace
}  // namespace cairn
