#include "fuse/deadline_backend.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

namespace {

constexpr std::chrono::milliseconds kTry{2000}, kTryEvery{5000};   // a storage that hangs

}  // namespace

DeadlineBackend::DeadlineBackend(std::function<std::unique_ptr<Backend>()> open, std::chrono::milliseconds deadline)
    : open_(std::move(open)), deadline_(deadline) {
  storages_.push_back({open_(), 0, false});
  description_ = storages_.back().backend->describe();
}

DeadlineBackend::~DeadlineBackend() {
  {
    std::lock_guard lock(mu_);
    ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void DeadlineBackend::serve() {
  std::unique_lock lock(mu_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const auto task = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      task->work(*task->storage->backend, *task);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    task->error = error;
    task->done = true;
    hangs_ = false;
    if (error) task->storage->failed = true;
    if (task->abandoned) finish(task);
    done_.notify_all();
  }
}

// REQUIRES: mu_ held
std::list<DeadlineBackend::Storage>::iterator DeadlineBackend::take_storage() {
  if (storages_.back().failed) {
    storages_.push_back({open_(), 0, false});
    std::erase_if(storages_, [](const Storage& one) { return one.failed && one.users == 0; });
  }
  const auto storage = std::prev(storages_.end());
  ++storage->users;
  return storage;
}

// REQUIRES: mu_ held
void DeadlineBackend::finish(std::list<Task>::iterator task) {
  --task->storage->users;
  tasks_.erase(task);
}

DeadlineBackend::Task DeadlineBackend::run(std::string_view name, std::function<void(Backend&, Task&)> work) {
  std::unique_lock lock(mu_);
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::kIo, description_ + ": " + std::string(name) + ": " + why);
  };
  if (waiting_.size() >= idle_ && threads_.size() >= kMostThreads && tasks_.size() >= 2 * kMostThreads)
    fail("the storage doesn't answer");
  const auto now = std::chrono::steady_clock::now();
  if (hangs_ && now < try_at_) fail("the storage doesn't answer");
  if (hangs_) try_at_ = now + kTryEvery;
  const auto patience = hangs_ ? std::min(deadline_, kTry) : deadline_;
  const auto storage = take_storage();
  const auto task = tasks_.emplace(tasks_.end());
  task->work = std::move(work);
  task->storage = storage;
  waiting_.push_back(task);
  if (waiting_.size() > idle_ && threads_.size() < kMostThreads) threads_.emplace_back([this] { serve(); });
  wake_.notify_one();
  if (!done_.wait_for(lock, patience, [&] { return task->done; })) {
    const auto queued = std::ranges::find(waiting_, task);
    if (queued != waiting_.end()) {
      waiting_.erase(queued);
      finish(task);
    } else {
      task->abandoned = true;
      task->storage->failed = true;
    }
    if (!hangs_) try_at_ = std::chrono::steady_clock::now() + kTryEvery;
    hangs_ = true;
    fail("the storage doesn't answer (waited " + std::to_string(patience.count() / 1000) + " s)");
  }
  Task finished = std::move(*task);
  finish(task);
  lock.unlock();
  if (finished.error) std::rethrow_exception(finished.error);
  return finished;
}

std::vector<StoredFile> DeadlineBackend::list(std::string_view prefix) {
  return run(prefix, [prefix = std::string(prefix)](Backend& inner, Task& task) { task.files = inner.list(prefix); }).files;
}

uint64_t DeadlineBackend::size(std::string_view name) {
  return run(name, [name = std::string(name)](Backend& inner, Task& task) { task.size = inner.size(name); }).size;
}

Buffer DeadlineBackend::read(std::string_view name, uint64_t offset, uint64_t length) {
  return run(name, [name = std::string(name), offset, length](Backend& inner, Task& task) { task.bytes = inner.read(name, offset, length); }).bytes;
}

// By the backend's own way, which may know a shorter one than asking for the size first.
Buffer DeadlineBackend::read_whole(std::string_view name, uint64_t most_bytes) {
  return run(name, [name = std::string(name), most_bytes](Backend& inner, Task& task) { task.bytes = inner.read_whole(name, most_bytes); }).bytes;
}

std::vector<StoredFile> DeadlineBackend::list_several(std::span<const std::string> prefixes) {
  return run(prefixes.empty() ? "" : prefixes.front(), [all = std::vector<std::string>(prefixes.begin(), prefixes.end())](Backend& inner, Task& task) {
    task.files = inner.list_several(all);
  }).files;
}

Buffer DeadlineBackend::read_kept(std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length) {
  return run(name, [name = std::string(name), file_bytes, offset, length](Backend& inner, Task& task) {
    task.bytes = inner.read_kept(name, file_bytes, offset, length);
  }).bytes;
}

bool DeadlineBackend::drop_kept(std::string_view name) {
  return run(name, [name = std::string(name)](Backend& inner, Task& task) { task.size = inner.drop_kept(name); }).size != 0;
}

std::vector<std::string> DeadlineBackend::list_foreign() {
  return run("", [](Backend& inner, Task& task) { task.names = inner.list_foreign(); }).names;
}

std::unique_ptr<Upload> DeadlineBackend::create(std::string_view) {
  throw Error(ErrorCode::kUnsupported, description_ + ": is open for reading only");
}

bool DeadlineBackend::remove(std::string_view) { throw Error(ErrorCode::kUnsupported, description_ + ": is open for reading only"); }

size_t DeadlineBackend::running() const {
  std::lock_guard lock(mu_);
  return tasks_.size();
}

}  // namespace cairn
