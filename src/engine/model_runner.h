#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "engine/delivery.h"
#include "engine/engine.h"
#include "engine/key_counters.h"
#include "engine/plan.h"

namespace bise {

// What the runners of all models share on the step thread.
struct StepTools {
  StepTools(int thread_count, std::function<void(std::vector<DeliveryItem>&)> deliver_items,
            std::function<Clock::time_point()> clock)
      : deliver(std::move(deliver_items)),
        now(std::move(clock)),
        threads(thread_count),
        samplers(static_cast<std::size_t>(threads.thread_count())) {}

  std::int64_t now_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
  }

  const std::function<void(std::vector<DeliveryItem>&)> deliver;  // takes them out
  const std::function<Clock::time_point()> now;
  KeyCounters keys;
  ThreadPool threads;             // for sampling
  std::vector<Sampler> samplers;  // one a thread
  std::vector<float> logits;
};

// One choice of a request, being computed.
struct Sequence {
  int choice;
  PageTable table;
  std::vector<TokenId> tokens;  // prompt and what was sampled
  SamplingOptions sampling;     // with the choice's own seed
  std::int64_t served_ms = 0;
  std::vector<PageHash> hashes;  // of whole pages of tokens; empty when it shares none
  int indexed_pages = 0;         // of its table that the prefix index was told of
  bool ended = false;
};

// A request that has begun.
struct RunningRequest {
  std::shared_ptr<ActiveRequest> active;
  int choices_at_once = 1;
  int fork_length = 0;  // positions of the prompt that further choices take over
  std::vector<Sequence> sequences;
  std::optional<PageTable> prompt_table;  // for the choices to come
  int next_choice = 1;
  std::int64_t cached_tokens = 0;
  std::optional<Clock::time_point> started;  // of prefill
  std::optional<Error> error;                // of the whole
  std::vector<PageId> pages;                 // distinct, for the plan

  const GenerationRequest& request() const { return active->request; }
  int pages_max() const;
};

// One model's requests, from the queue to the last token. Lives on the step thread.
class ModelRunner {
 public:
  ModelRunner(const ModelEntry& entry, const EngineOptions& options, StepTools& tools,
              std::shared_ptr<StatsBook> book);

  void enqueue(std::shared_ptr<ActiveRequest> request);
  // Ends what was cancelled, and choices that the delivery thread ended. Returns the requests that
  // left the queue.
  int end_cancelled();
  // As if all had been cancelled.
  void cancel_all();
  // Ends everything that waits. Returns how many.
  int fail_waiting(const Error& error);

  void install(EngineModel model);
  // Nothing may run. The prefix cache goes with it.
  EngineModel take_out();
  bool loaded() const { return model_.model != nullptr; }

  int running_count() const { return static_cast<int>(running_.size()); }
  int waiting_count() const { return static_cast<int>(waiting_.size()); }
  std::optional<Clock::time_point> oldest_waiting() const;
  // Of what runs and waits; nothing when there is nothing.
  std::optional<Lane> highest_lane() const;
  std::int64_t stepped_ms() const { return stepped_ms_; }

  // Who of the waiting begins, if `admits`; then one step. Returns whether anything was done;
  // `left_queue` counts those who began.
  struct Outcome {
    bool did_something = false;
    int left_queue = 0;
  };
  Outcome step(bool admits, bool completions_expected);

  // CHECKs that no page is lost: free, kept by the prefix cache and held ones are all there are.
  void check_pages() const;
  void publish() const;  // gauges, to the book

 private:
  // A part of a step: some tokens of one sequence.
  struct Chunk {
    RunningRequest* request;
    Sequence* sequence;
    int tokens;
    int length_before;
    float* logits = nullptr;  // its last row's; nothing when more of the prompt is to come
    std::optional<Error> error;
  };

  PlanLimits limits(bool completions_expected);
  int admit(const PlanLimits& limits);
  void begin(std::shared_ptr<ActiveRequest> active, const PlanLimits& limits);
  std::vector<PlanRequest> describe_running();
  PlanSequence describe(const RunningRequest& request, const Sequence& sequence);
  void find_reusable(const RunningRequest& request, PlanSequence& plan);

  std::vector<Chunk> lay_out(std::span<const PlannedChunk> planned,
                             std::span<const PlanRequest> described);
  void lay_out_logits(std::span<Chunk> chunks);
  void note_start(RunningRequest& request, int cached);
  double compute(std::span<Chunk> chunks);
  Result<void> run_model(std::span<Chunk> chunks);
  void retry_alone(std::span<Chunk> chunks);
  void after_chunk(Chunk& chunk);
  void index_pages(const RunningRequest& request, Sequence& sequence);
  void sample_and_take(std::span<Chunk> chunks);
  void take_token(RunningRequest& request, Sequence& sequence, TokenItem token);

  void start_choices(RunningRequest& request);
  void end_choice(RunningRequest& request, Sequence& sequence, FinishReason reason, TokenId end_id,
                  std::optional<Error> error);
  void end_all_choices(RunningRequest& request, FinishReason reason,
                       const std::optional<Error>& error);
  void sweep();
  void tell(const std::shared_ptr<ActiveRequest>& request, decltype(DeliveryItem::event) event);
  void flush();

  const std::string name_;
  const EngineOptions& options_;
  const std::int64_t context_tokens_;
  StepTools& tools_;
  const std::shared_ptr<StatsBook> book_;

  EngineModel model_;
  std::unique_ptr<PrefixIndex> prefixes_;
  std::optional<StepCostEstimate> cost_;
  int kept_max_ = 0;

  std::deque<std::shared_ptr<ActiveRequest>> waiting_;
  std::vector<std::unique_ptr<RunningRequest>> running_;
  // Scratch of the plan, one for each sequence that may reuse pages.
  std::deque<std::vector<PageId>> reusable_;
  std::vector<DeliveryItem> items_;
  std::array<std::int64_t, kLaneCount> lane_served_ms_ = {};
  std::array<std::int64_t, kLaneCount> lane_begun_ms_ = {};
  std::int64_t stepped_ms_ = 0;
};

}  // namespace bise
