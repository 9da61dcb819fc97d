#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>

namespace bise {
namespace {

TEST(ThreadPool, RunsEachPieceOnceAndMakesItsWritesVisible) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.thread_count(), threads);
    for (int round = 0; round < 300; ++round) {
      const int pieces = round % 17;
      std::vector<int> count(static_cast<std::size_t>(pieces), 0);
      pool.run(pieces, [&](int piece, int) { ++count[static_cast<std::size_t>(piece)]; });
      for (const int times : count) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPool, WakesWorkersThatSleep) {
  ThreadPool pool(3);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::atomic<int> sum = 0;
  pool.run(100, [&](int piece, int) { sum += piece; });
  EXPECT_EQ(sum, 4950);
}

TEST(ThreadPool, NamesItsThreadsFromZero) {
  ThreadPool pool(4);
  std::mutex mutex;
  std::set<int> seen;
  pool.run(64, [&](int, int thread) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    const std::lock_guard lock(mutex);
    seen.insert(thread);
  });
  EXPECT_LE(*seen.rbegin(), 3);
  EXPECT_GE(*seen.begin(), 0);
}

}  // namespace
}  // namespace bise
