#include "backends/cpu/work_ranges.h"

#include <gtest/gtest.h>

namespace bise::cpu {
namespace {

TEST(WorkRanges, EachPieceOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    WorkRanges ranges(pool);
    for (int round = 0; round < 300; ++round) {
      const int pieces = round % 23;
      std::vector<int> count(static_cast<std::size_t>(pieces), 0);
      ranges.run(pieces, [&](int piece, int next, int thread) {
        ++count[static_cast<std::size_t>(piece)];
        EXPECT_LT(thread, threads);
        EXPECT_TRUE(next == -1 || (next == piece + 1 && next < pieces));
      });
      for (const int times : count) EXPECT_EQ(times, 1);
    }
  }
}

TEST(WorkRanges, AThreadThatIsLateLosesItsPiecesToTheOthers) {
  ThreadPool pool(2);
  WorkRanges ranges(pool);
  std::vector<int> done(40, 0);
  std::atomic<int> left = 39;
  ranges.run(40, [&](int piece, int, int) {
    ++done[static_cast<std::size_t>(piece)];
    // The first piece of the first range waits until all the others are done.
    if (piece == 0) {
      while (left > 0) std::this_thread::yield();
    } else {
      --left;
    }
  });
  for (const int times : done) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace bise::cpu
