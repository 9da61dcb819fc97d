#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <chrono>

namespace bise {
namespace {

// Long enough to bridge the serial code between two operations of a step, short enough that a
// process that waits for its user costs nothing.
constexpr auto kSpin = std::chrono::microseconds(60);

void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

// Spins until `done()`, yielding now and then so that a thread that shares the core gets on.
// False when it took longer than kSpin.
template <class Done>
bool spin_until(const Done& done) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  while (true) {
    for (int i = 0; i < 64; ++i) {
      if (done()) return true;
      pause_cpu();
    }
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::sched_yield();
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int thread = 1; thread < std::max(threads, 1); ++thread) {
    workers_.emplace_back([this, thread] { work(thread); });
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  ++generation_;
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run_shared(const Loop& loop) {
  loop_ = loop;
  next_piece_.store(0, std::memory_order_relaxed);
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  take_pieces(0);
  const auto finished = [this] { return running_.load(std::memory_order_acquire) == 0; };
  // The last pieces end within microseconds of each other unless a core was taken away.
  while (!spin_until(finished)) ::sched_yield();
}

void ThreadPool::take_pieces(int thread) {
  while (true) {
    const int piece = next_piece_.fetch_add(1, std::memory_order_relaxed);
    if (piece >= loop_.pieces) return;
    loop_.call(loop_.context, piece, thread);
  }
}

void ThreadPool::work(int thread) {
  std::uint32_t seen = 0;
  while (true) {
    const auto started = [&] { return generation_.load(std::memory_order_acquire) != seen; };
    while (!spin_until(started)) generation_.wait(seen, std::memory_order_acquire);
    seen = generation_.load(std::memory_order_acquire);
    if (stopping_) return;
    take_pieces(thread);
    running_.fetch_sub(1, std::memory_order_release);
  }
}

int default_thread_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

}  // namespace bise
