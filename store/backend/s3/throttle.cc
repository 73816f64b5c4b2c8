#include "store/backend/s3/throttle.h"

#include <algorithm>
#include <thread>

namespace cairn {

void Throttle::moved(uint64_t bytes) {
  if (bytes_per_second_ == 0) return;
  Clock::time_point until;
  {
    std::lock_guard lock(mu_);
    const auto cost = std::chrono::nanoseconds(static_cast<int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(bytes_per_second_)));
    free_ = std::max(free_, Clock::now()) + cost;
    until = free_;
  }
  std::this_thread::sleep_until(until);
}

}  // namespace cairn
