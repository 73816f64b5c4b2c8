#include "ingest/sort/record_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <random>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using Pair = std::pair<std::string, std::string>;
using MakeKey = std::function<std::string(std::mt19937_64&, size_t)>;

constexpr size_t kLeast = 1;   // of memory: as little as it makes do with
constexpr size_t kPlenty = 256 << 20;

void add_all(RecordSorter& sorter, const std::vector<Pair>& pairs) {
  for (const auto& [key, value] : pairs) sorter.add(key, view(value));
}

// Takes all records; expects the pairs in stable order.
void expect_sorted(RecordSorter& sorter, std::vector<Pair> pairs) {
  EXPECT_EQ(sorter.count(), pairs.size());
  std::ranges::stable_sort(pairs, {}, &Pair::first);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const RecordSorter::Record* record = sorter.next();
    ASSERT_NE(record, nullptr) << "after " << i << " of " << pairs.size();
    ASSERT_TRUE(record->key == pairs[i].first) << i << ": a key of " << record->key.size() << " bytes, not " << pairs[i].first.size();
    ASSERT_TRUE(text(record->value) == pairs[i].second) << i << ": another value";
  }
  EXPECT_EQ(sorter.next(), nullptr);
  EXPECT_EQ(sorter.next(), nullptr);
}

void sorts(const std::vector<Pair>& pairs, size_t memory_bytes) {
  TempDir temp;
  RecordSorter sorter(memory_bytes, temp.path());
  add_all(sorter, pairs);
  expect_sorted(sorter, pairs);
}

std::string letters(std::mt19937_64& random, size_t most, unsigned alphabet) {
  std::string text(random() % (most + 1), '\0');
  for (char& c : text) c = static_cast<char>(random() % alphabet);
  return text;
}

struct Kind {
  const char* name;
  MakeKey make;
};
const Kind kKinds[] = {
    {"sessions", [](std::mt19937_64& random, size_t) { return "0/session:" + std::to_string(10'000'000 + random() % 90'000'000); }},
    {"binary", [](std::mt19937_64& random, size_t) { return letters(random, 40, 256); }},
    {"zeros and ones", [](std::mt19937_64& random, size_t) { return letters(random, 30, 2); }},
    {"only zeros", [](std::mt19937_64& random, size_t) { return letters(random, 60, 1); }},
    {"the largest byte", [](std::mt19937_64& random, size_t) { return std::string(random() % 40, '\xff'); }},
    {"long common beginnings",
     [](std::mt19937_64& random, size_t) { return std::string(random() % 3 * 700, 'x') + letters(random, 9, 3); }},
    {"few", [](std::mt19937_64& random, size_t) { return std::to_string(random() % 7); }},
    {"all the same", [](std::mt19937_64&, size_t) { return std::string("the same key for all of them"); }},
    {"empty", [](std::mt19937_64&, size_t) { return std::string(); }},
    {"sorted", [](std::mt19937_64&, size_t i) { return std::to_string(1'000'000 + i); }},
    {"reversed", [](std::mt19937_64&, size_t i) { return std::to_string(9'000'000 - i); }},
};

TEST(RecordSorter, SortsStablyInMemoryAndBeyond) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    std::mt19937_64 random(7);
    std::vector<Pair> pairs;
    for (size_t i = 0; i < 20'000; ++i) pairs.emplace_back(kind.make(random, i), std::to_string(i) + std::string(random() % 50, 'v'));
    sorts(pairs, kLeast);
    sorts(pairs, kPlenty);
  }
}

TEST(RecordSorter, SortsNothing) {
  sorts({}, kLeast);
  sorts({{"", ""}}, kLeast);
}

TEST(RecordSorter, SortsRecordsOfAllSizes) {
  std::mt19937_64 random(8);
  const size_t sizes[] = {0, 1, 10, 100, 5'000, 60'000, 65'520, 65'536, 65'550, 70'000, 131'072, 200'000, 500'000};
  std::vector<Pair> pairs;
  for (size_t i = 0; i < 400; ++i) {
    const size_t key = sizes[random() % (i % 4 == 0 ? std::size(sizes) : 4)], value = sizes[random() % std::size(sizes)];
    pairs.emplace_back(std::string(key, 'k') + letters(random, 3, 3), std::string(value, static_cast<char>('a' + i % 26)));
  }
  sorts(pairs, kLeast);
  sorts(pairs, 4 << 20);
  sorts(pairs, kPlenty);
}

TEST(RecordSorter, ComparesKeysThatMemoryDoesNotHold) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < 24; ++i) {
    std::string key(1'000'000, 'k');
    if (i % 3 == 0) key[700'000 + i] = static_cast<char>('a' + i);
    if (i % 3 == 1) key += static_cast<char>(i % 2);
    pairs.emplace_back(std::move(key), std::to_string(i));
  }
  sorts(pairs, kLeast);
  sorts(pairs, 6 << 20);
}

TEST(RecordSorter, SortsKeysThatBeginEachOther) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < 2500; ++i) pairs.emplace_back(std::string((i * 1009 % 2500) * 8, 'a'), std::to_string(i));
  sorts(pairs, kPlenty);
  sorts(pairs, kLeast);
}

TEST(RecordSorter, TakesRecordsUpToItsLimit) {
  std::vector<Pair> pairs;
  for (char c : {'c', 'a', 'b'}) pairs.emplace_back(std::string(5, c), std::string(RecordSorter::kMostRecordBytes - 5, c));
  sorts(pairs, kLeast);
  sorts(pairs, 20 << 20);
  RecordSorter sorter;
  for (const auto& [key, value] : {Pair("key", std::string(RecordSorter::kMostRecordBytes - 2, 'v')),
                                   Pair(std::string(RecordSorter::kMostRecordBytes + 1, 'k'), "")}) {
    try {
      sorter.add(key, view(value));
      ADD_FAILURE() << "took it";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    }
  }
  sorter.add("key", view("value"));
  expect_sorted(sorter, {{"key", "value"}});
}

TEST(RecordSorter, SpillsNothingThatFits) {
  TempDir temp;
  const std::string missing = temp / "missing";
  RecordSorter sorter(8 << 20, missing);
  std::vector<Pair> pairs;
  for (size_t i = 0; i < 20'000; ++i) pairs.emplace_back(std::to_string(i * 7919 % 20'000), std::string(100, 'v'));
  add_all(sorter, pairs);
  expect_sorted(sorter, pairs);
}

TEST(RecordSorter, SaysThatItCannotSpillUntilItIsBelieved) {
  TempDir temp;
  const std::string missing = temp / "missing";
  RecordSorter sorter(1 << 20, missing);
  std::string met;
  for (size_t i = 0; i < 100'000 && met.empty(); ++i) {
    try {
      sorter.add(std::to_string(i), Bytes(100));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo);
      met = error.what();
    }
  }
  EXPECT_NE(met.find(missing), std::string::npos) << met;
  EXPECT_THROW(sorter.next(), Error);
  EXPECT_THROW(sorter.next(), Error);
}

TEST(RecordSorter, ReportsAtTheEndWhatNoAddMet) {
  TempDir temp;
  RecordSorter sorter(kLeast, temp / "missing");
  for (size_t i = 0; i < 2; ++i) sorter.add(std::to_string(i), Bytes(100'000));   // the second one gives the first away
  EXPECT_THROW(sorter.next(), Error);
}

TEST(RecordSorter, NoticesWhatTheDiskLost) {
  TempDir temp;
  RecordSorter sorter(kLeast, temp.path());
  for (size_t i = 0; i < 20'000; ++i) sorter.add(std::to_string(i * 7919 % 20'000), Bytes(100));
  ASSERT_NE(sorter.next(), nullptr);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with(temp.path().string() + "/"))
      std::filesystem::resize_file(entry.path(), 100);
  }
  for (int i = 0; i < 2; ++i) {
    try {
      for (size_t left = 20'000; left > 0; --left) sorter.next();
      ADD_FAILURE() << "gave all of them";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  }
}

TEST(RecordSorter, CanBeMovedAndLeft) {
  TempDir temp;
  std::vector<Pair> pairs;
  for (size_t i = 0; i < 10'000; ++i) pairs.emplace_back(std::to_string(i * 7919 % 10'000), std::string(50, 'v'));
  RecordSorter first(kLeast, temp.path());
  add_all(first, pairs);
  RecordSorter second = std::move(first);
  add_all(second, pairs);
  RecordSorter third(kLeast, temp.path());
  third.add("gone", view("soon"));
  third = std::move(second);
  const std::vector<Pair> once = pairs;
  pairs.insert(pairs.end(), once.begin(), once.end());
  expect_sorted(third, pairs);
  RecordSorter left(kLeast, temp.path());   // while it spills
  add_all(left, pairs);
}

}  // namespace
}  // namespace cairn
