#include "store/seen/watch.h"

#include <fstream>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class WatchTest : public StoreTest {
 protected:
  Manifest save(uint64_t seed) { return back_up(repository_, {{"f", noise(10, seed)}}, static_cast<int64_t>(seed)); }
  // What a command on that machine says that opens all snapshots; one that doesn't.
  size_t alarms(const std::string& machine = "cache", bool accept = false) {
    Repository repository = open(memory, machine);
    return Watch(repository, accept).rollbacks(list_snapshots(memory, repository.keys())).size();
  }
  std::optional<ErrorCode> writing(const std::string& machine = "cache", bool accept = false) {
    Repository repository = open(memory, machine);
    return code_of([&] { Watch(repository, accept).require_no_rollback(); });
  }
  void put_back(const std::map<std::string, Bytes>& files) {
    for (const StoredFile& file : memory.list("")) memory.remove(file.name);
    for (const auto& [name, bytes] : files) memory.replace(name, bytes);
  }
  Repository repository_ = open();
};

TEST_F(WatchTest, AnOldCopyOfEverythingIsNoticedUntilItIsAccepted) {
  save(1);
  EXPECT_EQ(alarms(), 0u);
  const auto old = memory.snapshot();
  save(2);
  EXPECT_EQ(alarms(), 0u);
  put_back(old);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(alarms(), 1u);
    EXPECT_EQ(writing(), ErrorCode::kCorrupt);
  }
  EXPECT_EQ(alarms("another machine"), 0u);
  EXPECT_EQ(writing("cache", true), std::nullopt);
  EXPECT_EQ(alarms(), 0u);
  EXPECT_EQ(writing(), std::nullopt);
}

TEST_F(WatchTest, WhatWasMadeHereIsKnownWithoutLooking) {
  Watch watch(repository_, false);
  watch.require_no_rollback();
  watch.made(save(1));
  EXPECT_EQ(watch.trouble(), "");
  memory.remove(names("snapshots/")[0]);
  EXPECT_EQ(writing(), ErrorCode::kCorrupt);
}

TEST_F(WatchTest, WhatAnotherMachineForgotIsNoAlarmButItsReturnIs) {
  const Manifest first = save(1);
  save(2);
  EXPECT_EQ(alarms("a") + alarms("b"), 0u);
  const auto before = memory.snapshot();
  const SnapshotId gone[] = {first.id};
  forget_snapshots(repository_, gone);
  EXPECT_EQ(alarms("a"), 0u);
  EXPECT_EQ(writing("b"), std::nullopt);
  memory.replace(snapshot_name(first.id), before.at(snapshot_name(first.id)));
  EXPECT_EQ(alarms("a"), 1u);
  EXPECT_EQ(repository_.snapshots().size(), 1u);
  // With the notes gone too it would look like any snapshot.
  put_back(before);
  EXPECT_EQ(alarms("a"), 1u);
  EXPECT_EQ(writing("b"), ErrorCode::kCorrupt);
}

TEST_F(WatchTest, WithoutItsFileItKnowsNothing) {
  save(1);
  save(2);
  EXPECT_EQ(alarms(), 0u);
  memory.remove(names("snapshots/")[0]);
  EXPECT_EQ(alarms(), 1u);
  std::ofstream(repository_.cache_folder() + "/seen", std::ios::app) << "x";
  EXPECT_EQ(alarms(), 0u);
}

TEST_F(WatchTest, ListsNamesTwiceAndReadsNothing) {
  class Counting : public Backend {
   public:
    explicit Counting(Backend& inner) : inner_(inner) {}
    std::vector<StoredFile> list(std::string_view prefix) override { return ++lists, inner_.list(prefix); }
    uint64_t size(std::string_view name) override { return ++reads, inner_.size(name); }
    Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return ++reads, inner_.read(name, offset, length); }
    std::unique_ptr<Upload> create(std::string_view name) override { return inner_.create(name); }
    bool remove(std::string_view name) override { return inner_.remove(name); }
    std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
    std::string describe() const override { return "counting"; }
    int lists = 0, reads = 0;

   private:
    Backend& inner_;
  };
  save(1);
  EXPECT_EQ(alarms(), 0u);
  Counting counting(memory);
  Repository repository = open(counting);
  counting.lists = counting.reads = 0;
  Watch watch(repository, false);
  watch.require_no_rollback();
  watch.require_no_rollback();
  EXPECT_EQ(std::pair(counting.lists, counting.reads), std::pair(2, 0));
}

}  // namespace
}  // namespace cairn
