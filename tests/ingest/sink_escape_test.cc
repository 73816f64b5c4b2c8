// Nothing a snapshot says and nobody who plants or swaps links makes a restore write outside of its target.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "store/fd.h"
#include "tests/ingest/sink_fixture.h"

namespace cairn {
namespace {

class SinkEscape : public SinkTest {};
INSTANTIATE_TEST_SUITE_P(Ways, SinkEscape, testing::Bool(),
                         [](const auto& way) { return std::string(way.param ? "Portable" : "Openat2"); });

TEST_P(SinkEscape, RefusesPathsThatLeadOut) {
  TreeSink to = sink();
  to.make_directory("a");
  std::vector<std::string> evil = {"../x", "/abs", "a/../../b", "a//b", ".", "..", "a/.", "a/", "/", "a/..",
                                   std::string("a\0b", 3), "../outside/victim", dir_ / "outside/victim", "../target_config/x"};
  for (const std::string& path : evil) {
    auto refused = [&](const std::function<void()>& work) { EXPECT_EQ(code_of(work), ErrorCode::kInvalidArgument) << path; };
    refused([&] { put(to, path, "evil"); });
    refused([&] { to.make_directory(path); });
    refused([&] { to.finish_directory(path, entry_of(EntryType::kDirectory)); });
    refused([&] { to.wanted(path, entry_of(EntryType::kFile)); });
    refused([&] { to.begin_file(path, entry_of(EntryType::kFile)); });
    refused([&] { to.write_piece(path, "victim", {}); });
    refused([&] { to.finish_file(path, "victim", entry_of(EntryType::kFile)); });
    refused([&] { to.make_symlink(path, link_to("x")); });
    refused([&] { to.make_special(path, entry_of(EntryType::kFifo)); });
    refused([&] { to.make_hard_link(path, "a"); });
    refused([&] { to.make_hard_link("b", path); });
    refused([&] { to.open_for_reading(path); });
    to.abandon_file(path, "victim");
    to.abandon_file("../outside/x", "victim");
  }
  EXPECT_EQ(code_of([&] { put(to, "", "evil"); }), ErrorCode::kInvalidArgument);
}

// What somebody may have planted before each call.
TEST_P(SinkEscape, FollowsNoPlantedSymlinkAtAnyElement) {
  for (const std::string at : {"a", "a/b", "a/b/leaf"}) {
    for (const std::string& link : {std::string("../../outside/victim"), dir_ / "outside", dir_ / "outside/victim"}) {
      TreeSink to = sink();
      fs::remove_all(in_target("a"));
      fs::create_directories(fs::path(in_target(at)).parent_path());
      std::vector<std::function<void()>> calls = {
          [&] { put(to, "a/b/leaf", "evil"); },
          [&] { to.finish_file("a/b/leaf", to.begin_file("a/b/leaf", entry_of(EntryType::kFile)), entry_of(EntryType::kFile)); },
          [&] { to.make_directory("a/b/leaf"); },
          [&] { to.finish_directory("a/b/leaf", entry_of(EntryType::kDirectory)); },
          [&] { to.make_symlink("a/b/leaf", link_to("x")); },
          [&] { to.make_special("a/b/leaf", entry_of(EntryType::kFifo)); },
          [&] { to.make_hard_link("a/b/leaf", "file"); },
          [&] { Fd got(to.open_for_reading("a/b/leaf")); ADD_FAILURE() << "read through a symlink"; },
          [&] { to.make_hard_link("linked", "a/b/leaf"); },
      };
      put(to, "file", "file");
      for (auto& call : calls) {
        fs::remove_all(in_target(at));
        fs::create_symlink(link, in_target(at));
        try {
          call();
        } catch (const Error&) {  // refusing is as good as replacing the link
        }
        ASSERT_EQ(outside(), before_) << "call " << (&call - calls.data()) << ", " << at << " -> " << link;
      }
      fs::remove(in_target("linked"));
    }
  }
}

TEST_P(SinkEscape, ReplacesOrRefusesASymlinkInPlaceOfADirectory) {
  fs::create_symlink(dir_ / "outside", in_target("d"));
  TreeSink never = sink(Overwrite::kNever);
  EXPECT_EQ(code_of([&] { never.make_directory("d"); }), ErrorCode::kIo);
  TreeSink always = sink();
  always.make_directory("d");
  put(always, "d/victim", "new");
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(in_target("d"))));
}

TEST_P(SinkEscape, ATemporaryFileReplacedByALinkToAVictimIsNotWritten) {
  TreeSink to = sink();
  Entry entry = entry_of(EntryType::kFile, 6);
  std::string name = to.begin_file("f", entry);
  for (int i = 0; i < 100; ++i) to.begin_file("g", entry);  // its descriptor is closed by now
  fs::remove(in_target(name));
  fs::create_hard_link(dir_ / "outside/victim", in_target(name));
  EXPECT_THROW(to.write_piece("f", name, {0, view("evil!!")}), Error);
  EXPECT_THROW(to.finish_file("f", name, entry), Error);
  to.abandon_file("f", name);
}

// Somebody swaps a directory for a symlink to the outside as fast as they can.
TEST_P(SinkEscape, NothingEscapesWhileADirectoryIsSwappedForASymlink) {
  fs::create_directory(in_target("a"));
  fs::create_symlink(dir_ / "outside", in_target("b"));
  std::atomic<bool> stop{false};
  std::jthread swapper([&] {
    while (!stop) ::renameat2(AT_FDCWD, in_target("a").c_str(), AT_FDCWD, in_target("b").c_str(), RENAME_EXCHANGE);
  });
  int worked = 0, refused = 0;
  auto attempt = [&](const std::function<void()>& work) {
    try {
      work();
      ++worked;
    } catch (const Error&) {
      ++refused;
    }
  };
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < until) {
    TreeSink to = sink(Overwrite::kChanged);  // a new one each time: no directory is open yet
    for (const std::string d : {"a", "b"}) {
      attempt([&] { to.make_directory(d + "/b"); });  // outside has one of that name
      attempt([&] { put(to, d + "/b/leaf", "evil"); });
      attempt([&] { put(to, d + "/victim", "evil"); });
      attempt([&] { to.make_directory(d + "/d"); });
      attempt([&] { to.finish_directory(d + "/d", entry_of(EntryType::kDirectory)); });
      attempt([&] { to.finish_directory(d, entry_of(EntryType::kDirectory)); });
      attempt([&] { to.make_symlink(d + "/link", link_to("x")); });
      attempt([&] { to.make_hard_link(d + "/linked", d + "/victim"); });
      attempt([&] { to.abandon_file(d + "/t", to.begin_file(d + "/t", entry_of(EntryType::kFile, 1))); });
    }
  }
  stop = true;
  swapper.join();
  EXPECT_GT(worked, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace cairn
