#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine_stats.h"
#include "engine/generation.h"
#include "engine/signal.h"
#include "kv/prefix_index.h"

namespace bise {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// What handle, step and delivery tell each other of a request.
struct GenerationHandle::State {
  explicit State(std::shared_ptr<Signal> step_signal) : signal(std::move(step_signal)) {}

  std::atomic<bool> cancelled{false};
  std::atomic<bool> paused{false};
  const std::shared_ptr<Signal> signal;  // of the step thread
};

// A model's numbers, which several threads add to.
class StatsBook {
 public:
  template <class Change>
  void change(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(stats_);
  }
  ModelStats copy() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  ModelStats stats_;
};

// Token events that a request may have on their way to its sink; then it is left out of steps.
inline constexpr int kUndeliveredMax = 256;

// A request that was accepted. The step thread and the delivery thread share it; what is not atomic
// does not change once it is queued.
struct ActiveRequest {
  GenerationRequest request;
  std::shared_ptr<GenerationSink> sink;
  std::shared_ptr<GenerationHandle::State> control;
  std::shared_ptr<StatsBook> book;
  Clock::time_point submitted;
  std::vector<PageHash> prompt_hashes;  // empty when it shares no pages
  std::int64_t positions_max;           // of one choice: prompt and answer

  // Set by the step thread before the first event.
  std::shared_ptr<const Tokenizer> tokenizer;

  std::atomic<int> undelivered{0};
  // By the delivery thread: this choice has ended, compute no more of it.
  std::array<std::atomic<bool>, kChoicesMax> choice_ended = {};
};

}  // namespace bise
