#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine_stats.h"
#include "engine/generation.h"
#include "kv/kv_cache.h"
#include "models/model.h"

namespace bise {

// A model in memory. Steps of different models never run at the same time, but loading does, so a
// backend serves one model.
struct EngineModel {
  std::shared_ptr<const void> base;  // what model and cache stand on (files, backend); freed last
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<Model> model;
  std::unique_ptr<KvCache> cache;
};

// A model the engine may load, and what is known of it before.
struct ModelEntry {
  std::string name;
  int vocab_size;
  std::int64_t context_tokens;  // of one sequence; the cache holds at least as many positions
  std::uint64_t bytes;          // weights, cache and the rest: what the budget is charged
  bool pinned = false;          // never unloaded to make room or for being idle
  std::function<Result<EngineModel>()> load;  // called on a thread of the engine's own
};

struct EngineOptions {
  std::uint64_t budget_bytes = UINT64_MAX;  // of all loaded models
  int queue_max = 1024;                     // requests that wait
  int sequences_max = 64;                   // of one model, running at once
  int sampling_threads = 0;                 // 0: the cores this process may run on
  double idle_unload_s = 0;                 // a model unused for so long is unloaded; 0: never
  // Pages the prefix cache may keep for itself; it gives them up to running sequences at once.
  std::uint64_t prefix_cache_bytes = UINT64_MAX;
};

// Tokens in, tokens and their text out, for many requests and several models at once. One thread
// plans and runs the steps, one delivers to the sinks, one loads models. Every method may be called
// from any thread.
class Engine {
 public:
  Engine(std::vector<ModelEntry> models, const EngineOptions& options);
  // Cancels what runs and waits for its sinks to have been told.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The sink is kept until its finished() has returned; it is not called when submit fails.
  // Errors: not_found for an unknown model, naming the known ones; invalid_argument for values out
  // of range and for a prompt that leaves no room for one token, with both numbers; overloaded when
  // the queue is full (see retry_after_s) and while draining.
  Result<GenerationHandle> submit(GenerationRequest request, std::shared_ptr<GenerationSink> sink);

  // After how many seconds a request that was refused now would likely be taken, 1 to 600.
  int retry_after_s() const;

  // Loads it (making room by unloading others that are idle) and does not wait. Errors: not_found;
  // out_of_memory when it alone is beyond the budget.
  Result<void> load(std::string_view name);
  // Lets its running requests end, then frees it. Waiting requests make it load again.
  Result<void> unload(std::string_view name);
  Result<void> set_pinned(std::string_view name, bool pinned);
  // A model more, at the end of the list. Errors: invalid_argument when there is one of its name.
  Result<void> add(ModelEntry entry);

  // What is known of a model; nothing when there is none of that name.
  struct ModelFacts {
    std::string name;
    int vocab_size;
    std::int64_t context_tokens;
    std::uint64_t bytes;
    bool pinned;
    ModelState state;
    std::string last_error;
  };
  std::vector<ModelFacts> models() const;

  // Takes no more requests; those it has go on.
  void drain();
  // Requests that wait or run or have undelivered events.
  int request_count() const;

  EngineStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bise
