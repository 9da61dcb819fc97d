#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/generation.h"

namespace bise {

// Counts of values by upper bound, as Prometheus has them (counts[i]: values <= bounds[i] and above
// the bound before; the last one: above all bounds).
struct Histogram {
  explicit Histogram(std::span<const double> upper_bounds);

  void add(double value, std::uint64_t times = 1);

  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;  // [bounds + 1]
  double sum = 0;
  std::uint64_t count = 0;
};

enum class ModelState : std::uint8_t { unloaded, loading, ready, unloading };

// Since the engine began; the model's counters go on over unloading and loading.
struct ModelStats {
  ModelStats();

  std::string name;
  ModelState state = ModelState::unloaded;
  bool pinned = false;
  std::string last_error;            // why it did not load the last time; empty: it did
  std::uint64_t resident_bytes = 0;  // what the budget is charged, 0 when not loaded
  double idle_s = 0;                 // since its last request; 0 while it has one

  int requests_running = 0;
  int requests_waiting = 0;
  int sequences_running = 0;
  std::array<int, kLaneCount> running_by_lane = {};
  std::array<int, kLaneCount> waiting_by_lane = {};

  // Pages of kPageSlots positions; 0 when not loaded. Used ones belong to running sequences, kept
  // ones to the prefix cache alone.
  int pages_total = 0;
  int pages_used = 0;
  int pages_kept = 0;

  std::uint64_t prefix_tokens_queried = 0;
  std::uint64_t prefix_tokens_hit = 0;
  std::uint64_t prefix_pages_evicted = 0;
  std::uint64_t prompt_tokens = 0;   // of started requests, cached ones included
  std::uint64_t prefill_tokens = 0;  // computed
  std::uint64_t generated_tokens = 0;
  std::uint64_t steps = 0;
  std::uint64_t loads = 0;
  std::array<std::uint64_t, kFinishReasonCount> finished = {};  // choices, by reason
  std::uint64_t finished_waiting = 0;                           // requests that ended in the queue

  Histogram step_s;           // a whole step: planning, forward pass, sampling
  Histogram step_overhead_s;  // of it, outside the forward pass
  Histogram step_tokens;      // rows of a step
  Histogram queue_s;
  Histogram prefill_s;
  Histogram decode_s;
  Histogram first_token_s;  // from submit() to the first token
  Histogram between_tokens_s;
  Histogram request_s;
  Histogram request_prompt_tokens;
  Histogram request_generated_tokens;
};

struct EngineStats {
  std::vector<ModelStats> models;  // in the order they were given
  std::uint64_t budget_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t refused = 0;      // requests that found the queue full
  std::uint64_t preemptions = 0;  // always 0: a running sequence keeps its pages
  int undelivered_tokens = 0;     // on their way to sinks
};

}  // namespace bise
