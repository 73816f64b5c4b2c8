#include "ingest/redis/server/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ingest/redis/connection.h"
#include "tests/ingest/backup_fixture.h"
#include "tests/ingest/redis_server.h"

namespace cairn {

namespace {

std::string random_of(std::mt19937& random, std::string_view letters, size_t most) {
  std::string out(random() % (most + 1), ' ');
  for (char& c : out) c = letters[random() % letters.size()];
  return out;
}

// Bytes of more than 0x7f are negative to Redis on x86.
constexpr std::string_view kPatternLetters = "aabbc*?[]^-\\.\xff\x80";
constexpr std::string_view kKeyLetters = "aabbbccd]^-\\*.\xff\x80\x7f";

}  // namespace

TEST(RedisGlob, MatchesAsDocumented) {
  EXPECT_TRUE(redis_glob_matches("h?llo", "hello"));
  EXPECT_TRUE(redis_glob_matches("h*llo", "heeeello"));
  EXPECT_TRUE(redis_glob_matches("h[ae]llo", "hallo"));
  EXPECT_FALSE(redis_glob_matches("h[ae]llo", "hillo"));
  EXPECT_FALSE(redis_glob_matches("h[^e]llo", "hello"));
  EXPECT_TRUE(redis_glob_matches("h[a-b]llo", "hbllo"));
  EXPECT_TRUE(redis_glob_matches("h\\*llo", "h*llo"));
  EXPECT_FALSE(redis_glob_matches("h\\*llo", "hxllo"));
  EXPECT_TRUE(redis_glob_matches("", ""));
  EXPECT_FALSE(redis_glob_matches("", "a"));
  EXPECT_TRUE(redis_glob_matches("*", std::string_view("a/\0\n", 4)));
}

// What the documentation doesn't tell.
TEST(RedisGlob, OddPatterns) {
  EXPECT_TRUE(redis_glob_matches("a[bc", "ab"));      // a class without its end
  EXPECT_FALSE(redis_glob_matches("a[", "ab"));
  EXPECT_TRUE(redis_glob_matches("a[^", "ab"));
  EXPECT_TRUE(redis_glob_matches("[z-a]", "m"));      // backwards
  EXPECT_TRUE(redis_glob_matches("[a-]", "]"));       // the ']' is the end of the range
  EXPECT_TRUE(redis_glob_matches("[\\]]", "]"));
  EXPECT_FALSE(redis_glob_matches("[]a]", "a"));      // an empty class
  EXPECT_TRUE(redis_glob_matches("a\\", "a\\"));      // the last backslash is itself
  EXPECT_TRUE(redis_glob_matches("[a-\xff]", "A"));   // signed bytes: -1 to 'a'
}

TEST(RedisGlob, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  const std::string key(100'000, 'a');
  EXPECT_FALSE(redis_glob_matches(pattern + "b", key));
  EXPECT_TRUE(redis_glob_matches(pattern + "b", key + "b"));
}

TEST(RedisGlob, MatchesLikeTheServer) {
  CAIRN_NEEDS_REDIS();
  RedisServer server;
  BackupNotes notes;
  RedisConnection connection(RedisUrl(server.url()), notes);
  std::mt19937 random(20261120);
  std::vector<std::string> keys = {"", "a", "\\", "]", "^", "-"};
  for (int i = 0; i < 400; ++i) keys.push_back(random_of(random, kKeyLetters, 6));
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const std::string& key : keys) connection.must({"SET", key, "x"});
  std::vector<std::string> patterns = {"*", "**", "", "?", "[", "[^", "[^a", "\\", "a\\", "[a-", "[a-]", "[\\", "*[^"};
  for (int i = 0; i < 2000; ++i) patterns.push_back(random_of(random, kPatternLetters, 7));
  size_t matched = 0;
  for (const std::string& pattern : patterns) {
    std::vector<std::string> theirs, ours;
    for (const RedisReply& key : connection.must({"KEYS", pattern}).elements) theirs.push_back(key.text);
    std::ranges::sort(theirs);
    std::ranges::copy_if(keys, std::back_inserter(ours), [&](const std::string& key) { return redis_glob_matches(pattern, key); });
    EXPECT_EQ(ours, theirs) << "pattern: " << pattern;
    if (pattern.empty()) continue;
    std::vector<std::string> scanned;
    const RedisReply scan = connection.must({"SCAN", "0", "MATCH", pattern, "COUNT", "100000"});
    for (const RedisReply& key : scan.elements.at(1).elements) scanned.push_back(key.text);
    std::ranges::sort(scanned);
    EXPECT_EQ(ours, scanned) << "pattern: " << pattern;
    matched += ours.size();
  }
  EXPECT_GT(matched, 2000U);   // they say something
}

}  // namespace cairn
