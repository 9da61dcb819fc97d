#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace bise {

// A fixed team of threads that runs one loop at a time, many thousand times a second. Between
// loops the workers spin for some tens of microseconds, yielding, and then sleep.
//
// Work is taken in pieces from a shared counter, so a thread that is late (or whose core is taken
// away) holds up one piece only.
class ThreadPool {
 public:
  // `threads` counts the caller's own, so 1 starts none. At least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int thread_count() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(piece, thread) for each piece in [0, pieces), in any order, thread in
  // [0, thread_count()). Returns when all are done; their writes are visible then. Not reentrant:
  // one caller at a time. `body` must not throw.
  template <class Body>
  void run(int pieces, const Body& body) {
    if (pieces <= 1 || workers_.empty()) {
      for (int piece = 0; piece < pieces; ++piece) body(piece, 0);
      return;
    }
    run_shared({pieces, &body, [](const void* context, int piece, int thread) {
                  (*static_cast<const Body*>(context))(piece, thread);
                }});
  }

 private:
  struct Loop {
    int pieces;
    const void* context;
    void (*call)(const void* context, int piece, int thread);
  };

  void run_shared(const Loop& loop);
  void work(int thread);
  void take_pieces(int thread);

  std::vector<std::thread> workers_;
  Loop loop_ = {};
  alignas(64) std::atomic<std::uint32_t> generation_{0};  // counts loops; the workers wait for it
  alignas(64) std::atomic<int> next_piece_{0};
  alignas(64) std::atomic<int> running_{0};  // workers not yet done with this loop
  std::atomic<bool> stopping_{false};
};

// Threads to use when nobody said: the cores this process may run on.
int default_thread_count();

}  // namespace bise
