// Work on several threads, whose number the caller knows.
#pragma once

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace cairn {

// The processors, at most 8: beyond that memory grows faster than speed.
inline size_t processor_count() { return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 8); }

// Calls work(0) … work(count - 1), each on a thread of its own, work(0) on the caller's, and waits for all.  Of what they throw the
// first, by number, is thrown here.
template <class Work>
void in_parallel(size_t count, Work work) {
  std::vector<std::exception_ptr> failures(count);
  auto guarded = [&](size_t number) {
    try {
      work(number);
    } catch (...) {
      failures[number] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t number = 1; number < count; ++number) threads.emplace_back(guarded, number);
    if (count > 0) guarded(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace cairn
