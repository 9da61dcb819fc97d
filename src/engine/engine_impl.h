#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "engine/memory_plan.h"
#include "engine/model_loader.h"
#include "engine/model_runner.h"

namespace bise {

class Engine::Impl {
 public:
  Impl(std::vector<ModelEntry> models, const EngineOptions& options);
  ~Impl();

  Result<GenerationHandle> submit(GenerationRequest request, std::shared_ptr<GenerationSink> sink);
  int retry_after_s() const;
  Result<void> ask_to_load(std::string_view name);
  Result<void> ask_to_unload(std::string_view name);
  Result<void> set_pinned(std::string_view name, bool pinned);
  Result<void> add(ModelEntry entry);
  std::vector<ModelFacts> models() const;
  void drain();
  int request_count() const { return delivery_.expected_count(); }
  EngineStats stats() const;

 private:
  // A model, loaded or not. What others than the step thread look at is under mutex_.
  struct Slot {
    Slot(ModelEntry model, const EngineOptions& options, StepTools& tools)
        : entry(std::move(model)),
          book(std::make_shared<StatsBook>()),
          runner(entry, options, tools, book),
          pinned(entry.pinned) {
      book->change([&](ModelStats& stats) { stats.name = entry.name; });
    }

    const ModelEntry entry;
    const std::shared_ptr<StatsBook> book;
    ModelRunner runner;  // the step thread's

    // Under mutex_.
    bool pinned;
    bool load_asked = false;
    bool unload_asked = false;
    ModelState state = ModelState::unloaded;
    std::string last_error;
    std::int64_t used_ms = 0;

    // The step thread's.
    std::int64_t wanted_ms = 0;
    std::int64_t loaded_ms = 0;
    bool held = false;  // it is to go: nothing begins
  };
  struct Arrival {
    Slot* slot;
    std::shared_ptr<ActiveRequest> request;
  };
  struct Loaded {
    Slot* slot;
    std::optional<Result<EngineModel>> model;  // nothing: it was let go of
  };

  Slot* find(std::string_view name) const;
  Error unknown(std::string_view name) const;

  void run();
  bool take_inbox();
  void end_cancelled();
  bool manage_memory();
  MemoryModel describe(Slot& slot, std::int64_t now_ms);
  void start_loading(Slot& slot);
  void start_unloading(Slot& slot);
  void finish_loading(Loaded& loaded);
  void set_state(Slot& slot, ModelState state);
  bool step_one();
  void leave_queue(int count);
  void wait(std::uint64_t seen);
  bool nothing_left() const;

  const EngineOptions options_;
  const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  Delivery delivery_;
  StepTools tools_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Arrival> arrivals_;
  std::vector<Loaded> loaded_;
  bool draining_ = false;
  std::uint64_t refused_ = 0;

  std::atomic<int> waiting_{0};
  std::atomic<double> begun_per_s_{0};
  std::atomic<bool> stopping_{false};

  // The step thread's.
  std::vector<Slot*> known_slots_;
  std::int64_t completion_seen_ms_ = INT64_MIN / 2;
  std::int64_t rate_ms_ = 0;
  ModelLoader loader_;
  std::thread thread_;
};

}  // namespace bise
