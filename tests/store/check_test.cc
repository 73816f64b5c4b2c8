#include "store/check/check.h"

#include "store/tree/catalogue.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

using CheckTest = StoreTest;

TEST_F(CheckTest, AWholeRepositoryHasNoDamageAndIsCounted) {
  Repository repository = open();
  back_up(repository, sample_files(1), 1);
  back_up(repository, sample_files(2), 2);
  CheckReport report = check_all(repository);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  EXPECT_TRUE(report.notes.empty());
  EXPECT_EQ(report.snapshots, 2u);
  EXPECT_EQ(report.packs, names("packs/").size());
  EXPECT_EQ(report.packs_read, report.packs);
  EXPECT_EQ(report.chunks_verified, report.chunks);
  EXPECT_EQ(report.unreferenced_bytes, 0u);
  EXPECT_GT(report.objects, 5u);
}

TEST_F(CheckTest, WithoutReadingDataNoFrameOfADataPackIsRead) {
  Repository repository = open();
  back_up(repository, {{"big", noise(2 << 20, 1)}});
  FaultBackend counting(memory);
  Repository again = open(counting, "again");
  counting.clear();
  CheckReport report = check_all(again, 0);
  EXPECT_TRUE(report.damage.empty());
  EXPECT_EQ(report.packs_read, 0u);
  EXPECT_LT(counting.bytes_of(Operation::kRead), 512u << 10);
}

TEST_F(CheckTest, WhatNoSnapshotNeedsIsCountedNotBlamed) {
  Repository repository = open();
  back_up(repository, {{"f", noise(10000, 1)}});
  for (const std::string& name : names("snapshots/")) memory.remove(name);
  CheckReport report = check_all(repository);
  EXPECT_TRUE(report.damage.empty());
  uint64_t packs = 0;
  for (const StoredFile& file : memory.list("packs/")) packs += file.size_bytes;
  EXPECT_EQ(report.unreferenced_bytes, packs);
}

TEST_F(CheckTest, AnInterruptionEndsIt) {
  Repository repository = open();
  back_up(repository, sample_files(1));
  CheckProgress progress;
  progress.check_interrupted = [] { throw Error(ErrorCode::kInterrupted, "stop"); };
  EXPECT_EQ(code_of([&] { check(repository, {100, 2}, progress); }), ErrorCode::kInterrupted);
}

TEST_F(CheckTest, ASnapshotThatNeedsWhatNeverCameIsNamed) {
  Repository repository = open();
  TestBackup backup(repository);
  Manifest manifest = backup.manifest_of({});
  Entry lost;
  lost.name = "lost";
  lost.size_bytes = 7;
  lost.content.kind = Content::Kind::kChunks;
  lost.content.chunks = {{ChunkId{{1, 2, 3}}, 7}};
  PutObject put = [&](ByteView bytes) { return backup.session().put_object(bytes); };
  DirectoryWriter root(put);
  root.add(lost);
  manifest.root = root.finish();
  backup.builder().flush();
  backup.session().commit(manifest);
  CheckReport report = check_all(repository, 0);
  ASSERT_EQ(report.damage.size(), 1u) << describe(report);
  ASSERT_EQ(report.damage[0].victims.size(), 1u);
  EXPECT_EQ(report.damage[0].victims[0].path, "lost");
  EXPECT_EQ(report.damage[0].victims[0].snapshot, manifest.id.hex());
}

// What a component has beside its content: a catalogue whose parts lie in it, a recipe.
TEST_F(CheckTest, CataloguesAndRecipesAreWalked) {
  Repository repository = open();
  TestBackup backup(repository);
  PutObject put = [&](ByteView bytes) { return backup.session().put_object(bytes); };
  Manifest manifest = backup.manifest_of({});
  Entry stream = backup.add_file("db", noise(10000, 1));
  DirectoryWriter root(put);
  root.add(stream);
  manifest.root = root.finish();
  ComponentInfo& component = manifest.components[0];
  component.name = "db";
  component.catalogue = write_catalogue(put, {{"a.sql", "table", {}, {{0, 5}, {9990, 10}}, {}}, {"b.sql", "table", {}, {}, {}}});
  ChunkRef piece{backup.add_chunk(noise(3000, 9)), 3000};
  component.recipe_list = put(encode_chunk_list_leaf({&piece, 1}));
  component.recipe_bytes = 3000;
  backup.builder().flush();
  backup.session().commit(manifest);
  CheckReport report = check_all(repository);
  EXPECT_TRUE(report.damage.empty()) << describe(report);
  EXPECT_EQ(report.unreferenced_bytes, 0u);
  EXPECT_EQ(report.objects, 3u);   // the root, the catalogue, the list of the recipe

  auto damage_with = [&](auto change) {
    TestBackup again(repository);
    Manifest bad = manifest;
    bad.previous = {};
    put = [&](ByteView bytes) { return again.session().put_object(bytes); };
    change(bad.components[0]);
    again.builder().flush();
    again.session().commit(bad);
    CheckReport found = check_all(repository, 0);
    memory.remove(snapshot_name(bad.id));
    return found.damage.size() == 1 && found.damage[0].victims.size() == 1 && found.damage[0].victims[0].path == "db" ? found.damage[0].what
                                                                                                                     : describe(found);
  };
  auto contains = [](const std::string& text, const char* words) { return text.find(words) != std::string::npos; };
  std::string what = damage_with([&](ComponentInfo& c) { c.catalogue = write_catalogue(put, {{"a", "table", {}, {{9990, 11}}, {}}}); });
  EXPECT_TRUE(contains(what, "reaches beyond the end of its stream")) << what;
  what = damage_with([&](ComponentInfo& c) { c.catalogue = ChunkId{{7}}; });
  EXPECT_TRUE(contains(what, "is in no pack")) << what;
  what = damage_with([&](ComponentInfo& c) { c.catalogue = c.recipe_list; });
  EXPECT_TRUE(contains(what, "not a catalogue")) << what;
  ChunkRef lost{ChunkId{{8}}, 3000};
  what = damage_with([&](ComponentInfo& c) { c.recipe_list = put(encode_chunk_list_leaf({&lost, 1})); });
  EXPECT_TRUE(contains(what, "is in no pack")) << what;
}

// As deep as a backup goes is walked; deeper is an attack on the stack, and damage.
TEST_F(CheckTest, ADeepTreeIsWalkedToALimit) {
  Repository repository = open();
  TestBackup backup(repository);
  PutObject put = [&](ByteView bytes) { return backup.session().put_object(bytes); };
  ChunkId at = DirectoryWriter(put).finish();
  std::vector<ChunkId> by_depth{at};
  for (int depth = 0; depth < 5000; ++depth) {
    DirectoryWriter directory(put);
    Entry entry;
    entry.name = "d";
    entry.type = EntryType::kDirectory;
    entry.directory = at;
    directory.add(entry);
    by_depth.push_back(at = directory.finish());
  }
  Manifest manifest = backup.manifest_of({});
  manifest.root = by_depth[4000];
  backup.builder().flush();
  backup.session().commit(manifest);
  CheckReport report = check_all(repository, 0);
  EXPECT_TRUE(report.damage.empty());
  EXPECT_GE(report.objects, 4000u);

  memory.remove(snapshot_name(manifest.id));   // what it found whole it would not walk again
  TestBackup deeper(repository);
  manifest.root = by_depth[5000];
  deeper.session().commit(manifest);
  report = check_all(repository, 0);
  ASSERT_EQ(report.damage.size(), 1u);
  EXPECT_NE(report.damage[0].what.find("deeper"), std::string::npos);
}

}  // namespace
}  // namespace cairn
