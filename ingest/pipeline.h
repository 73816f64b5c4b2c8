// The only place in ingest that starts threads: read, work in parallel, deliver in input order.
// A ring of `window` slots, numbered by input order, is all they share; whoever waits, waits for its slot to change.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace cairn {

// What the threads of one OrderedPrefetch share.  Thread-safe; only the reader calls wait_for_room(), put() and close(),
// only the deliverer calls next_result().  Every wait ends at once after fail().
template <class Job, class Result>
class OrderedWindow {
 public:
  OrderedWindow(size_t window, uint64_t most_weight) : slots_(window), most_weight_(most_weight) {}

  // False: stop, somebody failed.  The reader asks before it reads, so that no job exists outside the window.
  bool wait_for_room() {
    std::unique_lock lock(mu_);
    room_.wait(lock, [&] { return error_ || (put_ - delivered_ < slots_.size() && weight_ < most_weight_); });
    return !error_;
  }
  void put(Job&& job, uint64_t weight) {
    std::lock_guard lock(mu_);
    Slot& slot = slots_[put_++ % slots_.size()];
    slot.job.emplace(std::move(job));
    slot.weight = weight;
    weight_ += weight;
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
    Slot& slot = slots_[delivered_ % slots_.size()];
    results_.wait(lock, [&] { return error_ || slot.result || (closed_ && delivered_ == put_); });
    if (error_ || !slot.result) return std::nullopt;
    std::optional<Result> result(std::move(*slot.result));
    slot.result.reset();
    weight_ -= slot.weight;
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
      stop(std::current_exception());
    }
  }
  void stop(std::exception_ptr why) {
    std::lock_guard lock(mu_);
    if (!error_) error_ = std::move(why);
    room_.notify_all();
    jobs_.notify_all();
    results_.notify_all();
  }
  // Requires: every other thread is joined.
  void rethrow_error() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Slot {
    std::optional<Job> job;        // between put and take_job
    std::optional<Result> result;  // between put_result and next_result
    uint64_t weight = 0;
  };
  std::mutex mu_;
  std::condition_variable room_, jobs_, results_;  // the reader, the workers and the deliverer wait on one each
  std::vector<Slot> slots_;                        // guarded by mu_, as is all below; number n lives in slot n % size
  size_t put_ = 0, taken_ = 0, delivered_ = 0;     // delivered ≤ taken ≤ put ≤ delivered + window
  const uint64_t most_weight_;
  uint64_t weight_ = 0;                            // of what is between put and next_result
  bool closed_ = false;                            // nothing comes after put_
  std::exception_ptr error_;
};

// Runs next() on one reader thread and work(worker, Job&&) on `threads` workers (worker in [0, threads)), ahead of whoever takes the
// results, which come in input order.  next() returns optional<Job>, nullopt at the end, and is not called again after it.
// Requires: threads ≥ 1, window ≥ 1.
// Memory:   at most `window` jobs and results, and no more once those on their way weigh `most_weight`, by weigh(const Job&).
// Errors:   the first exception stops the rest and is rethrown by take().  Calls that are running are waited for, there and by the
//           destructor, so a next() that may block for long must be woken by its owner.
// Threads:  one thread at a time.   Lifetime: what next and work refer to must outlive this.
template <class Job, class Result>
class OrderedPrefetch {
 public:
  template <class Next, class Work, class Weigh>
  OrderedPrefetch(size_t threads, size_t window, Next next, Work work, uint64_t most_weight, Weigh weigh) : shared_(window, most_weight) {
    auto read = [this, next, weigh]() mutable {
      while (shared_.wait_for_room()) {
        std::optional<Job> job = next();
        if (!job) return shared_.close();
        const uint64_t weight = weigh(*job);
        shared_.put(std::move(*job), weight);
      }
    };
    auto work_on_jobs = [this, work](size_t worker) mutable {
      while (auto taken = shared_.take_job()) shared_.put_result(taken->number, work(worker, std::move(taken->job)));
    };
    shared_.guarded([&] {   // starting a thread may fail, too; those that run must then be told to stop
      running_.reserve(threads + 1);
      running_.emplace_back([this, read]() mutable { shared_.guarded(read); });
      for (size_t worker = 0; worker < threads; ++worker)
        running_.emplace_back([this, work_on_jobs, worker]() mutable { shared_.guarded([&] { work_on_jobs(worker); }); });
    });
  }
  template <class Next, class Work>
  OrderedPrefetch(size_t threads, size_t window, Next next, Work work)
      : OrderedPrefetch(threads, window, next, work, UINT64_MAX, [](const Job&) { return uint64_t{0}; }) {}
  ~OrderedPrefetch() { shared_.stop(abandoned()); }
  OrderedPrefetch(const OrderedPrefetch&) = delete;
  OrderedPrefetch& operator=(const OrderedPrefetch&) = delete;

  // The next result, waiting for it; nullopt after the last.
  std::optional<Result> take() {
    std::optional<Result> result = shared_.next_result();
    if (result) return result;
    running_.clear();
    shared_.rethrow_error();
    return std::nullopt;
  }

 private:
  struct Abandoned {};
  static std::exception_ptr abandoned() { return std::make_exception_ptr(Abandoned{}); }   // nobody sees it
  OrderedWindow<Job, Result> shared_;
  std::vector<std::jthread> running_;   // joined before what they share goes
};

// The same with deliver(Result&&) on the calling thread; an exception in it stops the rest, too.
// Memory: at most `window` jobs and results, plus the one being delivered.
template <class Job, class Result, class Next, class Work, class Deliver>
void ordered_parallel_map(size_t threads, size_t window, Next next, Work work, Deliver deliver) {
  OrderedPrefetch<Job, Result> results(threads, window, std::move(next), std::move(work));
  while (auto result = results.take()) deliver(std::move(*result));
}

}  // namespace cairn
