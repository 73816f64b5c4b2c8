// Copies between two repositories in memory: other keys, other sizes of chunks, trouble on either side.
#include "ingest/copy/copy.h"

#include <algorithm>

#include "store/read/content_reader.h"
#include "store/tree/catalogue.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class CopyNotes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override {
    std::lock_guard lock(mu_);
    errors_.push_back(path + ": " + message);
  }
  void warning(const std::string&) override {}
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (on_check_) on_check_(++checks_);
  }
  std::string all() const {
    std::string out;
    for (const std::string& line : errors_) out += line + "\n";
    return out;
  }
  std::function<void(uint64_t number)> on_check_;
  std::atomic<uint64_t> checks_{0};
  std::mutex mu_;
  std::vector<std::string> errors_;
};

class CopyTest : public StoreTest {
 protected:
  CopyTest() {
    InitOptions other = cheap_options();
    other.sizes = {2 << 10, 8 << 10, 64 << 10};
    Repository::init(memory_there_, kTestPassword, other);
  }
  Repository there(Backend& backend) { return Repository(backend, kTestPassword, cache / "there"); }

  CopyResult copy_all(Backend& from, Backend& to, bool recut = false) {
    Repository source = open(from), destination = there(to);
    notes_ = std::make_unique<CopyNotes>();
    notes_->on_check_ = on_check_;
    CopyOptions options;
    options.recut = recut;
    options.threads = 2;
    copies_.clear();
    return copy_snapshots(source, destination, source.snapshots(), options,
                          [&](const Manifest&, const Manifest& copy) { copies_.push_back(copy); }, *notes_);
  }
  CopyResult copy_all(bool recut = false) { return copy_all(memory, memory_there_, recut); }

  void forget_copies() {
    for (const StoredFile& file : memory_there_.list("snapshots/")) memory_there_.remove(file.name);
  }
  void expect_there(const Files& files, const Manifest& copy) {
    Repository destination = there(memory_there_);
    ReadBack back = read_back(destination, copy);
    EXPECT_TRUE(back.errors.empty()) << back.errors.begin()->second;
    EXPECT_EQ(back.files, files);
    EXPECT_EQ(describe(check_all(destination)), "");
  }

  MemoryBackend memory_there_;
  std::unique_ptr<CopyNotes> notes_;
  std::function<void(uint64_t)> on_check_;
  std::vector<Manifest> copies_;
};

TEST_F(CopyTest, EverythingComesAlongEitherWay) {
  const Files files = sample_files(1);
  Repository source = open();
  const Manifest original = back_up(source, files, 77);
  for (bool recut : {false, true}) {
    forget_copies();
    const CopyResult result = copy_all(recut);
    EXPECT_EQ(result.copied, 1u) << notes_->all();
    ASSERT_EQ(copies_.size(), 1u);
    const Manifest& copy = copies_[0];
    EXPECT_EQ(copy.origin, original.id);
    EXPECT_EQ(copy.original_author, original.author);
    EXPECT_TRUE(copy.previous.is_zero());
    EXPECT_EQ(copy.sequence, 1u);
    EXPECT_EQ(copy.time_ns, 77);
    EXPECT_EQ(copy.host, "test");
    expect_there(files, copy);
  }
}

TEST_F(CopyTest, TheSecondCopyReadsOnlyWhatIsNew) {
  for (bool recut : {false, true}) {
    SCOPED_TRACE(recut);
    Repository source = open();
    Files files = sample_files(10 + recut);
    back_up(source, files, 1 + 10 * recut);
    copy_all(recut);
    files["new"] = noise(500, 99 + recut);
    back_up(source, files, 2 + 10 * recut);
    const CopyResult result = copy_all(recut);
    EXPECT_EQ(result.copied, 1u);
    EXPECT_GE(result.skipped, 1u);
    EXPECT_EQ(result.bytes_read, 500u);
    expect_there(files, copies_.at(0));
  }
}

TEST_F(CopyTest, SharedThingsAreReadOnceInOneRun) {
  Repository source = open();
  const Files files = sample_files(3);
  uint64_t bytes = 0;
  for (const auto& [path, content] : files) bytes += content.size();
  for (int64_t time = 1; time <= 3; ++time) back_up(source, files, time);
  const CopyResult result = copy_all();
  EXPECT_EQ(result.copied, 3u);
  EXPECT_EQ(result.bytes_read, bytes);
  EXPECT_EQ(copies_.at(2).sequence, 3u);
}

TEST_F(CopyTest, BackAgainIsNotCopied) {
  Repository source = open();
  back_up(source, sample_files(4));
  copy_all();
  Repository first = open(), second = there(memory_there_);
  const CopyResult result = copy_snapshots(second, first, second.snapshots(), {}, [](const Manifest&, const Manifest&) {}, *notes_);
  EXPECT_EQ(result.copied, 0u);
  EXPECT_EQ(result.skipped, 1u);
}

TEST_F(CopyTest, CatalogueAndRecipeComeAlong) {
  Repository source = open();
  {
    TestBackup work(source);
    Manifest m = work.manifest_of({{"a", noise(9000, 5)}});
    const PutObject put = [&](ByteView object) { return work.session().put_object(object); };
    DirectoryWriter root(put);
    Entry stream = work.add_file("db", prose(30000, 6));
    root.add(stream);
    root.add(work.add_directory("tree", {{"a", noise(9000, 5)}}));
    m.root = root.finish();
    ComponentInfo db;
    db.name = "db";
    db.kind = ComponentKind::kPostgres;
    db.size_bytes = stream.size_bytes;
    Part part;
    part.name = "x/y";
    part.kind = "table";
    part.extents = {{100, 200}, {400, 1}};
    db.catalogue = write_catalogue(put, {part});
    const Bytes piece = noise(3000, 8);
    db.recipe_list = put(encode_chunk_list_leaf(std::vector<ChunkRef>{{put(piece), piece.size()}}));
    db.recipe_bytes = piece.size();
    m.components.insert(m.components.begin(), db);
    work.builder().flush();
    work.session().commit(m);
  }
  for (bool recut : {false, true}) {
    forget_copies();
    EXPECT_EQ(copy_all(recut).copied, 1u) << notes_->all();
    Repository destination = there(memory_there_);
    EXPECT_EQ(describe(check_all(destination)), "");
    const ComponentInfo& db = copies_.at(0).components.at(0);
    ChunkReader reader(memory_there_, destination.keys(), destination.index(), 1 << 20);
    const auto found = CatalogueReader(reader.object_source(), db.catalogue, 30000).find("x/y");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->extents, (std::vector<Extent>{{100, 200}, {400, 1}}));
    Content recipe;
    recipe.kind = Content::Kind::kList;
    recipe.list = db.recipe_list;
    Bytes bytes;
    ContentReader(reader, recipe).read(0, db.recipe_bytes, [&](ByteView some) { bytes.insert(bytes.end(), some.begin(), some.end()); });
    EXPECT_EQ(bytes, noise(3000, 8));
  }
}

TEST_F(CopyTest, ASnapshotThatIsNotWholeIsToldAndTheOthersAreCopied) {
  Repository source = open();
  const Files lost = {{"lost", noise(40000, 1)}}, whole = {{"whole", noise(40000, 2)}};
  back_up(source, lost, 1);
  const auto packs = names("packs/");
  back_up(source, whole, 2);
  for (const std::string& name : packs) memory.remove(name);
  const CopyResult result = copy_all();
  EXPECT_EQ(result.failed, 1u);
  EXPECT_EQ(result.copied, 1u);
  EXPECT_FALSE(notes_->errors_.empty());
  expect_there(whole, copies_.at(0));
}

TEST_F(CopyTest, AnInterruptedCopyKeepsWhatItBrought) {
  Repository source = open();
  const Files files = {{"a", noise(3 << 20, 1)}, {"b", noise(3 << 20, 2)}};
  back_up(source, files);
  for (uint64_t stop : {5u, 8u}) {
    on_check_ = [stop](uint64_t number) {
      if (number >= stop) throw Error(ErrorCode::kInterrupted, "stop");
    };
    EXPECT_EQ(code_of([&] { copy_all(true); }), ErrorCode::kInterrupted);
    Repository destination = there(memory_there_);
    EXPECT_EQ(describe(check_all(destination)), "");
  }
  on_check_ = {};
  const CopyResult result = copy_all(true);
  EXPECT_EQ(result.copied, 1u);
  EXPECT_LT(result.bytes_new, result.bytes_read);
}

TEST_F(CopyTest, WhatIsLostInTheDestinationIsBroughtAgain) {
  Repository source = open();
  Files files = sample_files(5);
  back_up(source, files, 1);
  copy_all();
  for (const StoredFile& file : memory_there_.list("packs/")) memory_there_.remove(file.name);
  files["new"] = noise(500, 1);
  back_up(source, files, 2);
  EXPECT_EQ(copy_all().copied, 1u);
  Repository destination = there(memory_there_);
  ReadBack back = read_back(destination, copies_.at(0));
  EXPECT_EQ(back.files, files);
}

TEST_F(CopyTest, TheSameRepositoryIsRefused) {
  Repository source = open(), again = open(memory, "again");
  CopyNotes notes;
  EXPECT_EQ(code_of([&] { copy_snapshots(source, again, {}, {}, [](const Manifest&, const Manifest&) {}, notes); }),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cairn
