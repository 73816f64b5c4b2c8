// A backend that answers in time: a storage that doesn't is an error, so that nobody who looks into a mount hangs with it.
//
// Calls are made by threads of its own, for a system call on a dead network file system can't be taken back.  Those that hang are left
// alone.  Once one of them does, others fail at once, but for a short try now and then, until any call comes back.
// Threads:  thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "store/backend/backend.h"

namespace cairn {

class DeadlineBackend final : public Backend {
 public:
  static constexpr size_t kMostThreads = 16;

  // `open`: the storage itself; it is opened anew after something couldn't be had, for it may have been unplugged and plugged in again.
  // Errors: those of `open`.
  DeadlineBackend(std::function<std::unique_ptr<Backend>()> open, std::chrono::milliseconds deadline);
  // Waits for what still runs.
  ~DeadlineBackend() override;

  // Errors: kIo when there is no answer in time.
  std::vector<StoredFile> list(std::string_view prefix) override;
  uint64_t size(std::string_view name) override;
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override;
  Buffer read_whole(std::string_view name, uint64_t most_bytes) override;
  std::vector<StoredFile> list_several(std::span<const std::string> prefixes) override;
  Buffer read_kept(std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length) override;
  bool drop_kept(std::string_view name) override;
  std::vector<std::string> list_foreign() override;
  // kUnsupported: a mount doesn't write.
  std::unique_ptr<Upload> create(std::string_view name) override;
  bool remove(std::string_view name) override;
  std::string describe() const override { return description_; }

  // Calls that run, or hang.
  size_t running() const;

 private:
  struct Storage {
    std::unique_ptr<Backend> backend;
    size_t users = 0;          // calls
    bool failed = false;
  };
  struct Task {
    std::function<void(Backend&, Task&)> work;
    std::list<Storage>::iterator storage;
    std::vector<StoredFile> files;
    std::vector<std::string> names;
    Buffer bytes;
    uint64_t size = 0;
    std::exception_ptr error;
    bool done = false, abandoned = false;   // guarded by mu_
  };
  // The finished task.
  Task run(std::string_view name, std::function<void(Backend&, Task&)> work);
  std::list<Storage>::iterator take_storage();
  void finish(std::list<Task>::iterator task);
  void serve();

  const std::function<std::unique_ptr<Backend>()> open_;
  std::string description_;
  const std::chrono::milliseconds deadline_;
  mutable std::mutex mu_;
  std::condition_variable wake_, done_;
  std::list<Storage> storages_;             // guarded by mu_, as is all below; the last one is in use, others by calls that hang
  std::list<Task> tasks_;                   // places stay
  std::list<std::list<Task>::iterator> waiting_;
  size_t idle_ = 0;
  bool hangs_ = false;                      // the last thing known is a call that wasn't answered in time
  std::chrono::steady_clock::time_point try_at_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
