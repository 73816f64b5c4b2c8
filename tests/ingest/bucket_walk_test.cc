// Keys in any order become a tree in order: every object once, where a directory of its name is, too.
#include "ingest/bucket/bucket_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "ingest/bucket/key_path.h"
#include "ingest/bucket/object_headers.h"
#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

struct Walked {
  std::vector<std::string> steps;          // "+a" entered, "-a" left, "a/b" an object
  std::multiset<std::string> keys;
};

Walked walk(const std::vector<std::string>& keys, const Filter& filter = {}) {
  BackupNotes notes;
  BucketWalk walk(filter, notes);
  for (const std::string& key : keys) walk.add(key, {key, key.size(), 5, "etag"});
  Walked out;
  std::vector<std::string> last{""};   // the name before, in each open directory
  for (WalkStep step; walk.next(step);) {
    if (step.kind == WalkStep::Kind::kLeave) {
      out.steps.push_back("-" + step.path);
      last.pop_back();
      continue;
    }
    if (!step.path.empty()) {
      EXPECT_LT(last.back(), step.entry.name) << "names of a directory in order, each once";
    }
    last.back() = step.entry.name;
    EXPECT_EQ(step.entry.name, step.path.substr(step.path.rfind('/') + 1));
    if (step.kind == WalkStep::Kind::kEnter) last.push_back("");
    out.steps.push_back((step.kind == WalkStep::Kind::kEnter ? "+" : "") + step.path);
    if (step.kind == WalkStep::Kind::kEntry) {
      out.keys.insert(key_of_path(step.path).value_or("none"));
      EXPECT_EQ(etag_of(step.entry.xattrs), "etag");
      EXPECT_EQ(step.entry.mtime_ns, 5);
    }
  }
  EXPECT_EQ(last.size(), 1u) << "what is entered is left";
  return out;
}

using Steps = std::vector<std::string>;

TEST(BucketWalk, OfNothingIsARoot) { EXPECT_EQ(walk({}).steps, (Steps{"+", "-"})); }

TEST(BucketWalk, MakesDirectoriesOfKeys) {
  EXPECT_EQ(walk({"b", "a/c/d", "a-", "a/b", "x/"}).steps, (Steps{"+", "+a", "a/b", "+a/c", "a/c/d", "-a/c", "-a", "a-", "b", "+x", "x/%", "-x", "-"}));
}

TEST(BucketWalk, FindsAPlaceForAnObjectBesideItsDirectory) {
  EXPECT_EQ(walk({"a", "a!", "a/b", "a0"}).steps, (Steps{"+", "+a", "a/b", "-a", "a!", "a%", "a0", "-"}));
  EXPECT_EQ(walk({"a/b", "a/b/c", "a"}).steps, (Steps{"+", "+a", "+a/b", "a/b/c", "-a/b", "a/b%", "-a", "a%", "-"}));
  EXPECT_EQ(walk({"", "/x"}).steps, (Steps{"+", "+%", "%/x", "-%", "%%", "-"}));
}

TEST(BucketWalk, LeavesOutWhatIsExcluded) {
  Filter filter;
  filter.exclude.add("*.tmp");
  filter.exclude.add("/cache/");
  filter.exclude_larger_than_bytes = 9;
  EXPECT_EQ(walk({"a.tmp", "cache/x", "b/cache/x", "cache.d", "much-longer"}, filter).steps, (Steps{"+", "+b", "+b/cache", "b/cache/x", "-b/cache", "-b", "cache.d", "-"}));
}

TEST(BucketWalk, TellsOfNamesThatCantBeStored) {
  BackupNotes notes;
  const Filter filter;
  BucketWalk walk(filter, notes);
  walk.add(std::string(5000, 'x'), {});
  EXPECT_EQ(walk.count(), 0u);
  EXPECT_TRUE(BackupNotes::any_has(notes.errors_, "too long"));
}

TEST(BucketWalk, KeepsEveryKey) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 500; ++round) {
    std::set<std::string> keys;
    for (size_t count = random() % 40; keys.size() < count;) {
      std::string key;
      for (size_t length = random() % 7; key.size() < length;) key += "a!%/."[random() % 5];
      keys.insert(key);
    }
    std::vector<std::string> shuffled(keys.begin(), keys.end());
    std::ranges::shuffle(shuffled, random);
    const Walked walked = walk(shuffled);
    EXPECT_TRUE(std::ranges::equal(walked.keys, keys));
  }
}

}  // namespace
}  // namespace cairn
