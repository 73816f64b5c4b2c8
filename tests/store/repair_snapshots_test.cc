#include "store/repair/repair_snapshots.h"

#include "store/notes/notes.h"
#include "store/repair/condemn.h"
#include "store/repair/repair_packs.h"
#include "store/tree/catalogue.h"
#include "tests/store/repair_fixture.h"

namespace cairn {
namespace {

class RepairSnapshotsTest : public RepairTest {
 protected:
  RepairSnapshotsReport repair(RepairSnapshotsOptions options = {}) {
    Repository repository = open_fresh();
    return repair_snapshots(repository, options, progress_);
  }
  RepairSnapshotsReport repair_reading() {
    RepairSnapshotsOptions options;
    options.read_data = true;
    return repair(options);
  }
  Manifest manifest(const SnapshotId& id) {
    Repository repository = open();
    for (Manifest& m : repository.snapshots())
      if (m.id == id) return m;
    throw Error(ErrorCode::kNotFound, id.hex());
  }
  Files read(const Manifest& m) {
    Repository repository = open_fresh();
    ReadBack read = read_back(repository, m);
    EXPECT_TRUE(read.errors.empty()) << read.errors.begin()->first << " " << read.errors.begin()->second;
    return read.files;
  }
  std::vector<std::string> paths(const RepairedSnapshot& told) {
    std::vector<std::string> out;
    for (const Loss& loss : told.losses) out.push_back(loss.path);
    std::ranges::sort(out);
    return out;
  }
  void forget_all() {
    for (const std::string& name : names("snapshots/")) memory.remove(name);
    manifests_.clear();
  }
};

TEST_F(RepairSnapshotsTest, WholeSnapshotsAreLeftAlone) {
  auto before = files();
  RepairSnapshotsReport report = repair_reading();
  EXPECT_EQ(report.examined, 2u);
  EXPECT_TRUE(report.snapshots.empty());
  EXPECT_EQ(files(), before);
}

// One lost chunk costs one file; all of the rest is kept, under a new id that says where it is from.
TEST_F(RepairSnapshotsTest, ALostChunkCostsItsFileAndNothingElse) {
  flip_frame_of(chunk_of(contents_[0]["a/prose"]));
  std::map<std::string, std::string> errors;
  {
    Repository repository = open_fresh();
    errors = read_back(repository, manifests_[0]).errors;
  }
  ASSERT_FALSE(errors.empty());
  auto before = files();
  RepairSnapshotsOptions dry;
  dry.read_data = dry.dry_run = true;
  RepairSnapshotsReport foreseen = repair(dry);
  EXPECT_EQ(files(), before);
  RepairSnapshotsReport report = repair_reading();
  ASSERT_EQ(report.snapshots.size(), 1u);
  const RepairedSnapshot& told = report.snapshots[0];
  EXPECT_EQ(told.id, manifests_[0].id);
  EXPECT_EQ(told.loss_count, errors.size());
  for (const Loss& loss : told.losses) EXPECT_TRUE(errors.contains(loss.path) && !loss.why.empty()) << loss.path;
  EXPECT_EQ(paths(foreseen.snapshots.at(0)), paths(told));
  EXPECT_EQ(foreseen.snapshots[0].files_kept, told.files_kept);
  ASSERT_TRUE(told.replacement);
  Manifest fresh = manifest(*told.replacement);
  Files expected = contents_[0];
  for (const auto& [path, why] : errors) expected.erase(path.substr(path.find('/') + 1));
  EXPECT_EQ(read(fresh), expected);
  EXPECT_EQ(fresh.origin, manifests_[0].id);
  EXPECT_EQ(fresh.original_author, manifests_[0].author);
  EXPECT_EQ(std::tuple(fresh.time_ns, fresh.host, fresh.tags), std::tuple(manifests_[0].time_ns, manifests_[0].host, manifests_[0].tags));
  EXPECT_EQ(fresh.components[0].completeness, Completeness::kIncomplete);
  EXPECT_EQ(fresh.components[0].file_count, expected.size());
  EXPECT_EQ(fresh.stats.files_failed, errors.size());
  EXPECT_TRUE(files().contains(snapshot_name(manifests_[0].id)));
  for (const Damage& damage : check_fresh().damage)
    for (const Damage::Victim& victim : damage.victims) EXPECT_EQ(victim.snapshot, manifests_[0].id.hex());

  RepairSnapshotsReport again = repair_reading();   // makes no second one
  EXPECT_EQ(again.snapshots.size(), 1u);
  EXPECT_TRUE(again.snapshots[0].made_before);
  EXPECT_EQ(again.snapshots[0].replacement, told.replacement);
  EXPECT_EQ(names("snapshots/").size(), 3u);
}

TEST_F(RepairSnapshotsTest, TheOldOneIsForgottenWhenAsked) {
  flip_frame_of(chunk_of(contents_[0]["a/prose"]));
  RepairSnapshotsOptions options;
  options.read_data = options.forget = true;
  RepairSnapshotsReport report = repair(options);
  ASSERT_EQ(report.snapshots.size(), 1u);
  EXPECT_TRUE(report.snapshots[0].forgotten) << report.snapshots[0].left_because;
  EXPECT_FALSE(files().contains(snapshot_name(manifests_[0].id)));
  Repository repository = open();
  const Statement* note = nullptr;
  Notes notes = Notes::load(memory, repository.keys());
  note = notes.find(Statement::Kind::kForgotten, manifests_[0].id);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->replaced_by, report.snapshots[0].replacement);
  read(manifest(*report.snapshots[0].replacement));
}

// Without reading all data: what a repair of the packs condemned is known to be doubtful.
TEST_F(RepairSnapshotsTest, AfterARepairOfThePacksNoReadingIsNeeded) {
  flip_frame_of(chunk_of(contents_[0]["a/prose"]));
  Repository repository = open();
  repair_packs(repository, {}, progress_);
  RepairSnapshotsReport report = repair();
  ASSERT_EQ(report.snapshots.size(), 1u);
  EXPECT_TRUE(std::ranges::count(paths(report.snapshots[0]), "tree/a/prose") == 1);
  read(manifest(report.snapshots[0].replacement.value()));
}

// A chunk that only a condemned pack has, but that can be read, comes along: the new snapshot doesn't need that pack.
TEST_F(RepairSnapshotsTest, WhatOnlyACondemnedPackHasIsBroughtAlong) {
  flip_frame_of(chunk_of(contents_[0]["a/prose"]));
  Repository repository = open();
  std::vector<std::string> packs = names("packs/");
  std::vector<PackId> ids;
  for (const std::string& name : packs) ids.push_back(*id_in_name<PackId>(name));
  condemn_packs(memory, repository.keys(), ids);
  RepairSnapshotsReport report = repair();
  ASSERT_EQ(report.snapshots.size(), 1u);
  for (const std::string& name : packs) memory.remove(name);
  EXPECT_EQ(read(manifest(report.snapshots[0].replacement.value())).size(), contents_[0].size() - report.snapshots[0].loss_count);
}

// A long directory is many objects: one of them costs the names in it, no others.
TEST_F(RepairSnapshotsTest, ALostPieceOfADirectoryCostsItsNamesOnly) {
  forget_all();
  Files many;   // of fewer than 16 leaves: one branch holds them all, whatever their ids
  for (int i = 0; i < 700; ++i) many["d/file-" + std::to_string(10000 + i)] = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
  Repository repository = open();
  Manifest m = back_up(repository, many, 5);
  ChunkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  auto d = find_path(reader.object_source(), m.root, "tree/d");
  Buffer top = reader.get(d->directory);
  Decoder in(top, "d");
  ASSERT_EQ(open_object(in), ObjectKind::kDirectoryBranch);
  auto children = decode_directory_branch(in);
  ASSERT_GE(children.size(), 3u);
  // One leaf is lost: everything else of its frame is brought into another pack before.
  const DirectoryChild& lost = children[1];
  auto at = repository.index().find(lost.id);
  PackInfo pack = repository.index().pack(at->pack);
  std::map<ChunkId, Bytes> objects;
  PackInfo whole = read_directory(memory, repository.keys(), pack.id, pack.size_bytes);
  for (const ChunkInfo& chunk : whole.chunks) {
    Buffer bytes = reader.get(chunk.id);
    objects[chunk.id] = Bytes(bytes.view().begin(), bytes.view().end());
  }
  memory.remove(pack_name(pack.id));
  {
    TestBackup again(repository);
    for (const auto& [id, bytes] : objects)
      if (id != lost.id) again.session().put_object(bytes);
    again.session().keep_packs();
  }
  RepairSnapshotsReport report = repair();
  ASSERT_EQ(report.snapshots.size(), 1u);
  EXPECT_EQ(report.snapshots[0].loss_count, 1u);
  EXPECT_EQ(report.snapshots[0].losses[0].path, "tree/d");
  EXPECT_NE(report.snapshots[0].losses[0].why.find(lost.first_name), std::string::npos);
  Files kept = read(manifest(report.snapshots[0].replacement.value()));
  EXPECT_EQ(kept.size(), many.size() - lost.entry_count);
  for (const auto& [path, bytes] : kept) EXPECT_EQ(bytes, many.at(path));
}

// A stream has no part that could be left out; its component goes.  A lost list of parts costs the list.
TEST_F(RepairSnapshotsTest, AStreamThatLostBytesGoesAndOneThatLostItsPartsStays) {
  forget_all();
  Bytes dumps[2] = {noise(20000, 50), noise(30000, 51)};
  Manifest m;
  ChunkId catalogue;
  Repository repository = open();
  {
    TestBackup backup(repository);
    PutObject put = [&](ByteView bytes) { return backup.session().put_object(bytes); };
    DirectoryWriter root(put);
    m.time_ns = 9;
    m.components.resize(3);
    for (size_t i = 0; i < 2; ++i) {
      ComponentInfo& info = m.components[i];
      info.name = i == 0 ? "db" : "log";
      info.kind = ComponentKind::kPostgres;
      Entry entry = backup.add_file(info.name, dumps[i]);
      info.size_bytes = entry.size_bytes;
      info.catalogue = write_catalogue(put, {{"part-" + std::to_string(i), "table", {}, {{0, 5}}, {}}});
      backup.builder().flush();   // two sources share no frame
      root.add(entry);
    }
    catalogue = m.components[0].catalogue;
    m.components[2].name = "tree";
    root.add(backup.add_directory("tree", {{"f", noise(100, 60)}}));
    m.root = root.finish();
    backup.builder().flush();
    backup.session().commit(m);
  }
  flip_frame_of(chunk_of(dumps[1]));
  // The catalogue of the other: gone with its pack, of which all the rest is brought back.
  auto at = repository.index().find(catalogue);
  PackInfo pack = repository.index().pack(at->pack);
  PackInfo whole = read_directory(memory, repository.keys(), pack.id, pack.size_bytes);
  ChunkReader reader(memory, repository.keys(), repository.index(), 1 << 20);
  std::vector<Bytes> rest;
  for (const ChunkInfo& chunk : whole.chunks) {
    Buffer bytes = reader.get(chunk.id);
    if (chunk.id != catalogue) rest.emplace_back(bytes.view().begin(), bytes.view().end());
  }
  memory.remove(pack_name(pack.id));
  {
    TestBackup again(repository);
    for (const Bytes& bytes : rest) again.session().put_object(bytes);
    again.session().keep_packs();
  }
  RepairSnapshotsReport report = repair_reading();
  ASSERT_EQ(report.snapshots.size(), 1u);
  EXPECT_EQ(report.snapshots[0].components_dropped, std::vector<std::string>{"log"});
  EXPECT_EQ(paths(report.snapshots[0]), (std::vector<std::string>{"db", "log"}));
  Manifest fresh = manifest(report.snapshots[0].replacement.value());
  ASSERT_EQ(fresh.components.size(), 2u);
  EXPECT_TRUE(fresh.component("db")->catalogue.is_zero());
  EXPECT_EQ(fresh.component("db")->completeness, Completeness::kComplete);
  EXPECT_EQ(fresh.component("tree")->completeness, Completeness::kComplete);
  Repository later = open_fresh();
  CheckReport check = check_all(later);
  for (const Damage& damage : check.damage)
    for (const Damage::Victim& victim : damage.victims) EXPECT_NE(victim.snapshot, fresh.id.hex()) << victim.path;
}

TEST_F(RepairSnapshotsTest, WhatCannotBeOpenedIsToldAndLeft) {
  flip(snapshot_name(manifests_[0].id), 300);
  auto before = files();
  RepairSnapshotsReport report = repair_reading();
  EXPECT_EQ(report.unreadable.size(), 1u);
  EXPECT_EQ(report.examined, 1u);
  EXPECT_EQ(files(), before);
  RepairSnapshotsOptions options;
  options.snapshots = {manifests_[0].id};
  EXPECT_EQ(code_of([&] { repair(options); }), ErrorCode::kNotFound);
}

TEST_F(RepairSnapshotsTest, OnlyThoseThatAreNamedAreLookedAt) {
  flip_frame_of(chunk_of(contents_[0]["same"]));   // both need it
  RepairSnapshotsOptions options;
  options.read_data = true;
  options.snapshots = {manifests_[1].id};
  RepairSnapshotsReport report = repair(options);
  EXPECT_EQ(report.examined, 1u);
  ASSERT_EQ(report.snapshots.size(), 1u);
  EXPECT_EQ(report.snapshots[0].id, manifests_[1].id);
}

TEST_F(RepairSnapshotsTest, ASnapshotOfWhichNothingIsLeftGetsNoReplacement) {
  for (const std::string& name : names("packs/")) memory.remove(name);
  RepairSnapshotsReport report = repair();
  ASSERT_EQ(report.snapshots.size(), 2u);
  for (const RepairedSnapshot& told : report.snapshots) {
    EXPECT_FALSE(told.replacement);
    EXPECT_FALSE(told.left_because.empty());
    EXPECT_EQ(told.components_dropped, std::vector<std::string>{"tree"});
  }
  EXPECT_EQ(names("snapshots/").size(), 2u);
}

// A disk that is full while the new snapshot is written is not a lost file.
TEST_F(RepairSnapshotsTest, AFailureToWriteIsNoLoss) {
  flip_frame_of(chunk_of(contents_[0]["a/prose"]));
  Repository repository = open();
  repair_packs(repository, {}, progress_);
  RepairSnapshotsOptions dry;
  dry.dry_run = true;
  const uint64_t losses = repair(dry).snapshots.at(0).loss_count;
  auto expect_whole = [&](Repository& after, const std::string& when) {
    for (const Manifest& m : after.snapshots()) {
      if (m.origin.is_zero()) continue;
      EXPECT_TRUE(read_back(after, m).errors.empty()) << when;
      EXPECT_EQ(m.stats.files_failed, losses) << when;
    }
  };
  sweep_faults([&](Repository& hurt) { repair_snapshots(hurt, {}, progress_); }, expect_whole, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace cairn
