// Every kind of file, hurt in every way: the check names it and whom it hurts, and reading gives the right bytes or an error.
#include <gtest/gtest.h>

#include <functional>

#include "store/index/segment.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

struct Injury {
  std::string name;
  std::function<Bytes(const Bytes&)> apply;
};

Bytes flipped(Bytes bytes, size_t at) {
  bytes[at] ^= 0x10;
  return bytes;
}

const std::vector<Injury> kInjuries = {
    {"first byte flipped", [](const Bytes& b) { return flipped(b, 0); }},
    {"middle byte flipped", [](const Bytes& b) { return flipped(b, b.size() / 2); }},
    {"last byte flipped", [](const Bytes& b) { return flipped(b, b.size() - 1); }},
    {"truncated by a byte", [](const Bytes& b) { return Bytes(b.begin(), b.end() - 1); }},
    {"truncated to a half", [](const Bytes& b) { return Bytes(b.begin(), b.begin() + static_cast<ptrdiff_t>(b.size() / 2)); }},
    {"emptied", [](const Bytes&) { return Bytes(); }},
    {"extended", [](const Bytes& b) { Bytes out = b; out.push_back(0); return out; }},
    {"zeroed", [](const Bytes& b) { return Bytes(b.size()); }}};

class DamageTest : public StoreTest {
 protected:
  DamageTest() {
    Repository repository = open();
    manifests_.push_back(back_up(repository, contents_[0], 1));
    manifests_.push_back(back_up(repository, contents_[1], 2));
    Repository::init(foreign_, kTestPassword, cheap_options());
    Repository other(foreign_, kTestPassword, cache / "foreign");
    back_up(other, contents_[0]);
    pristine_ = memory.snapshot();
  }
  // Each snapshot reads right or says what it can't read.  Returns how many files of how many came back.
  std::pair<size_t, size_t> expect_no_wrong_bytes(Repository& repository) {
    size_t good = 0, all = 0;
    auto snapshots = repository.snapshots();
    for (size_t i = 0; i < manifests_.size(); ++i) {
      all += contents_[i].size();
      auto found = std::ranges::find(snapshots, manifests_[i].id, &Manifest::id);
      if (found == snapshots.end()) continue;
      EXPECT_EQ(found->root, manifests_[i].root);
      ReadBack read = read_back(repository, *found);
      for (const auto& [path, bytes] : read.files) EXPECT_EQ(bytes, contents_[i].at(path)) << path;
      EXPECT_EQ(read.files.size() < contents_[i].size(), !read.errors.empty());
      good += read.files.size();
    }
    return {good, all};
  }
  // A repository whose file `name` was changed to `bytes`, or removed: checked, read, and compared with each other.
  void examine(const std::string& name, const std::optional<Bytes>& bytes, const std::string& blamed, bool may_be_silent = false) {
    MemoryBackend hurt(pristine_);
    if (bytes) hurt.replace(name, *bytes);
    else hurt.remove(name);
    std::optional<Repository> repository;
    try {
      repository.emplace(hurt, kTestPassword, cache / "hurt");
    } catch (const Error& e) {
      EXPECT_TRUE(name == "config" || name.starts_with("keys/")) << e.what();
      return;
    }
    auto [good, all] = expect_no_wrong_bytes(*repository);
    CheckReport report = check_all(*repository);
    bool named = std::ranges::any_of(report.damage, [&](const Damage& d) { return d.file == blamed; });
    EXPECT_TRUE(named || may_be_silent) << name << "\n" << describe(report);
    std::set<std::string> hurt_paths, hurt_snapshots;
    for (const Damage& d : report.damage)
      for (const auto& victim : d.victims) (victim.path.empty() ? hurt_snapshots : hurt_paths).insert(victim.snapshot + ":" + victim.path);
    // What can't be read is named, with its path or its whole snapshot; what is named can't be read.
    size_t missing = 0;
    auto snapshots = repository->snapshots();
    for (size_t i = 0; i < manifests_.size(); ++i) {
      auto found = std::ranges::find(snapshots, manifests_[i].id, &Manifest::id);
      if (found == snapshots.end()) {
        missing += contents_[i].size();
        EXPECT_TRUE(hurt_snapshots.contains(manifests_[i].id.hex() + ":") || !bytes || blamed != name) << describe(report);
        continue;
      }
      ReadBack read = read_back(*repository, *found);
      missing += contents_[i].size() - read.files.size();
      for (const auto& [path, why] : read.errors)
        EXPECT_TRUE(hurt_paths.contains(found->id.hex() + ":" + path) || hurt_snapshots.contains(found->id.hex() + ":"))
            << path << " " << why << "\n" << describe(report);
    }
    EXPECT_EQ(missing, all - good);
    for (const std::string& path : hurt_paths) {
      size_t i = path.starts_with(manifests_[0].id.hex()) ? 0 : 1;
      EXPECT_FALSE(read_back(*repository, manifests_[i]).errors.empty()) << path;
    }
  }
  std::string kind_of(const std::string& name) { return name.substr(0, name.find('/')); }

  Files contents_[2] = {sample_files(1), sample_files(2)};
  std::vector<Manifest> manifests_;
  std::map<std::string, Bytes> pristine_;
  MemoryBackend foreign_;
};

TEST_F(DamageTest, ChangedFilesAreNamedWithTheirVictims) {
  for (const auto& [name, bytes] : pristine_)
    for (const Injury& injury : kInjuries) {
      SCOPED_TRACE(name + " " + injury.name);
      examine(name, injury.apply(bytes), name);
    }
}

// Nobody can tell a removed snapshot, slot or segment from one that never was; a segment is made again from the packs.
TEST_F(DamageTest, MissingPacksAreNamedAndMissingSegmentsCostNothing) {
  for (const auto& [name, bytes] : pristine_) {
    SCOPED_TRACE(name);
    examine(name, std::nullopt, name, !name.starts_with("packs/"));
    if (!name.starts_with("index/")) continue;
    MemoryBackend hurt(pristine_);
    hurt.remove(name);
    Repository repository = open(hurt, "hurt");
    auto [good, all] = expect_no_wrong_bytes(repository);
    EXPECT_EQ(good, all);
    EXPECT_FALSE(check_all(repository).notes.empty());
  }
}

TEST_F(DamageTest, FilesSwappedWithinTheirKindAreRefused) {
  for (const auto& [name, bytes] : pristine_)
    for (const auto& [other, other_bytes] : pristine_) {
      if (name == other || kind_of(name) != kind_of(other)) continue;
      SCOPED_TRACE(name + " holds " + other);
      examine(name, other_bytes, name);
    }
}

TEST_F(DamageTest, FilesOfAnotherRepositoryAreRefused) {
  for (const auto& [name, bytes] : pristine_)
    for (const auto& [other, other_bytes] : foreign_.snapshot()) {
      if (kind_of(name) != kind_of(other)) continue;
      SCOPED_TRACE(name + " holds the foreign " + other);
      examine(name, other_bytes, name);
    }
}

TEST_F(DamageTest, FilesInAnotherFolderAreNamedAndHurtNothing) {
  std::vector<std::string> folders = {"keys/", "index/", "snapshots/", "packs/00/", "gc/", "leases/", ""};
  std::set<std::string> done;
  for (const auto& [name, bytes] : pristine_) {
    if (!done.insert(kind_of(name)).second) continue;
    for (const std::string& folder : folders) {
      std::string id = name == "config" ? std::string(64, 'a') : name.substr(name.rfind('/') + 1);
      std::string target = folder + id + (folder == "leases/" ? ".1" : "");
      if (pristine_.contains(target)) continue;
      SCOPED_TRACE(name + " copied to " + target);
      MemoryBackend hurt(pristine_);
      hurt.replace(target, bytes);
      Repository repository = open(hurt, "hurt");
      auto [good, all] = expect_no_wrong_bytes(repository);
      EXPECT_EQ(good, all);
      CheckReport report = check_all(repository);
      EXPECT_TRUE(std::ranges::any_of(report.damage, [&](const Damage& d) { return d.file == target; })) << describe(report);
      EXPECT_TRUE(std::ranges::none_of(report.damage, [&](const Damage& d) { return d.file == name; })) << describe(report);
    }
  }
}

TEST_F(DamageTest, FilesThatNobodyPutThereAreNamed) {
  for (std::string name : {"notes.txt", "gc/zz", "gc/123", "index/x", "packs/x", "leases/x", "snapshots/x", "keys/x", "Upper", "packs/00/y"}) {
    memory.replace(name, {1, 2, 3});
    Repository repository = open();
    CheckReport report = check_all(repository, 0);
    EXPECT_TRUE(std::ranges::any_of(report.damage, [&](const Damage& d) { return d.file == name; })) << name << describe(report);
    memory.remove(valid_name(name) ? name : "x");
  }
}

}  // namespace
}  // namespace cairn
