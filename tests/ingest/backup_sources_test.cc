// Several sources in one snapshot, all or nothing: paths, commands, and what they add up to.
#include "ingest/backup.h"

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class BackupSources : public BackupTest {
 protected:
  static SourceSpec command(const std::string& name, const std::vector<std::string>& argv) {
    SourceSpec spec;
    spec.kind = SourceSpec::Kind::kCommand;
    spec.name = name;
    spec.argv = argv;
    spec.description = argv[0];
    return spec;
  }
  // The backup must fail with this in its words, and leave no snapshot.
  void expect_nothing_recorded(const std::vector<SourceSpec>& sources, ErrorCode code, const std::string& words) {
    size_t before = snapshots().size();
    std::string message;
    EXPECT_EQ(code_thrown_by([&] { back_up(sources); }, &message), code) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(faults_.count_of(Operation::kCommit, "snapshots/"), 0u);
    EXPECT_EQ(snapshots().size(), before);
  }
};

TEST_F(BackupSources, OfSeveralKindsMakeOneSnapshot) {
  write_file(src("file"), noise_text(3000, 1));
  write_file(dir_ / "single", noise_text(700, 2));
  fs::create_symlink("single", dir_ / "link");
  write_file(dir_ / "link target/x", "x");
  BackupResult result = back_up({tree("z tree"), shell("shell", "printf 'from %s' shell; echo noted >&2"), tree_at("a file", dir_ / "single"),
                                 command("command", {"printf", "%s|", "a b", "$HOME"}), tree_at("followed", dir_ / "link")});
  EXPECT_FALSE(result.incomplete) << notes_->all();
  EXPECT_TRUE(BackupNotes::any_has(notes_->warnings_, "shell: noted"));
  const Manifest manifest = snapshots().at(0);
  EXPECT_EQ(manifest.components, result.manifest.components);
  std::string names;
  for (const ComponentInfo& component : manifest.components) {
    names += component.name + ":" + std::to_string(component.size_bytes) + " ";
    EXPECT_EQ(component.file_count, 1u) << component.name;
    EXPECT_EQ(component.completeness, Completeness::kComplete) << component.name;
  }
  EXPECT_EQ(names, "a file:700 command:10 followed:700 shell:10 z tree:3000 ");
  EXPECT_EQ(manifest.component("command")->kind, ComponentKind::kStream);
  EXPECT_EQ(manifest.component("a file")->kind, ComponentKind::kTree);
  EXPECT_EQ(manifest.component("shell")->source, "exec:printf 'from %s' shell; echo noted >&2");
  EXPECT_EQ(content_of(manifest, "shell"), "from shell");
  EXPECT_EQ(content_of(manifest, "command"), "a b|$HOME|");
  EXPECT_EQ(content_of(manifest, "a file"), noise_text(700, 2));
  EXPECT_EQ(content_of(manifest, "followed"), noise_text(700, 2));
  EXPECT_EQ(content_of(manifest, "z tree/file"), noise_text(3000, 1));
  EXPECT_EQ(damage(), "");
}

TEST_F(BackupSources, CountTheirNewAndStoredBytesOnceEach) {
  write_file(src("a"), noise_text(3'000'000, 1));
  write_file(src("b"), noise_text(70'000, 2));
  write_file(dir_ / "other/copy", noise_text(3'000'000, 1));
  write_file(dir_ / "other/own", noise_text(50'000, 3));
  for (size_t threads : {1u, 4u}) {
    options_.threads = threads;
    options_.force = true;
    options_.host = "host " + std::to_string(threads);
    BackupResult result = back_up({tree("one"), tree_at("two", dir_ / "other"), shell("three", "head -c 200000 /dev/urandom")});
    const Manifest& m = result.manifest;
    uint64_t new_bytes = 0, stored_bytes = 0, size_bytes = 0;
    for (const ComponentInfo& component : m.components) {
      new_bytes += component.new_bytes;
      stored_bytes += component.stored_bytes;
      size_bytes += component.size_bytes;
      EXPECT_GE(component.stored_bytes, component.new_bytes) << "noise_text doesn't shrink: " << component.name;
    }
    EXPECT_EQ(size_bytes, m.stats.bytes_read);
    EXPECT_EQ(m.size_bytes(), size_bytes);
    EXPECT_EQ(new_bytes, m.stats.bytes_new);
    EXPECT_EQ(new_bytes, threads == 1 ? 3'320'000u : 200'000u);
    EXPECT_EQ(m.component("two")->new_bytes + m.component("one")->new_bytes, threads == 1 ? 3'120'000u : 0u);
    uint64_t uploaded = faults_.bytes_of(Operation::kCommit, "packs/") + faults_.bytes_of(Operation::kCommit, "index/");
    EXPECT_EQ(m.stats.bytes_stored, uploaded);
    EXPECT_GT(uploaded, stored_bytes);
    EXPECT_EQ(m.stats.files_new, 5u);
    EXPECT_GT(m.stats.duration_ns, 0u);
  }
}

TEST_F(BackupSources, KeepTagsSortedAndOnceEach) {
  write_file(src("file"), "f");
  options_.tags = {"weekly", "a", "weekly", "b"};
  EXPECT_EQ(back_up().manifest.tags, (std::vector<std::string>{"a", "b", "weekly"}));
  EXPECT_EQ(snapshots().at(0).tags, (std::vector<std::string>{"a", "b", "weekly"}));
}

TEST_F(BackupSources, AreToldWhenMissingAndTheRestIsSaved) {
  write_file(src("file"), "f");
  BackupResult result = back_up({tree_at("gone", dir_ / "gone"), tree(), tree_at("gone too", dir_ / "gone/too")});
  EXPECT_TRUE(result.incomplete);
  ASSERT_EQ(notes_->errors_.size(), 2u);
  EXPECT_TRUE(notes_->errors_[0].starts_with(dir_ / "gone: ")) << notes_->all();
  ASSERT_EQ(result.manifest.components.size(), 1u);
  EXPECT_EQ(result.manifest.components[0].name, "src");
  expect_restores(result.manifest, facts_of(dir_ / "src"));
}

TEST_F(BackupSources, ThatAreAllMissingMakeNoSnapshot) {
  expect_nothing_recorded({tree_at("gone", dir_ / "gone"), tree_at("x", "/nowhere")}, ErrorCode::kNotFound, "no snapshot");
}

TEST_F(BackupSources, MustHaveDifferentNamesThatCanBeNames) {
  expect_nothing_recorded({tree("a"), shell("a", "true")}, ErrorCode::kInvalidArgument, "two components would be called \"a\"");
  expect_nothing_recorded({tree("a/b")}, ErrorCode::kInvalidArgument, "can't be the name");
  expect_nothing_recorded({tree("..")}, ErrorCode::kInvalidArgument, "can't be the name");
  expect_nothing_recorded({}, ErrorCode::kInvalidArgument, "nothing to back up");
}

TEST_F(BackupSources, RecordNothingWhenACommandFailsAtItsEnd) {
  write_file(src("file"), noise_text(5000, 1));
  back_up();
  expect_nothing_recorded({tree(), shell("dump", "head -c 3000000 /dev/zero; echo 'connection lost' >&2; exit 3")}, ErrorCode::kIo,
                          "exit status 3");
  EXPECT_TRUE(BackupNotes::any_has(notes_->warnings_, "connection lost"));
  expect_nothing_recorded({shell("dump", "echo last words >&2; exit 1"), tree()}, ErrorCode::kIo, "last words");
  expect_nothing_recorded({tree(), shell("dump", "head -c 100 /dev/zero; kill -9 $$")}, ErrorCode::kIo, "killed by signal 9");
  expect_nothing_recorded({tree(), command("dump", {"/no/such/program"})}, ErrorCode::kNotFound, "/no/such/program");
  expect_nothing_recorded({shell("good", "echo good"), shell("dump", "no-such-command-here"), tree()}, ErrorCode::kIo, "status 127");
  EXPECT_FALSE(back_up().incomplete);
  EXPECT_EQ(hurt(), "");
}

TEST_F(BackupSources, MayBeEmpty) {
  BackupResult result = back_up({shell("empty", "true"), tree("empty tree")});
  EXPECT_EQ(result.manifest.size_bytes(), 0u);
  EXPECT_EQ(content_of(result.manifest, "empty"), "");
  EXPECT_EQ(bring_back(result.manifest).failed, 0u);
  EXPECT_EQ(names_beneath(dir_ / "out"), "empty empty tree/");
}

TEST_F(BackupSources, OfAHugeStreamPassInBoundedMemoryAndComeBack) {
  const std::string script = "i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero | tr '\\0' x; echo $i; i=$((i+1)); done";
  BackupResult result = back_up({shell("stream", script)});
  EXPECT_EQ(result.manifest.size_bytes(), 40'000'110u);
  EXPECT_LT(result.manifest.stats.bytes_stored, 4u << 20);
  std::string expected;
  for (int i = 0; i < 40; ++i) expected += std::string(1'000'000, 'x') + std::to_string(i) + "\n";
  EXPECT_TRUE(content_of(result.manifest, "stream") == expected);
  EXPECT_EQ(back_up({shell("stream", script)}).manifest.stats.bytes_new, 0u);
}

TEST_F(BackupSources, OfAPipeAreMarkedAsUnverified) {
  Fd saved(::dup(STDIN_FILENO)), input(::open(src("../input").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::write(input.get(), "piped", 5), 5);
  ASSERT_EQ(::lseek(input.get(), 0, SEEK_SET), 0);
  ASSERT_EQ(::dup2(input.get(), STDIN_FILENO), STDIN_FILENO);
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kStdin;
  spec.name = "pipe";
  BackupResult result = back_up({spec});
  if (saved) ::dup2(saved.get(), STDIN_FILENO);
  EXPECT_EQ(result.manifest.components.at(0).completeness, Completeness::kUnverified);
  EXPECT_EQ(content_of(result.manifest, "pipe"), "piped");
}

TEST_F(BackupSources, WithUnreadableFilesAreIncompleteAndTheRestIsSaved) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  for (const char* name : {"open", "locked", "locked directory/inside", "long and locked"}) write_file(src(name), name);
  write_file(src("long and locked"), noise_text(2'000'000, 1));
  write_file(dir_ / "fine/file", "fine");
  for (const char* name : {"locked", "locked directory", "long and locked"}) ASSERT_EQ(::chmod(src(name).c_str(), 0), 0);
  for (const TempDir* dir : {&dir_, &cache_}) ASSERT_EQ(::chmod(dir->path().c_str(), 0777), 0);
  AsNobody nobody;
  BackupResult result = back_up({tree(), tree_at("fine", dir_ / "fine"), tree_at("gone", dir_ / "src/locked")});
  EXPECT_TRUE(result.incomplete);
  EXPECT_EQ(notes_->errors_.size(), 4u) << notes_->all();
  for (const std::string name : {"src/locked: ", "src/locked directory: ", "src/long and locked: "})
    EXPECT_TRUE(BackupNotes::any_has(notes_->errors_, dir_ / name)) << name << "\n" << notes_->all();
  EXPECT_EQ(result.manifest.stats.files_failed, 3u);
  EXPECT_EQ(result.manifest.component("src")->completeness, Completeness::kIncomplete);
  bring_back(result.manifest);
  EXPECT_EQ(names_beneath(dir_ / "out"), "fine/ fine/file src/ src/locked directory/ src/open") << notes_->all();
}

}  // namespace
}  // namespace cairn
