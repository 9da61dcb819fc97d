#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "api/page/token_log.h"
#include "engine/generation.h"

namespace bise::api {

// Wakes the one thread that waits.
class Waker {
 public:
  void wake();
  // Until it was woken since the last wait, at most so long.
  void wait(std::chrono::milliseconds at_most);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

struct RunPrefilled {
  std::int64_t done, total;
};
struct RunEnded {
  FinishedEvent event;
  std::optional<Error> error;
};
using RunEvent = std::variant<StartedEvent, RunPrefilled, LoggedToken, ChoiceEvent, RunEnded>;

// Keeps what the engine says until the page's thread takes it: the engine's never waits.
class RunSink final : public GenerationSink {
 public:
  explicit RunSink(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  std::vector<RunEvent> take();

  void started(const StartedEvent& event) override { add(event); }
  void prefilled(std::int64_t done, std::int64_t total) override { add(RunPrefilled{done, total}); }
  Flow token(const TokenEvent& event) override {
    add(LoggedToken{event.id, event.log_probs});
    return Flow::go_on;
  }
  void choice_finished(const ChoiceEvent& event) override { add(event); }
  void finished(const FinishedEvent& event, const std::optional<Error>& error) override {
    add(RunEnded{event, error});
  }

 private:
  void add(RunEvent event);

  const std::shared_ptr<Waker> waker_;
  std::mutex mutex_;
  std::vector<RunEvent> events_;
};

}  // namespace bise::api
