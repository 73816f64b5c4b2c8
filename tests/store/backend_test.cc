// What every backend must do, run on each of them, and the fault decorator's own behaviour.
#include "store/backend/backend.h"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <fstream>
#include <functional>
#include <thread>

#include "store/backend/local.h"
#include "store/backend/memory.h"
#include "store/backend/s3/s3.h"
#include "store/crypto/sodium.h"
#include "store/id.h"
#include "tests/store/fault_backend.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

// With CAIRN_TEST_S3=ENDPOINT (tests/s3/rgw.sh) only that server, in its bucket "cairn".
std::vector<std::string_view> kinds() {
  if (std::getenv("CAIRN_TEST_S3")) return {"s3", "s3_without_conditions"};
  return {"memory", "local", "faults_without_a_fault"};
}

// A fresh, empty backend of each kind.
struct Place {
  explicit Place(std::string_view kind) {
    if (kind == "local") backend = open_local(dir / "repository");
    if (kind == "memory") backend = std::make_unique<MemoryBackend>();
    if (kind == "faults_without_a_fault") backend = std::make_unique<FaultBackend>(inner);
    if (kind.starts_with("s3")) backend = s3(kind == "s3_without_conditions");
  }
  std::unique_ptr<Backend> s3(bool without_conditions) {
    std::array<uint8_t, 8> random;
    random_fill(random);
    const std::string url = "s3://cairn/conformance/" + to_hex(random) + "?endpoint=" + std::getenv("CAIRN_TEST_S3");
    S3Options options;
    options.local_folder = dir / "local";
    auto out = open_s3(url, options);
    if (!without_conditions) return out;
    // Remembered of the server, once it is asked: here, that it can't.
    out->create("a")->commit();
    out->remove("a");
    for (const auto& file : std::filesystem::directory_iterator(dir / "local/s3")) std::ofstream(file.path()) << "no";
    return open_s3(url, options);
  }
  TempDir dir;
  MemoryBackend inner;
  std::unique_ptr<Backend> backend;
};

class BackendConformance : public testing::TestWithParam<std::string_view> {
 protected:
  Place place_{GetParam()};
  Backend& backend_ = *place_.backend;

  std::string content(std::string_view name) {
    Buffer bytes = read_whole(backend_, name, 100 << 20);
    return std::string(text(bytes));
  }
  std::vector<std::string> names(std::string_view prefix) {
    std::vector<std::string> out;
    for (const StoredFile& file : backend_.list(prefix)) out.push_back(file.name);
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Every, BackendConformance, testing::ValuesIn(kinds()),
                         [](const auto& each) { return std::string(each.param); });

// The code of what `work` throws; fails the test, and says kIo, if it throws nothing.
ErrorCode code_saying(const std::function<void()>& work, std::string_view mentions = "") {
  try {
    work();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(mentions), std::string::npos) << e.what();
    return e.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInterrupted;
}

// Bytes that differ everywhere, so that a piece in the wrong place shows.
Bytes numbered(size_t size) {
  Bytes out(size);
  uint32_t state = 1;
  for (uint8_t& byte : out) byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

TEST_P(BackendConformance, ShowsAFileOnlyAfterCommit) {
  auto upload = backend_.create("packs/00/ab");
  upload->append(view("he"));
  upload->append(view("llo"));
  EXPECT_TRUE(backend_.list("").empty());
  EXPECT_EQ(code_saying([&] { backend_.size("packs/00/ab"); }), ErrorCode::kNotFound);
  upload->commit();
  EXPECT_EQ(content("packs/00/ab"), "hello");
  upload.reset();
  EXPECT_EQ(content("packs/00/ab"), "hello");
}

TEST_P(BackendConformance, AbandonedUploadLeavesNothing) {
  auto upload = backend_.create("a");
  upload->append(view("half"));
  upload.reset();
  EXPECT_TRUE(backend_.list("").empty());
  EXPECT_TRUE(backend_.list_foreign().empty());
  put(backend_, "a", view("whole"));
  EXPECT_EQ(content("a"), "whole");
}

TEST_P(BackendConformance, EqualContentAgainIsASuccess) {
  put(backend_, "a/b", view("same"));
  put(backend_, "a/b", view("same"));
  put(backend_, "a/empty", {});
  put(backend_, "a/empty", {});
  EXPECT_EQ(content("a/b"), "same");
  EXPECT_TRUE(backend_.list_foreign().empty());
}

TEST_P(BackendConformance, OtherContentIsRefusedAndTheOldStays) {
  put(backend_, "a/b", view("old"));
  for (std::string other : {"new", "older", "ol", ""}) {
    EXPECT_EQ(code_saying([&] { put(backend_, "a/b", view(other)); }, "exists with other content"), ErrorCode::kIo) << other;
  }
  EXPECT_EQ(content("a/b"), "old");
  EXPECT_EQ(names(""), std::vector<std::string>{"a/b"});
}

TEST_P(BackendConformance, ReadsExactlyWhatWasAskedFor) {
  Bytes bytes = numbered(1000);
  put(backend_, "a", bytes);
  for (uint64_t offset : {0, 1, 500, 999, 1000}) {
    for (uint64_t length = 0; offset + length <= 1000; length += 1 + length / 2) {
      Buffer got = backend_.read("a", offset, length);
      ASSERT_EQ(got.size(), length);
      EXPECT_TRUE(std::equal(got.view().begin(), got.view().end(), bytes.begin() + static_cast<ptrdiff_t>(offset)));
    }
  }
}

TEST_P(BackendConformance, ReadingPastTheEndIsCorruptAndSaysBothSizes) {
  put(backend_, "a/short", numbered(1000));
  auto read = [&](uint64_t offset, uint64_t length) { return [=, this] { backend_.read("a/short", offset, length); }; };
  EXPECT_EQ(code_saying(read(0, 1001), "1001"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_saying(read(990, 11), "1000"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_saying(read(1001, 0), "a/short"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_saying(read(UINT64_MAX, 2)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_saying(read(2, UINT64_MAX)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_saying([&] { read_whole(backend_, "a/short", 999); }, "999"), ErrorCode::kCorrupt);
}

TEST_P(BackendConformance, MissingFilesAreNotFound) {
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(code_saying([&] { backend_.size("a/b"); }, "a/b"), ErrorCode::kNotFound);
    EXPECT_EQ(code_saying([&] { backend_.read("a/b", 0, 0); }, "a/b"), ErrorCode::kNotFound);
    EXPECT_FALSE(backend_.remove("a/b"));
    EXPECT_TRUE(backend_.list("a/").empty());
    put(backend_, pass == 0 ? "a/c" : "d", view("another"));
    backend_.remove("a/c");
  }
}

TEST_P(BackendConformance, ListsSortedAndByPrefix) {
  for (std::string name : {"packs/00/b", "index/z", "packs/00/a", "config", "packs/0f/c", "packs-old/x", "index/a.b_c-1"}) {
    put(backend_, name, view(name));
  }
  using Names = std::vector<std::string>;
  Names all{"config", "index/a.b_c-1", "index/z", "packs-old/x", "packs/00/a", "packs/00/b", "packs/0f/c"};
  EXPECT_EQ(names(""), all);
  EXPECT_EQ(names("packs/"), (Names{"packs/00/a", "packs/00/b", "packs/0f/c"}));
  EXPECT_EQ(names("packs/00/"), (Names{"packs/00/a", "packs/00/b"}));
  EXPECT_EQ(names("packs/0"), (Names{"packs/00/a", "packs/00/b", "packs/0f/c"}));
  EXPECT_EQ(names("packs/00/b"), (Names{"packs/00/b"}));
  EXPECT_EQ(names("pack"), (Names{"packs-old/x", "packs/00/a", "packs/00/b", "packs/0f/c"}));
  EXPECT_EQ(names("keys/"), Names{});
  EXPECT_EQ(backend_.list("config").at(0).size_bytes, 6u);
  EXPECT_EQ(backend_.size("config"), 6u);
}

TEST_P(BackendConformance, ListsSeveralFoldersAtOnce) {
  for (std::string name : {"config", "gc/1", "gc-old/1", "index/a", "keys/k", "leases/a.1", "leases/ab.1", "packs/b", "snapshots/s"}) put(backend_, name, view("x"));
  const auto several = [&](const std::vector<std::string>& prefixes) {
    std::string out;
    for (const StoredFile& file : backend_.list_several(prefixes)) out += file.name + " ";
    return out;
  };
  EXPECT_EQ(several({"snapshots/", "gc/", "config", "keys/"}), "config gc/1 keys/k snapshots/s ");
  EXPECT_EQ(several({"leases/a.", "gc/"}), "gc/1 leases/a.1 ");
  EXPECT_EQ(several({"notes/", "packs/"}), "packs/b ");
  EXPECT_EQ(several({"notes/"}), "");
  EXPECT_EQ(several({}), "");
}

TEST_P(BackendConformance, ListsWhenAFileWasPut) {
  put(backend_, "a", view("1"));
  int64_t now_s = std::time(nullptr);
  EXPECT_NEAR(static_cast<double>(backend_.list("a").at(0).mtime_ns / 1'000'000'000), static_cast<double>(now_s), 60.0);
}

TEST_P(BackendConformance, RemovesOnce) {
  put(backend_, "a/b", view("x"));
  put(backend_, "c/d", view("y"));
  EXPECT_TRUE(backend_.remove("a/b"));
  EXPECT_FALSE(backend_.remove("a/b"));
  EXPECT_TRUE(backend_.remove("c/d"));
  EXPECT_TRUE(backend_.list("").empty());
  put(backend_, "a/b", view("other"));
  EXPECT_EQ(content("a/b"), "other");
}

TEST_P(BackendConformance, KeepsAnEmptyFile) {
  put(backend_, "empty", {});
  EXPECT_EQ(backend_.size("empty"), 0u);
  EXPECT_EQ(backend_.read("empty", 0, 0).size(), 0u);
  EXPECT_EQ(names(""), std::vector<std::string>{"empty"});
}

TEST_P(BackendConformance, KeepsFiveMebibytesWrittenInOddPieces) {
  Bytes bytes = numbered(5 << 20);
  auto upload = backend_.create("packs/00/big");
  for (size_t at = 0, piece = 1; at < bytes.size(); piece = piece * 3 % 400'009 + 1) {
    size_t size = std::min(piece, bytes.size() - at);
    upload->append(ByteView(bytes).subspan(at, size));
    at += size;
  }
  upload->commit();
  Buffer got = read_whole(backend_, "packs/00/big", 5 << 20);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), got.view().begin(), got.view().end()));
}

TEST_P(BackendConformance, RefusesInvalidNames) {
  std::string too_long(201, 'a');
  for (std::string name : {"", "/x", "x/", "a/../b", "..", ".", "A", ".x", "a/.x", "a//b", "a b", "a\nb", "ä", "tmp", "tmp/x",
                           too_long.c_str()}) {
    EXPECT_FALSE(valid_name(name)) << name;
    EXPECT_EQ(code_saying([&] { backend_.create(name); }), ErrorCode::kInvalidArgument) << name;
    EXPECT_EQ(code_saying([&] { backend_.read(name, 0, 1); }), ErrorCode::kInvalidArgument) << name;
    EXPECT_EQ(code_saying([&] { backend_.size(name); }), ErrorCode::kInvalidArgument) << name;
    EXPECT_EQ(code_saying([&] { backend_.remove(name); }), ErrorCode::kInvalidArgument) << name;
  }
  for (std::string prefix : {"/", "a//", "../", "a/../", "A/", "tmp/"}) {
    EXPECT_EQ(code_saying([&] { backend_.list(prefix); }), ErrorCode::kInvalidArgument) << prefix;
  }
  EXPECT_EQ(code_saying([&] { backend_.size(std::string_view("a\0b", 3)); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_saying([&] { backend_.size("a\x1b[31m"); }, "a\\x1b[31m"), ErrorCode::kInvalidArgument);
  put(backend_, std::string(200, 'a'), view("the longest"));
  put(backend_, "tmpx/tmp", view("not reserved"));
}

TEST_P(BackendConformance, TakesUploadsFromFourThreadsAtOnce) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        std::string name = "packs/" + std::to_string(i) + "/" + std::to_string(t);
        put(backend_, name, view(name));
        EXPECT_EQ(content(name), name);
        backend_.list("packs/");
      }
    });
  }
  threads.clear();
  EXPECT_EQ(backend_.list("").size(), 32u);
  EXPECT_TRUE(backend_.list_foreign().empty());
}

TEST_P(BackendConformance, EqualFilesPutAtOnceAllSucceed) {
  Bytes bytes = numbered(100'000);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) EXPECT_NO_THROW(put(backend_, "a/" + std::to_string(i), bytes));
    });
  }
  threads.clear();
  EXPECT_EQ(backend_.list("").size(), 8u);
}

TEST_P(BackendConformance, OfDifferentFilesPutAtOnceExactlyOneWins) {
  for (int i = 0; i < 8; ++i) {
    std::string name = "a/" + std::to_string(i);
    std::atomic<int> winner{-1}, winners{0}, losers{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        try {
          put(backend_, name, view(std::to_string(t)));
          winner = t;
          ++winners;
        } catch (const Error& e) {
          EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
          ++losers;
        }
      });
    }
    threads.clear();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 3);
    EXPECT_EQ(content(name), std::to_string(winner));
  }
}

TEST(MemoryBackend, CanBeCopiedChangedAndDated) {
  MemoryBackend first;
  first.set_clock_ns(42);
  put(first, "a", view("one"));
  first.replace("Foreign", Bytes{1});
  MemoryBackend second(first.snapshot());
  second.replace("a", Bytes{'2'});
  EXPECT_EQ(first.list("").at(0).mtime_ns, 42);
  EXPECT_EQ(text(first.read("a", 0, 3)), "one");
  EXPECT_EQ(text(second.read("a", 0, 1)), "2");
  EXPECT_EQ(second.list_foreign(), std::vector<std::string>{"Foreign"});
  EXPECT_EQ(second.list("").size(), 1u);
}

TEST(FaultBackend, CountsAndRecordsEveryOperation) {
  MemoryBackend memory;
  FaultBackend faults(memory);
  put(faults, "packs/a", view("12345"));
  read_whole(faults, "packs/a", 10);
  faults.list("packs/");
  faults.remove("packs/a");
  EXPECT_EQ(faults.count(), 7u);
  EXPECT_EQ(faults.count_of(Operation::kCommit, "packs/"), 1u);
  EXPECT_EQ(faults.count_of(Operation::kCommit, "index/"), 0u);
  EXPECT_EQ(faults.bytes_of(Operation::kCommit), 5u);
  EXPECT_EQ(faults.bytes_of(Operation::kRead, "packs/"), 5u);
  faults.clear();
  EXPECT_EQ(faults.count(), 0u);
}

TEST(FaultBackend, FailsTheKthOperationOnceOrFromThenOn) {
  for (bool sticky : {false, true}) {
    MemoryBackend memory;
    FaultBackend faults(memory);
    faults.fail_at(2, ErrorCode::kNoSpace, sticky);
    faults.list("");
    EXPECT_EQ(code_saying([&] { faults.list(""); }, "operation 2"), ErrorCode::kNoSpace);
    if (sticky) {
      EXPECT_EQ(code_saying([&] { faults.list(""); }), ErrorCode::kNoSpace);
    } else {
      EXPECT_NO_THROW(faults.list(""));
    }
  }
}

TEST(FaultBackend, DiesWithTheCommitDoneOrNot) {
  for (Effect effect : {Effect::kNone, Effect::kHappened}) {
    MemoryBackend memory;
    FaultBackend faults(memory);
    faults.die_at(3, effect);
    EXPECT_THROW(put(faults, "a", view("x")), ProcessDied);
    EXPECT_THROW(faults.size("a"), ProcessDied);
    EXPECT_EQ(memory.list("").size(), effect == Effect::kHappened ? 1u : 0u);
  }
}

}  // namespace
}  // namespace cairn
