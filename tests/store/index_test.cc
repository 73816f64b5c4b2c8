#include "store/index/index.h"

#include <fstream>

#include "store/index/segment.h"
#include "store/gc/gc_list.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class IndexTest : public StoreTest {
 protected:
  IndexTest() : repository_(open()) {
    for (uint64_t i = 0; i < 3; ++i) back_up(repository_, sample_files(i), static_cast<int64_t>(i));
    for (const StoredFile& file : memory.list("packs/"))
      for (const ChunkInfo& chunk : read_directory(memory, repository_.keys(), *id_in_name<PackId>(file.name), file.size_bytes).chunks)
        known_[chunk.id] = {*id_in_name<PackId>(file.name), chunk.length_bytes};
  }
  std::string folder(const std::string& name) { return cache / ("index-" + name); }
  Index open_index(const std::string& name, Backend& backend) { return Index(backend, repository_.keys(), folder(name)); }

  // Every chunk is found in its pack, and nothing else is.
  void expect_right_answers(const Index& index) {
    std::vector<ChunkId> ids;
    for (const auto& [id, place] : known_) ids.push_back(id);
    ids.push_back(ChunkId{{1, 2, 3}});
    std::vector<std::optional<Location>> places;
    std::vector<uint8_t> usable;
    index.find_many(ids, places);
    index.usable_many(ids, usable);
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      ASSERT_TRUE(places[i]);
      EXPECT_TRUE(usable[i]);
      EXPECT_EQ(places[i]->length_bytes, known_[ids[i]].second);
      EXPECT_EQ(index.pack(places[i]->pack).id, known_[ids[i]].first);
      EXPECT_EQ(index.find(ids[i]), places[i]);
    }
    EXPECT_FALSE(places.back());
    EXPECT_FALSE(usable.back());
  }
  static Bytes file_bytes(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  static void write_file(const fs::path& path, const Bytes& bytes) {
    fs::permissions(path, fs::perms::owner_all);
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  Repository repository_;
  std::map<ChunkId, std::pair<PackId, uint32_t>> known_;
};

TEST_F(IndexTest, AnswersTheSameFromTheCacheAndBuiltAnew) {
  {
    Index index(memory, repository_.keys(), folder("a"));
    expect_right_answers(index);
    EXPECT_EQ(index.pack_count(), names("packs/").size());
    EXPECT_TRUE(index.problems().empty());
  }
  {
    Index again(memory, repository_.keys(), folder("a"));
    expect_right_answers(again);
    EXPECT_FALSE(again.rebuilt());
  }
  fs::remove_all(folder("a"));
  expect_right_answers(Index(memory, repository_.keys(), folder("a")));
}

TEST_F(IndexTest, TheFolderOfAnotherRepositoryIsNotBelieved) {
  MemoryBackend other;
  Repository::init(other, kTestPassword, cheap_options());
  {
    Repository foreign(other, kTestPassword, cache / "foreign");
    back_up(foreign, sample_files(9));
    Index(other, foreign.keys(), folder("a"));
  }
  Index index(memory, repository_.keys(), folder("a"));
  EXPECT_TRUE(index.rebuilt());
  expect_right_answers(index);
}

TEST_F(IndexTest, AnOldCopyOfTheFolderIsBroughtUpToDate) {
  Index(memory, repository_.keys(), folder("a"));
  fs::copy(folder("a"), folder("old"), fs::copy_options::recursive);
  MemoryBackend newer(memory.snapshot());
  Repository later = open(newer, "later");
  Files files = {{"new", noise(9000, 77)}};
  Manifest manifest = back_up(later, files);
  Index index(newer, later.keys(), folder("old"));
  EXPECT_FALSE(index.rebuilt());
  expect_right_answers(index);
  EXPECT_EQ(TestRestore(newer, later.keys(), index).read(manifest.root).files, files);
}

TEST_F(IndexTest, AFolderFromTheFutureKnowsNothingOfWhatIsGone) {
  MemoryBackend past(memory.snapshot());
  Manifest manifest = back_up(repository_, {{"new", noise(9000, 77)}});
  Index(memory, repository_.keys(), folder("a"));
  Index index(past, repository_.keys(), folder("a"));
  expect_right_answers(index);
  EXPECT_EQ(index.find(manifest.root), std::nullopt);
}

TEST_F(IndexTest, AFolderMostOfWhosePacksAreGoneIsBuiltAnew) {
  MemoryBackend past(memory.snapshot());
  for (uint64_t i = 0; i < 10; ++i) back_up(repository_, {{"new", noise(9000, 77 + i)}});
  Index(memory, repository_.keys(), folder("a"));
  Index index(past, repository_.keys(), folder("a"));
  EXPECT_TRUE(index.rebuilt());
  expect_right_answers(index);
}

// A chunk that was stored twice is found as long as one of its packs is there and not condemned, whichever came first.
TEST_F(IndexTest, OfSeveralPlacesTheBestIsTaken) {
  std::vector<std::string> first = names("packs/");
  Condemned all;
  for (const std::string& name : first) all[*id_in_name<PackId>(name)] = 1;
  GcList list;
  list.generation = 1;
  list.condemned = all;
  put(memory, gc_list_name(1), list.encode(repository_.keys()));
  Repository again = open(memory, "again");
  const ChunkId twice = back_up(again, sample_files(1)).root;   // uploads what is condemned once more
  Index index(memory, repository_.keys(), folder("both"));
  index.distrust(all);
  ASSERT_EQ(index.places(twice).size(), 2u);
  EXPECT_FALSE(all.contains(index.pack(index.find(twice)->pack).id));
  Condemned later;
  later[index.pack(index.find(twice)->pack).id] = 2;
  index.distrust(later);
  EXPECT_TRUE(later.contains(index.pack(index.find(twice)->pack).id));   // of two condemned packs the one condemned later
  for (const auto& [pack, since] : later) memory.remove(pack_name(pack));
  index.refresh();
  EXPECT_TRUE(all.contains(index.pack(index.find(twice)->pack).id));
  EXPECT_EQ(index.places(twice).size(), 1u);
}

TEST_F(IndexTest, ADamagedFolderGivesTheSameAnswers) {
  { Index index(memory, repository_.keys(), folder("good")); }
  size_t damaged = 0;
  std::mt19937 random(1);
  for (const auto& file : fs::directory_iterator(folder("good"))) {
    std::string name = file.path().filename();
    bool interesting = name.ends_with(".sst") || name.starts_with("MANIFEST") || name == "CURRENT" || name.starts_with("OPTIONS");
    if (!file.is_regular_file() || !interesting || file.file_size() == 0) continue;
    Bytes good = file_bytes(file.path());
    for (int round = 0; round < 12; ++round) {
      SCOPED_TRACE(name + " round " + std::to_string(round));
      fs::remove_all(folder("bad"));
      fs::copy(folder("good"), folder("bad"), fs::copy_options::recursive);
      Bytes bad = good;
      if (round < 8) bad[random() % bad.size()] ^= static_cast<uint8_t>(1 + random() % 255);
      else if (round == 8) bad.resize(bad.size() / 2);
      else if (round == 9) bad.clear();
      else if (round == 10) bad.assign(bad.size(), 0);
      write_file(fs::path(folder("bad")) / name, bad);
      if (round == 11) fs::remove(fs::path(folder("bad")) / name);
      Index index(memory, repository_.keys(), folder("bad"));
      expect_right_answers(index);
      ++damaged;
    }
  }
  EXPECT_GE(damaged, 36u);
}

TEST_F(IndexTest, AFolderThatCannotBeMadeIsReplacedByAPrivateOne) {
  std::ofstream(folder("file")) << "in the way";
  expect_right_answers(Index(memory, repository_.keys(), folder("file") + "/below"));
  EXPECT_TRUE(fs::is_regular_file(folder("file")));
}

TEST_F(IndexTest, ASecondOnOneFolderReadsAndKeepsWhatIsNewerInMemory) {
  Index first(memory, repository_.keys(), folder("a"));
  Files files = {{"new", noise(90000, 77)}};
  Manifest manifest = back_up(repository_, files);
  Index second(memory, repository_.keys(), folder("a"));   // the first still has the lock
  expect_right_answers(second);
  EXPECT_EQ(TestRestore(memory, repository_.keys(), second).read(manifest.root).files, files);
  EXPECT_TRUE(second.adopted().empty());
  Index third(memory, repository_.keys(), folder("a"));
  expect_right_answers(third);
  EXPECT_FALSE(first.find(repository_.keys().chunk_id(ByteView(files["new"]).first(kTestChunkBytes))));
}

TEST_F(IndexTest, ASecondOnADamagedFolderGetsAPrivateOne) {
  { Index index(memory, repository_.keys(), folder("a")); }
  Index first(memory, repository_.keys(), folder("a"));
  for (const auto& file : fs::directory_iterator(folder("a")))
    if (file.path().extension() == ".sst") write_file(file.path(), noise(file.file_size(), 1));
  Index second(memory, repository_.keys(), folder("a"));
  expect_right_answers(second);
}

TEST_F(IndexTest, PacksWithoutASegmentAreAdopted) {
  { Index index(memory, repository_.keys(), folder("a")); }
  for (const std::string& name : names("index/")) memory.remove(name);
  Index index(memory, repository_.keys(), folder("a"));
  EXPECT_EQ(index.adopted().size(), names("packs/").size());
  expect_right_answers(index);
}

TEST_F(IndexTest, DamagedSegmentsAreToldAndReplacedByThePacksThemselves) {
  for (const std::string& name : names("index/")) memory.replace(name, noise(500, 1));
  Index index(memory, repository_.keys(), folder("a"));
  EXPECT_EQ(index.problems().size(), names("index/").size());
  expect_right_answers(index);
}

TEST_F(IndexTest, TheNextSessionPutsAdoptedPacksIntoASegmentOnce) {
  for (const std::string& name : names("index/")) memory.remove(name);
  Repository repository = open(memory, "fresh");
  back_up(repository, sample_files(0), 8);
  size_t segments = names("index/").size();
  EXPECT_LE(segments, 2u);
  back_up(repository, sample_files(0), 9);
  back_up(repository, sample_files(0), 10);
  EXPECT_LE(names("index/").size(), segments + 2);   // a new root directory at most
  Index index(memory, repository_.keys(), folder("b"));
  EXPECT_TRUE(index.adopted().empty());
}

TEST_F(IndexTest, ChunksOfAMissingPackAreUnknown) {
  { Index index(memory, repository_.keys(), folder("a")); }
  PackId gone = known_.begin()->second.first;
  memory.remove(pack_name(gone));
  for (const char* place : {"a", "new"}) {
    Index index(memory, repository_.keys(), folder(place));
    for (const auto& [id, at] : known_) EXPECT_EQ(index.find(id).has_value(), at.first != gone);
  }
}

TEST_F(IndexTest, APackOfTheWrongLengthIsKnownButNotReliedOn) {
  { Index index(memory, repository_.keys(), folder("a")); }
  PackId hurt = known_.begin()->second.first;
  Bytes bytes = memory.snapshot().at(pack_name(hurt));
  bytes.pop_back();
  memory.replace(pack_name(hurt), bytes);
  for (const char* place : {"a", "new"}) {
    Index index(memory, repository_.keys(), folder(place));
    for (const auto& [id, at] : known_) {
      std::vector<uint8_t> usable;
      index.usable_many({&id, 1}, usable);
      EXPECT_TRUE(index.find(id));
      EXPECT_EQ(usable[0] != 0, at.first != hurt);
    }
  }
}

// A session that opened its index before its lease stood would rely on packs that a prune has removed since.
TEST_F(IndexTest, ASessionLooksAgainAfterItsLeaseStands) {
  repository_.index();
  for (const std::string& name : names("packs/")) memory.remove(name);
  WriteSession session(repository_);
  for (const auto& [id, at] : known_) {
    std::vector<uint8_t> fresh;
    session.claim_new({&id, 1}, fresh);
    EXPECT_TRUE(fresh[0]);
  }
}

TEST_F(IndexTest, CondemnedPacksStayCondemnedWhenItLooksAgain) {
  Index index(memory, repository_.keys(), folder("a"));
  PackId condemned = known_.begin()->second.first;
  index.distrust({{condemned, 1}});
  auto expect_condemned = [&] {
    for (const auto& [id, at] : known_) {
      std::vector<uint8_t> usable;
      index.usable_many({&id, 1}, usable);
      EXPECT_EQ(usable[0] != 0, at.first != condemned);
    }
  };
  expect_condemned();
  for (const std::string& name : names("index/")) memory.remove(name);
  index.refresh();
  expect_condemned();
}

TEST_F(IndexTest, AChunkInTwoPacksIsFoundInOneThatIsThere) {
  std::map<std::string, Bytes> with_first = memory.snapshot();
  Bytes chunk = noise(500, 5);
  ChunkId id = repository_.keys().chunk_id(chunk);
  std::vector<PackInfo> packs;
  for (int i = 0; i < 2; ++i) {
    PackWriter writer(memory, repository_.keys(), ObjectType::kDataPack, best_suite());
    FrameInfo frame;
    frame.number = writer.reserve();
    frame.plain_bytes = 500;
    writer.append(frame, writer.seal_frame(frame, chunk), {{id, 500}});
    packs.push_back(writer.finish());
  }
  auto segment = random_id<SegmentId>();
  put(memory, segment_name(segment), encode_segment(segment, repository_.keys(), packs));
  for (int gone = -1; gone < 2; ++gone) {
    MemoryBackend backend(memory.snapshot());
    if (gone >= 0) backend.remove(pack_name(packs[static_cast<size_t>(gone)].id));
    Index index(backend, repository_.keys(), folder("two"));
    ASSERT_TRUE(index.find(id));
    EXPECT_EQ(ChunkReader(backend, repository_.keys(), index, 0).chunk(id).size(), 500u);
  }
}

}  // namespace
}  // namespace cairn
