#pragma once

// For tests: one model's runner under a clock of its own, and what happens to each request.

#include <gtest/gtest.h>

#include "engine/test_engine.h"

namespace bise {

class Simulation {
 public:
  struct Options {
    int page_count = 64;
    int context_tokens = 1024;
    TestCost cost;
    EngineOptions engine;
    bool completions_expected = false;
  };
  struct Run {
    double arrives_s;
    GenerationRequest request;
    std::optional<double> cancelled_s;  // when to cancel it

    std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
    std::shared_ptr<ActiveRequest> active;
    std::optional<double> first_token_s, end_s;  // of the clock
    std::vector<double> token_s;                 // choice 0
  };

  explicit Simulation(const Options& options)
      : options_(options),
        entry_{.name = "test",
               .vocab_size = kTestVocab,
               .context_tokens = options.context_tokens,
               .bytes = 0,
               .pinned = false,
               .load = {}},
        tools_(
            1, [this](std::vector<DeliveryItem>& items) { deliver(items); },
            [this] { return clock_; }),
        runner_(entry_, options_.engine, tools_, book_) {
    EngineModel model =
        make_test_model(options.page_count, options.context_tokens, options.cost, &clock_);
    model_ = static_cast<TestModel*>(model.model.get());
    runner_.install(std::move(model));
  }

  int add(double arrives_s, GenerationRequest request, std::optional<double> cancelled_s = {}) {
    runs_.push_back({.arrives_s = arrives_s,
                     .request = std::move(request),
                     .cancelled_s = cancelled_s,
                     .active = nullptr,
                     .first_token_s = {},
                     .end_s = {},
                     .token_s = {}});
    return static_cast<int>(runs_.size()) - 1;
  }

  // Until every request has ended.
  void run() {
    for (std::size_t i = 0; i < runs_.size(); ++i) order_.push_back(static_cast<int>(i));
    std::stable_sort(order_.begin(), order_.end(),
                     [&](int a, int b) { return at(a).arrives_s < at(b).arrives_s; });
    while (true) {
      bring_arrivals();
      runner_.end_cancelled();
      const Clock::time_point before = clock_;
      const bool stepped = runner_.step(true, options_.completions_expected).did_something;
      runner_.check_pages();
      if (stepped) step_ms_.push_back(1000 * seconds_between(before, clock_));
      if (stepped) continue;
      if (runner_.running_count() == 0 && runner_.waiting_count() == 0 && order_.empty()) return;
      const std::optional<double> next = next_event_s();
      ASSERT_TRUE(next) << "stuck with " << runner_.running_count() << " running and "
                        << runner_.waiting_count() << " waiting";
      clock_ = began_ + std::chrono::microseconds(static_cast<std::int64_t>(*next * 1e6) + 1);
    }
  }

  Run& at(int number) { return runs_[static_cast<std::size_t>(number)]; }
  std::deque<Run>& runs() { return runs_; }
  const std::vector<double>& step_ms() const { return step_ms_; }
  double now_s() const { return seconds_between(began_, clock_); }
  ModelRunner& runner() { return runner_; }
  TestModel& model() { return *model_; }
  ModelStats stats() const { return book_->copy(); }
  StepTools& tools() { return tools_; }

  // Called after the items of a step were told.
  std::function<void()> after_delivery;

 private:
  void bring_arrivals() {
    while (!order_.empty() && at(order_.front()).arrives_s <= now_s()) {
      Run& run = at(order_.front());
      order_.erase(order_.begin());
      run.active = std::make_shared<ActiveRequest>();
      run.active->request = run.request;
      run.active->sink = run.sink;
      run.active->control = std::make_shared<GenerationHandle::State>(signal_);
      run.active->book = book_;
      run.active->submitted = clock_;
      const auto prompt = static_cast<std::int64_t>(run.request.prompt.size());
      const std::int64_t room = options_.context_tokens - prompt;
      run.active->positions_max =
          prompt + (run.request.tokens_max > 0 ? std::min(run.request.tokens_max, room) : room);
      if (run.request.reuse_prefix) {
        add_page_hashes(run.request.prefix_scope, run.request.prompt, run.active->prompt_hashes);
      }
      runner_.enqueue(run.active);
    }
    for (Run& run : runs_) {
      if (run.active && run.cancelled_s && *run.cancelled_s <= now_s()) {
        run.active->control->cancelled = true;
      }
    }
  }

  std::optional<double> next_event_s() {
    std::optional<double> next;
    const auto look_at = [&](double time) {
      if (time > now_s() && (!next || time < *next)) next = time;
    };
    for (const Run& run : runs_) {
      if (!run.active) look_at(run.arrives_s);
      if (run.active && run.cancelled_s && !run.end_s) look_at(*run.cancelled_s);
    }
    return next;
  }

  void deliver(std::vector<DeliveryItem>& items) {
    for (DeliveryItem& item : items) {
      teller_.tell(item);
      for (Run& run : runs_) {
        if (run.active != item.request) continue;
        if (const auto* token = std::get_if<TokenItem>(&item.event)) {
          if (!run.first_token_s) run.first_token_s = now_s();
          if (token->choice == 0) run.token_s.push_back(now_s());
        }
        if (std::holds_alternative<RequestEndItem>(item.event)) run.end_s = now_s();
      }
    }
    items.clear();
    if (after_delivery) after_delivery();
  }

  Options options_;
  const Clock::time_point began_ = Clock::time_point(std::chrono::hours(1000));
  Clock::time_point clock_ = began_;
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  std::shared_ptr<StatsBook> book_ = std::make_shared<StatsBook>();
  ModelEntry entry_;
  Teller teller_;
  StepTools tools_;
  ModelRunner runner_;
  TestModel* model_ = nullptr;
  std::deque<Run> runs_;
  std::vector<int> order_;
  std::vector<double> step_ms_;
};

}  // namespace bise
