// A bound on bytes a second, shared by all transfers of one direction.
// Threads:  thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace cairn {

class Throttle {
 public:
  explicit Throttle(uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}   // 0: no bound
  // Counts `bytes` that were just moved; sleeps until the bound allows the next ones.
  void moved(uint64_t bytes);
  uint64_t bytes_per_second() const { return bytes_per_second_; }

 private:
  using Clock = std::chrono::steady_clock;
  const uint64_t bytes_per_second_;
  std::mutex mu_;
  Clock::time_point free_{};   // guarded by mu_; when all that was moved is paid for
};

}  // namespace cairn
