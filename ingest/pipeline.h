// The only place in ingest that starts threads: read, work in parallel, deliver in input order.
// A ring of `window` slots, numbered by input order, is all they share; whoever waits, waits for its slot to change.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace cairn {

// What the threads of one ordered_parallel_map() share.  Thread-safe; only the reader calls wait_for_room(), put() and close(),
// only the deliverer calls next_result().  Every wait ends at once after fail().
template <class Job, class Result>
class OrderedWindow {
 public:
  explicit OrderedWindow(size_t window) : slots_(window) {}

  // False: stop, somebody failed.  The reader asks before it reads, so that no job exists outside the window.
  bool wait_for_room() {
    std::unique_lock lock(mu_);
    room_.wait(lock, [&] { return error_ || put_ - delivered_ < slots_.size(); });
    return !error_;
  }
  void put(Job&& job) {
    std::lock_guard lock(mu_);
    slots_[put_++ % slots_.size()].job.emplace(std::move(job));
    jobs_.notify_one();
  }
  void close() {
    std::lock_guard lock(mu_);
    closed_ = true;
    jobs_.notify_all();
    results_.notify_all();
  }

  struct Taken {
    size_t number;
    Job job;
  };
  // The next job nobody works on, waiting for it; nullopt: no more.
  std::optional<Taken> take_job() {
    std::unique_lock lock(mu_);
    jobs_.wait(lock, [&] { return error_ || closed_ || taken_ < put_; });
    if (error_ || taken_ == put_) return std::nullopt;
    std::optional<Job>& slot = slots_[taken_ % slots_.size()].job;
    std::optional<Taken> taken(Taken{taken_++, std::move(*slot)});
    slot.reset();
    return taken;
  }
  void put_result(size_t number, Result&& result) {
    std::lock_guard lock(mu_);
    slots_[number % slots_.size()].result.emplace(std::move(result));
    if (number == delivered_) results_.notify_one();
  }

  // The next result in input order, waiting for it; nullopt: no more.
  std::optional<Result> next_result() {
    std::unique_lock lock(mu_);
    std::optional<Result>& slot = slots_[delivered_ % slots_.size()].result;
    results_.wait(lock, [&] { return error_ || slot || (closed_ && delivered_ == put_); });
    if (error_ || !slot) return std::nullopt;
    std::optional<Result> result(std::move(*slot));
    slot.reset();
    ++delivered_;
    room_.notify_one();
    return result;
  }

  // Runs body(); an exception in it stops everybody, and the first one is kept.
  template <class Body>
  void guarded(Body&& body) {
    try {
      body();
    } catch (...) {
      std::lock_guard lock(mu_);
      if (!error_) error_ = std::current_exception();
      room_.notify_all();
      jobs_.notify_all();
      results_.notify_all();
    }
  }
  // Requires: every other thread is joined.
  void rethrow_error() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Slot {
    std::optional<Job> job;        // between put and take_job
    std::optional<Result> result;  // between put_result and next_result
  };
  std::mutex mu_;
  std::condition_variable room_, jobs_, results_;  // the reader, the workers and the deliverer wait on one each
  std::vector<Slot> slots_;                        // guarded by mu_, as is all below; number n lives in slot n % size
  size_t put_ = 0, taken_ = 0, delivered_ = 0;     // delivered ≤ taken ≤ put ≤ delivered + window
  bool closed_ = false;                            // nothing comes after put_
  std::exception_ptr error_;
};

// Runs next() on one reader thread, work(worker, Job&&) on `threads` workers (worker in [0, threads)), deliver(Result&&) on the
// calling thread, in input order.  next() returns optional<Job>, nullopt at the end, and is not called again after it.
// Requires: threads ≥ 1, window ≥ 1.   Memory: at most `window` jobs and results, plus the one being delivered.
// Errors: the first exception stops the rest and is rethrown here after every thread has been joined; calls that are running are
//         waited for, so a next() that may block for long must be woken by its owner.
template <class Job, class Result, class Next, class Work, class Deliver>
void ordered_parallel_map(size_t threads, size_t window, Next next, Work work, Deliver deliver) {
  OrderedWindow<Job, Result> shared(window);
  auto read = [&] {
    while (shared.wait_for_room()) {
      std::optional<Job> job = next();
      if (!job) return shared.close();
      shared.put(std::move(*job));
    }
  };
  auto work_on_jobs = [&](size_t worker) {
    while (auto taken = shared.take_job()) shared.put_result(taken->number, work(worker, std::move(taken->job)));
  };
  {
    std::vector<std::jthread> running;  // joined at the end of this scope
    shared.guarded([&] {                // starting a thread may fail, too; those that run must then be told to stop
      running.reserve(threads + 1);
      running.emplace_back([&] { shared.guarded(read); });
      for (size_t worker = 0; worker < threads; ++worker) {
        running.emplace_back([&, worker] { shared.guarded([&] { work_on_jobs(worker); }); });
      }
      while (auto result = shared.next_result()) deliver(std::move(*result));
    });
  }
  shared.rethrow_error();
}

}  // namespace cairn
