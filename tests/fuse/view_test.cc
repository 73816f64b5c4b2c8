#include "fuse/view.h"

#include <random>
#include <thread>

#include "tests/fuse/view_fixture.h"

namespace cairn {
namespace {

TEST_F(ViewTest, ATreeIsShownAsItIsStored) {
  write_file(src("short"), "some words");
  write_file(src("empty"), "");
  fs::create_directories(src("a/b/c"));
  write_file(src("a/b/deep"), std::string(300'000, 'x') + "end");
  fs::create_symlink("../short", src("a/link"));
  fs::create_hard_link(src("short"), src("a/same"));
  back_up();
  EXPECT_EQ(names(""), "by-id/\nby-time/\nhosts/\nlatest\ntags/\n");
  EXPECT_EQ(names("latest/src"), "a/\nempty\nshort\n");
  EXPECT_EQ(names("latest/src", 1), "a/\nempty\nshort\n");
  EXPECT_EQ(names("latest/src/a"), "b/\nlink\nsame\n");
  EXPECT_EQ(whole("latest/src/short"), "some words");
  EXPECT_EQ(whole("latest/src/empty"), "");
  EXPECT_EQ(whole("latest/src/a/b/deep"), std::string(300'000, 'x') + "end");
  const Found link = find("latest/src/a/link").value(), file = find("latest/src/short").value(), same = find("latest/src/a/same").value();
  EXPECT_EQ(view().link_target(link.node), "../short");
  EXPECT_EQ(link.status.st_size, 8);
  EXPECT_EQ(file.status.st_ino, same.status.st_ino);
  EXPECT_EQ(file.status.st_nlink, 2u);
  EXPECT_NE(file.status.st_ino, find("latest/src/empty").value().status.st_ino);
  struct stat real;
  ASSERT_EQ(::stat(src("short").c_str(), &real), 0);
  EXPECT_EQ(file.status.st_mode, real.st_mode);
  EXPECT_EQ(file.status.st_uid, real.st_uid);
  EXPECT_EQ(file.status.st_mtim.tv_nsec, real.st_mtim.tv_nsec);
  EXPECT_EQ(file.status.st_mtim.tv_sec, real.st_mtim.tv_sec);
  EXPECT_FALSE(find("latest/src/gone"));
  EXPECT_FALSE(find("latest/gone"));
  EXPECT_FALSE(find("gone"));
  EXPECT_EQ(view().path(same.node).substr(6 + 16), "/src/a/same");
}

TEST_F(ViewTest, AnyRangeOfALongFileIsRight) {
  std::mt19937_64 random(1);
  std::string all(9'000'000, '\0');
  for (char& c : all) c = static_cast<char>(random() % 64);
  write_file(src("long"), all);
  back_up();
  EXPECT_TRUE(whole("latest/src/long") == all);
  EXPECT_TRUE(whole("latest/src/long", 999'983) == all);
  const NodeId node = find("latest/src/long").value().node;
  const auto read_anywhere = [&](uint64_t seed) {
    std::mt19937_64 places(seed);
    for (int i = 0; i < 100; ++i) {
      const uint64_t offset = places() % (all.size() + 10);
      const size_t size = places() % 400'000;
      EXPECT_TRUE(bytes_at(node, offset, size) == (offset < all.size() ? all.substr(offset, size) : "")) << offset << " " << size;
    }
  };
  std::vector<std::thread> readers;
  for (uint64_t seed = 0; seed < 4; ++seed) readers.emplace_back([&, seed] { read_anywhere(seed); });
  readers.emplace_back([&] { EXPECT_TRUE(whole("latest/src/long") == all); });
  for (std::thread& reader : readers) reader.join();
}

// Forty such files share a frame.  Where they are read in order the next frames are opened ahead: the storage isn't needed for those.
TEST_F(ViewTest, FramesOfShortFilesAreOpenedAhead) {
  constexpr size_t kFiles = 480, kOfFrame = (1 << 20) / 25'000;
  std::mt19937_64 random(1);
  std::vector<std::string> contents(kFiles, std::string(25'000, '\0'));
  for (size_t i = 0; i < kFiles; ++i) {
    for (char& c : contents[i]) c = static_cast<char>(random());
    write_file(src(std::to_string(1000 + i)), contents[i]);
  }
  options_.threads = 1;   // else neighbours take turns in several frames
  back_up();
  std::vector<NodeId> nodes;
  for (size_t i = 0; i < kFiles; ++i) nodes.push_back(find("latest/src/" + std::to_string(1000 + i)).value().node);
  const auto right = [&](size_t i) { return bytes_at(nodes[i], 0, 30'000) == contents[i]; };
  // Frames are spread over packs: somewhere a pack's third comes after its second.
  size_t most_readable = 0;
  for (size_t begin = 0, end = kOfFrame + kOfFrame / 2; end < kFiles; begin = end, end += kOfFrame) {
    for (size_t i = begin; i < end; ++i) EXPECT_TRUE(right(i)) << i;
    for (size_t reads = 0, before = 1; reads != before; reads = faults_.recorded().size()) {
      before = reads;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    faults_.clear();
    faults_.fail_at(1, ErrorCode::kIo, true);
    size_t readable = 0;
    for (size_t i = end; i < kFiles; ++i) {
      try {
        EXPECT_TRUE(right(i)) << i;
        ++readable;
      } catch (const Error&) {
      }
    }
    faults_.clear();
    most_readable = std::max(most_readable, readable);
  }
  EXPECT_GE(most_readable, kOfFrame / 2 + kOfFrame);   // the rest of a frame, and another one
  EXPECT_LE(most_readable, 9 * kOfFrame);              // eight of them are kept
  std::vector<std::thread> readers;
  for (size_t share = 0; share < 4; ++share)
    readers.emplace_back([&, share] {
      for (size_t i = share * 20; i < kFiles; ++i) EXPECT_TRUE(right(share % 2 == 0 ? i : kFiles - 1 - i)) << i;
    });
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(bytes_at(nodes[7], 24'990, 100), contents[7].substr(24'990));
  EXPECT_EQ(bytes_at(nodes[7], 25'000, 100), "");
}

TEST_F(ViewTest, ManyEntriesAreListedOnceEach) {
  std::string expected;
  for (int i = 10'000; i < 13'000; ++i) write_file(src(std::to_string(i)), std::to_string(i)), expected += std::to_string(i) + "\n";
  back_up();
  EXPECT_EQ(names("latest/src", 7), expected);
  EXPECT_EQ(whole("latest/src/12345"), "12345");
}

TEST_F(ViewTest, PartsAreFilesWithTrueSizes) {
  make_dump(200'000);
  const Manifest m = commit();
  EXPECT_EQ(names("latest"), "db/\nnote\n");
  EXPECT_EQ(names("latest/db"), "dump.sql\nglobals.sql\nshop.create.sql\nshop.sql\nshop/\nzoo/\n");
  EXPECT_EQ(names("latest/db", 1), names("latest/db"));
  EXPECT_EQ(names("latest/db/shop/app", 2), "mood.sql\none.copy\none.sql\ntwo.sql\n");
  EXPECT_EQ(names("latest/db/zoo"), "public/\n");
  EXPECT_TRUE(whole("latest/db/dump.sql") == stream_);
  EXPECT_EQ(whole("latest/note"), "hello");
  for (const Part& part : parts_)
    if (part.kind != "link") {
      EXPECT_TRUE(whole("latest/db/" + part.name, 70'001) == content_of(m, "db/" + part.name)) << part.name;
    }
  for (const char* path : {"shop/app/.links", "shop/app/.links/two_one", "shop/app/one", "shop/ap", "dump.sql/x"})
    EXPECT_FALSE(find("latest/db/shop/app") && find(std::string("latest/db/") + path)) << path;
}

TEST_F(ViewTest, NewSnapshotsAppearAndForgottenOnesGo) {
  write_file(src("one"), "1");
  keep_open_ = true;
  back_up();
  EXPECT_EQ(whole("latest/src/one"), "1");
  const NodeId old = find("latest/src/one").value().node, link = find("latest").value().node;
  const std::string target = view().link_target(link);
  write_file(src("one"), "22");
  back_up();
  EXPECT_EQ(whole("latest/src/one"), "22");
  EXPECT_EQ(bytes_at(old, 0, 10), "1");
  const NodeId now = find("latest").value().node;   // another node: the kernel keeps what a link says
  EXPECT_NE(now, link);
  EXPECT_NE(view().link_target(now), target);
  EXPECT_EQ(view().link_target(link), target);
}

TEST_F(ViewTest, WhatTheKernelForgetsIsForgotten) {
  fs::create_directories(src("a/b"));
  back_up();
  const NodeId src_node = find("latest/src").value().node;
  const size_t before = view().directories();
  const NodeId a = view().lookup(src_node, "a").value().node, again = view().lookup(src_node, "a").value().node;
  EXPECT_EQ(a, again);
  EXPECT_EQ(view().directories(), before + 1);
  view().forget(a, 1);
  EXPECT_EQ(view().status(a).status.st_mode & S_IFMT, unsigned{S_IFDIR});
  view().forget(a, 1);
  EXPECT_EQ(view().directories(), before);
  EXPECT_THROW(view().status(a), Gone);
  view().list(src_node, 0, true, [](const std::string& name, const Found&, uint64_t) { return name.starts_with('.'); });
  EXPECT_EQ(view().directories(), before);   // "a" was offered, and not taken
}

// Damage is an error for what it hits, for nothing else, and over when the bytes are right again.
TEST_F(ViewTest, DamageIsNeverGivenAsBytes) {
  std::string all;
  for (int i = 0; i < 400'000; ++i) all += std::to_string(int64_t{i} * 7919) + "\n";
  write_file(src("long"), all);
  write_file(src("short"), "words");
  back_up();
  const std::string pack = data_packs().at(0);
  const Bytes whole_pack = memory_.snapshot().at(pack);
  Bytes damaged = whole_pack;
  damaged[damaged.size() / 2] ^= 1;
  memory_.replace(pack, damaged);
  const NodeId node = find("latest/src/long").value().node;
  size_t failed = 0, good = 0;
  for (size_t at = 0; at < all.size(); at += 50'000) {
    try {
      EXPECT_TRUE(bytes_at(node, at, 50'000) == all.substr(at, 50'000)) << at;
      ++good;
    } catch (const Error& e) {
      ++failed;
      EXPECT_NE(std::string(e.what()).find(pack), std::string::npos) << e.what();
    }
  }
  EXPECT_GT(failed, 0u);
  EXPECT_GT(good, 0u);
  memory_.replace(pack, whole_pack);
  EXPECT_TRUE(whole("latest/src/long") == all);
}

TEST_F(ViewTest, DamageOfAShortFileIsNeverGivenAsBytes) {
  std::mt19937_64 random(1);
  std::string all(20'000, '\0');
  for (char& c : all) c = static_cast<char>(random());
  write_file(src("short"), all);
  back_up();
  const std::string pack = data_packs().at(0);
  const Bytes whole_pack = memory_.snapshot().at(pack);
  Bytes damaged = whole_pack;
  damaged[damaged.size() / 2] ^= 1;
  memory_.replace(pack, damaged);
  const NodeId node = find("latest/src/short").value().node;
  for (int i = 0; i < 2; ++i) {   // what is kept of the first try must not be believed
    try {
      bytes_at(node, 0, 30'000);
      ADD_FAILURE() << "damage was read";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(pack), std::string::npos) << e.what();
    }
  }
  memory_.replace(pack, whole_pack);
  EXPECT_TRUE(bytes_at(node, 0, 30'000) == all);
}

TEST_F(ViewTest, AStorageThatWasAwayIsThereAgain) {
  write_file(src("long"), std::string(3'000'000, 'a'));
  back_up();
  view().warm_up();
  const NodeId node = find("latest/src/long").value().node;
  faults_.clear();
  faults_.fail_at(1, ErrorCode::kIo, true);
  EXPECT_THROW(bytes_at(node, 0, 100), Error);
  EXPECT_EQ(names(""), "by-id/\nby-time/\nhosts/\nlatest\ntags/\n");
  EXPECT_TRUE(BackupNotes::any_has(seen_.warnings_, "can't look for new snapshots")) << seen_.all();
  faults_.clear();
  EXPECT_EQ(bytes_at(node, 0, 3), "aaa");
}

}  // namespace
}  // namespace cairn
