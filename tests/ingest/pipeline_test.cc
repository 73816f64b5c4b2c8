#include "ingest/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace cairn {
namespace {

constexpr int kJobs = 60;

// next() for the numbers [0, count).
auto count_to(int count) {
  return [number = 0, count]() mutable { return number < count ? std::optional<int>(number++) : std::nullopt; };
}

// Calls check(threads, window) for 1..4 threads and windows 1..8.
template <class Check>
void for_each_shape(Check check) {
  for (size_t threads = 1; threads <= 4; ++threads) {
    for (size_t window = 1; window <= 8; ++window) {
      SCOPED_TRACE("threads " + std::to_string(threads) + ", window " + std::to_string(window));
      check(threads, window);
    }
  }
}

// Work whose duration varies with the job, so that results become ready out of order.
int square_unevenly(int job) {
  for (int i = 0; i < (job * 7919) % 13; ++i) std::this_thread::yield();
  return job * job;
}

TEST(Pipeline, DeliversEveryResultInInputOrder) {
  for_each_shape([](size_t threads, size_t window) {
    std::vector<int> delivered;
    ordered_parallel_map<int, int>(
        threads, window, count_to(kJobs), [](size_t, int&& job) { return square_unevenly(job); },
        [&](int&& result) { delivered.push_back(result); });
    ASSERT_EQ(delivered.size(), size_t{kJobs});
    for (int i = 0; i < kJobs; ++i) EXPECT_EQ(delivered[static_cast<size_t>(i)], i * i);
  });
}

TEST(Pipeline, ReturnsWithoutDeliveringWhenThereIsNothingToRead) {
  for_each_shape([](size_t threads, size_t window) {
    ordered_parallel_map<int, int>(
        threads, window, count_to(0), [](size_t, int&& job) { return job; }, [](int&&) { FAIL(); });
  });
}

TEST(Pipeline, NumbersItsWorkersFromZero) {
  for_each_shape([](size_t threads, size_t window) {
    std::vector<std::atomic<int>> running(threads);
    ordered_parallel_map<int, bool>(
        threads, window, count_to(kJobs),
        [&](size_t worker, int&& job) {
          const bool alone = running.at(worker).fetch_add(1) == 0;  // one worker has one job at a time
          square_unevenly(job);
          running.at(worker).fetch_sub(1);
          return alone;
        },
        [](bool&& alone) { EXPECT_TRUE(alone); });
  });
}

TEST(Pipeline, CallsNextOnceAfterTheLastJob) {
  for_each_shape([](size_t threads, size_t window) {
    int calls = 0;
    auto counted = [&, next = count_to(kJobs)]() mutable {
      ++calls;
      return next();
    };
    ordered_parallel_map<int, int>(threads, window, counted, [](size_t, int&& job) { return job; }, [](int&&) {});
    EXPECT_EQ(calls, kJobs + 1);
  });
}

enum class Place { kNext, kWork, kDeliver };

// Throws in `place` when job `at` comes by; returns the message that arrives, "" if none, and what was delivered before.
std::pair<std::string, std::vector<int>> run_failing(size_t threads, size_t window, Place place, int at) {
  auto fail_at = [place, at](Place here, int job) {
    if (here == place && job == at) throw std::runtime_error("job " + std::to_string(job));
  };
  std::vector<int> delivered;
  int read = 0;
  try {
    ordered_parallel_map<int, int>(
        threads, window,
        [&]() -> std::optional<int> {
          fail_at(Place::kNext, read);
          return read < kJobs ? std::optional<int>(read++) : std::nullopt;
        },
        [&](size_t, int&& job) {
          fail_at(Place::kWork, job);
          square_unevenly(job);
          return job;
        },
        [&](int&& job) {
          fail_at(Place::kDeliver, job);
          delivered.push_back(job);
        });
  } catch (const std::runtime_error& error) {
    return {error.what(), delivered};
  }
  return {"", delivered};
}

TEST(Pipeline, RethrowsAnExceptionFromEveryPlace) {
  for_each_shape([](size_t threads, size_t window) {
    for (Place place : {Place::kNext, Place::kWork, Place::kDeliver}) {
      for (int at : {0, 1, kJobs / 2, kJobs - 1}) {
        auto [message, delivered] = run_failing(threads, window, place, at);
        EXPECT_EQ(message, "job " + std::to_string(at));
        ASSERT_LE(delivered.size(), static_cast<size_t>(at));  // nothing after the failing job
        for (size_t i = 0; i < delivered.size(); ++i) EXPECT_EQ(delivered[i], static_cast<int>(i));
      }
    }
  });
}

TEST(Pipeline, KeepsTheFirstOfManyExceptions) {
  for_each_shape([](size_t threads, size_t window) {
    std::atomic<int> first{-1};
    std::string message;
    try {
      ordered_parallel_map<int, int>(
          threads, window, count_to(kJobs),
          [&](size_t, int&& job) -> int {
            int none = -1;
            first.compare_exchange_strong(none, job);
            throw std::runtime_error(std::to_string(job));
          },
          [](int&&) { FAIL(); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    if (threads == 1) {
      EXPECT_EQ(message, std::to_string(first.load()));
    } else {
      EXPECT_FALSE(message.empty());
    }
  });
}

// Counts how many of it exist; moved-from ones don't count.
struct Counted {
  explicit Counted(std::atomic<int>& count) : alive(&count) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (alive) --*alive;
  }
  std::atomic<int>* alive;
};

TEST(Pipeline, HoldsAtMostTheWindowAndTheOneBeingDelivered) {
  for_each_shape([](size_t threads, size_t window) {
    std::atomic<int> alive{0}, most{0};
    int read = 0;
    ordered_parallel_map<Counted, Counted>(
        threads, window,
        [&]() -> std::optional<Counted> {
          if (read++ == kJobs) return std::nullopt;
          std::optional<Counted> job(alive);
          if (alive > most) most = alive.load();
          return job;
        },
        [](size_t, Counted&& job) { return std::move(job); },
        [](Counted&&) { std::this_thread::yield(); });
    EXPECT_LE(most, static_cast<int>(window) + 1);
    EXPECT_EQ(alive, 0);
  });
}

TEST(Pipeline, ReadsNoFurtherWhileWhatIsOnItsWayWeighsEnough) {
  std::atomic<int> read = 0;
  OrderedPrefetch<int, int> results(
      2, 50, [&]() -> std::optional<int> { return read < kJobs ? std::optional(read++) : std::nullopt; },
      [](size_t, int&& job) { return job; }, 100, [](const int&) { return uint64_t{30}; });
  for (int i = 0; i < kJobs; ++i) {
    EXPECT_EQ(results.take(), i);
    EXPECT_LE(read, i + 1 + 4) << "100 is reached with the fourth";
  }
  EXPECT_EQ(results.take(), std::nullopt);
}

TEST(Pipeline, StopsWhenNobodyTakesTheRest) {
  std::atomic<int> read = 0;
  {
    OrderedPrefetch<int, int> results(3, 4, [&]() -> std::optional<int> { return read++; }, [](size_t, int&& job) { return job; });
    EXPECT_EQ(results.take(), 0);
  }
  EXPECT_LE(read, 1 + 4 + 1);
}

TEST(Pipeline, DestroysJobsLeftOverAfterAFailure) {
  for_each_shape([](size_t threads, size_t window) {
    std::atomic<int> alive{0};
    auto failing_run = [&] {
      ordered_parallel_map<Counted, Counted>(
          threads, window, [&] { return std::optional<Counted>(alive); },
          [](size_t, Counted&& job) { return std::move(job); }, [](Counted&&) { throw std::runtime_error("full"); });
    };
    EXPECT_THROW(failing_run(), std::runtime_error);
    EXPECT_EQ(alive, 0);
  });
}

TEST(Pipeline, TakesJobsAndResultsThatOnlyMove) {
  int sum = 0;
  ordered_parallel_map<std::unique_ptr<int>, std::unique_ptr<std::string>>(
      2, 4,
      [next = count_to(kJobs)]() mutable -> std::optional<std::unique_ptr<int>> {
        std::optional<int> number = next();
        if (!number) return std::nullopt;
        return std::make_unique<int>(*number);
      },
      [](size_t, std::unique_ptr<int>&& job) { return std::make_unique<std::string>(std::to_string(*job)); },
      [&](std::unique_ptr<std::string>&& result) { sum += std::stoi(*result); });
  EXPECT_EQ(sum, kJobs * (kJobs - 1) / 2);
}

}  // namespace
}  // namespace cairn
