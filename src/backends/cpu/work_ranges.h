#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"

namespace bise::cpu {

// Deals the pieces of a loop so that each thread walks neighbouring ones, which memory likes: a
// range for each thread, taken from its front by its owner and, when that has nothing left to do,
// from their backs by the others.
class WorkRanges {
 public:
  explicit WorkRanges(ThreadPool& pool)
      : pool_(pool), ranges_(static_cast<std::size_t>(pool.thread_count())) {}

  // Calls body(piece, next, thread) for each piece in [0, pieces); `next` is the piece this thread
  // will probably take after it, or -1.
  template <class Body>
  void run(int pieces, const Body& body) {
    const auto count = static_cast<int>(ranges_.size());
    if (count == 1) {
      for (int piece = 0; piece < pieces; ++piece) {
        body(piece, piece + 1 < pieces ? piece + 1 : -1, 0);
      }
      return;
    }
    for (int i = 0; i < count; ++i) {
      const auto begin = static_cast<std::uint64_t>(pieces) * static_cast<unsigned>(i);
      const auto end = begin + static_cast<unsigned>(pieces);
      range(i).store(pack(begin / ranges_.size(), end / ranges_.size()), std::memory_order_relaxed);
    }
    pool_.run(count, [&](int own, int thread) {
      for (Taken taken = take_front(own); taken.piece >= 0; taken = take_front(own)) {
        body(taken.piece, taken.next, thread);
      }
      for (int i = 1; i < count; ++i) {
        const int other = (own + i) % count;
        for (Taken taken = take_back(other); taken.piece >= 0; taken = take_back(other)) {
          body(taken.piece, -1, thread);
        }
      }
    });
  }

 private:
  struct Taken {
    int piece;
    int next;
  };
  // Both ends in one number, so that they change together.
  struct alignas(64) Range {
    std::atomic<std::uint64_t> ends{0};
  };

  static std::uint64_t pack(std::uint64_t begin, std::uint64_t end) { return begin << 32 | end; }

  std::atomic<std::uint64_t>& range(int i) { return ranges_[static_cast<std::size_t>(i)].ends; }

  Taken take_front(int i) {
    std::uint64_t ends = range(i).load(std::memory_order_relaxed);
    while (true) {
      const auto begin = static_cast<int>(ends >> 32);
      const auto end = static_cast<int>(ends & 0xffffffff);
      if (begin >= end) return {-1, -1};
      if (range(i).compare_exchange_weak(ends, ends + (std::uint64_t{1} << 32),
                                         std::memory_order_relaxed)) {
        return {begin, begin + 1 < end ? begin + 1 : -1};
      }
    }
  }

  Taken take_back(int i) {
    std::uint64_t ends = range(i).load(std::memory_order_relaxed);
    while (true) {
      const auto begin = static_cast<int>(ends >> 32);
      const auto end = static_cast<int>(ends & 0xffffffff);
      if (begin >= end) return {-1, -1};
      if (range(i).compare_exchange_weak(ends, ends - 1, std::memory_order_relaxed)) {
        return {end - 1, -1};
      }
    }
  }

  ThreadPool& pool_;
  std::vector<Range> ranges_;
};

}  // namespace bise::cpu
