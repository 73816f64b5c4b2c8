#include "fuse/deadline_backend.h"

#include <gtest/gtest.h>

#include <atomic>

#include "store/backend/memory.h"
#include "store/error.h"

namespace cairn {
namespace {

using std::chrono::milliseconds;

// Hangs while it is told to.  What it reads from outlives it.
class HangingBackend final : public Backend {
 public:
  HangingBackend(MemoryBackend& inner, std::atomic<bool>& hang) : inner_(inner), hang_(hang) {}
  std::vector<StoredFile> list(std::string_view prefix) override { return wait(), inner_.list(prefix); }
  uint64_t size(std::string_view name) override { return wait(), inner_.size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return wait(), inner_.read(name, offset, length); }
  std::unique_ptr<Upload> create(std::string_view name) override { return inner_.create(name); }
  bool remove(std::string_view name) override { return inner_.remove(name); }
  std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
  std::string describe() const override { return "memory"; }

 private:
  void wait() {
    while (hang_) std::this_thread::sleep_for(milliseconds(1));
  }
  MemoryBackend& inner_;
  std::atomic<bool>& hang_;
};

class DeadlineBackendTest : public testing::Test {
 protected:
  DeadlineBackendTest() { put(memory_, "packs/00/a", view("content")); }
  ~DeadlineBackendTest() override { hang_ = false; }
  ErrorCode code_of_read(std::string* message = nullptr, const char* name = "packs/00/a") {
    try {
      backend_.read(name, 0, 3);
    } catch (const Error& e) {
      if (message) *message = e.what();
      return e.code();
    }
    return ErrorCode::kInterrupted;
  }

  MemoryBackend memory_;
  std::atomic<bool> hang_{false};
  int opened_ = 0;
  DeadlineBackend backend_{[this] { return ++opened_, std::make_unique<HangingBackend>(memory_, hang_); }, milliseconds(50)};
};

TEST_F(DeadlineBackendTest, PassesAnswersAndErrorsOn) {
  EXPECT_EQ(text(backend_.read("packs/00/a", 3, 4)), "tent");
  EXPECT_EQ(backend_.size("packs/00/a"), 7u);
  EXPECT_EQ(backend_.list("packs/").size(), 1u);
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(code_of_read(nullptr, "packs/00/b"), ErrorCode::kNotFound);
  EXPECT_THROW(backend_.remove("packs/00/a"), Error);
  EXPECT_THROW(backend_.create("packs/00/c"), Error);
  EXPECT_EQ(backend_.running(), 0u);
}

TEST_F(DeadlineBackendTest, AStorageThatHangsIsAnErrorAndAnotherOneIsOpened) {
  hang_ = true;
  std::string message;
  EXPECT_EQ(code_of_read(&message), ErrorCode::kIo);
  EXPECT_NE(message.find("memory: packs/00/a: the storage doesn't answer"), std::string::npos) << message;
  EXPECT_EQ(backend_.running(), 1u);
  hang_ = false;
  EXPECT_EQ(text(backend_.read("packs/00/a", 0, 3)), "con");
  EXPECT_EQ(opened_, 2);
  for (int i = 0; i < 1000 && backend_.running() > 0; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(backend_.running(), 0u);
}

// However many ask: threads are bounded, and nobody waits longer than the deadline by much.
TEST_F(DeadlineBackendTest, ManyThatHangAreErrorsToo) {
  hang_ = true;
  std::atomic<int> failed{0};
  std::vector<std::thread> readers;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 60; ++i) readers.emplace_back([&] { failed += code_of_read() == ErrorCode::kIo; });
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failed, 60);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  EXPECT_LE(backend_.running(), DeadlineBackend::kMostThreads);
  hang_ = false;
  for (int i = 0; i < 1000 && backend_.running() > 0; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(text(backend_.read("packs/00/a", 0, 3)), "con");
}

}  // namespace
}  // namespace cairn
