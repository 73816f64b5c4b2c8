#include "store/backend/s3/throttle.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cairn {
namespace {

double seconds_of(Throttle& throttle, int threads) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::jthread> movers;
  for (int t = 0; t < threads; ++t)
    movers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) throttle.moved(10'000);
    });
  movers.clear();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Throttle, HoldsAllThreadsTogetherToTheBound) {
  Throttle throttle(1'000'000);
  EXPECT_GE(seconds_of(throttle, 2), 0.2);
}

TEST(Throttle, LetsEverythingPassWithoutABound) {
  Throttle throttle(0);
  EXPECT_LT(seconds_of(throttle, 2), 0.1);
}

}  // namespace
}  // namespace cairn
