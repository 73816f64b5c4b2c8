// Every key becomes a path that can be stored, and comes back as it was.
#include "ingest/bucket/key_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "store/tree/entry.h"

namespace cairn {
namespace {

using std::string_literals::operator""s;

TEST(KeyPath, OfOrdinaryKeysIsTheKey) {
  for (const std::string key : {"a", "a/b", "a b+c/ü", "a\xff\xfe/\x01", "...", ".a", "a/..b"}) {
    EXPECT_EQ(path_of_key(key), key);
    EXPECT_EQ(key_of_path(key), key);
  }
}

TEST(KeyPath, EscapesWhatNoNameMayBe) {
  const std::map<std::string, std::string> expected = {
      {"", "%"},        {"x/", "x/%"},         {"//y", "%/%/y"},   {"/", "%/%"},       {"../z", "%2E%2E/z"},
      {"./.", "%2E/%2E"}, {"100%", "100%25"}, {"%", "%25"},       {"%25", "%2525"},   {"a\0b"s, "a%00b"}};
  for (const auto& [key, path] : expected) {
    EXPECT_EQ(path_of_key(key), path);
    EXPECT_EQ(key_of_path(path), key);
  }
}

TEST(KeyPath, OfAnObjectBesideADirectoryHasAMark) {
  for (const std::string key : {"a", "a/b", "x/", "", "100%", "..", "%25"}) EXPECT_EQ(key_of_path(path_of_key(key) + kBesideDirectory), key);
}

// Whatever a key is made of: storable names, the way back, no two keys of one path; the mark makes no path that another key has.
TEST(KeyPath, IsReversible) {
  std::mt19937_64 random(7);
  std::map<std::string, std::string> keys;   // by path
  const std::string bytes = "/%.a2E50\0\xc3\xbc\xff"s;
  for (int round = 0; round < 20'000; ++round) {
    std::string key;
    for (size_t length = random() % 9; key.size() < length;) key += random() % 4 ? bytes[random() % bytes.size()] : static_cast<char>(random());
    for (const bool beside : {false, true}) {
      const std::string path = path_of_key(key) + (beside ? std::string(1, kBesideDirectory) : "");
      EXPECT_EQ(keys.try_emplace(path, key).first->second, key) << path;
      EXPECT_EQ(key_of_path(path), key) << path;
      for (size_t from = 0; from <= path.size();) {
        const size_t end = std::min(path.find('/', from), path.size());
        EXPECT_TRUE(valid_entry_name(path.substr(from, end - from))) << path;
        from = end + 1;
      }
    }
  }
}

TEST(KeyPath, ThatNoKeyHasIsNone) {
  for (const std::string path : {"", "a//b", "a%/b", "%2e%2e", "%41", "a%2", "a%zz", "..", "a/.", "a%%", "%%/a", "%%%"}) EXPECT_EQ(key_of_path(path), std::nullopt) << path;
}

}  // namespace
}  // namespace cairn
