#include "fuse/pinned_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace cairn {
namespace {

using Cache = PinnedCache<int, int>;

auto loader(std::atomic<int>& loads, int value, size_t bytes = 10) {
  return [&loads, value, bytes] { return ++loads, Cache::Loaded{std::make_unique<int>(value), bytes}; };
}

TEST(PinnedCache, KeepsWhatWasUsedLately) {
  Cache cache(30);
  std::atomic<int> loads{0};
  for (int key : {1, 2, 3, 1, 4}) EXPECT_EQ(*cache.get(key, loader(loads, key)), key);
  EXPECT_EQ(loads, 4);
  EXPECT_TRUE(cache.has(1) && cache.has(3) && cache.has(4) && !cache.has(2));
  EXPECT_EQ(cache.bytes(), 30u);
}

TEST(PinnedCache, WhatIsInUseStays) {
  Cache cache(10);
  std::atomic<int> loads{0};
  {
    const Cache::Pin one = cache.get(1, loader(loads, 1)), two = cache.get(2, loader(loads, 2));
    cache.get(3, loader(loads, 3));
    EXPECT_EQ(*one + *two, 3);
    cache.drop(1);
    EXPECT_FALSE(cache.has(1));
    EXPECT_EQ(*one, 1);
  }
  EXPECT_LE(cache.bytes(), 10u);
}

TEST(PinnedCache, LoadsOnceForAllAndForgetsFailures) {
  Cache cache(1000);
  std::atomic<int> loads{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int key = 0; key < 50; ++key) EXPECT_EQ(*cache.get(key, loader(loads, key, 1)), key);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads, 50);
  EXPECT_THROW(cache.get(99, []() -> Cache::Loaded { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_FALSE(cache.has(99));
  EXPECT_EQ(*cache.get(99, loader(loads, 7)), 7);
}

}  // namespace
}  // namespace cairn
