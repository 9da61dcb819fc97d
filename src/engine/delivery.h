#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/active_request.h"
#include "sampling/stop_matcher.h"
#include "tokenizer/detokenizer.h"

namespace bise {

struct PrefilledItem {
  std::int64_t done, total;
};
struct TokenItem {
  int choice;
  TokenId id;
  std::optional<LogProbs> log_probs;
  Clock::time_point sampled;
};
struct ChoiceEndItem {
  int choice;
  FinishReason reason;
  TokenId end_id;
  std::optional<Error> error;
};
struct RequestEndItem {
  std::int64_t cached_tokens;
  std::optional<Clock::time_point> started;  // of prefill
  std::optional<Error> error;
  Clock::time_point ended;
};

struct DeliveryItem {
  std::shared_ptr<ActiveRequest> request;
  std::variant<StartedEvent, PrefilledItem, TokenItem, ChoiceEndItem, RequestEndItem> event;
};

// Turns tokens into text, finds stop strings and tells the sinks.
class Teller {
 public:
  // Items of a request come in order, its RequestEndItem last.
  void tell(DeliveryItem& item);

 private:
  struct Choice {
    Choice(const Tokenizer& tokenizer, const std::vector<std::string>& stop_strings)
        : detokenizer(tokenizer), matcher(stop_strings) {}
    Detokenizer detokenizer;
    StopMatcher matcher;
    bool ended = false;
    std::int64_t token_count = 0;
    Clock::time_point last_token;
  };
  // What is kept of a request between its events.
  struct Answer {
    double queue_s = 0;
    std::vector<std::unique_ptr<Choice>> choices;
    std::int64_t token_count = 0;
    std::optional<Clock::time_point> first_token, last_token;
  };

  static void tell(ActiveRequest& request, Answer& answer, const StartedEvent& event);
  static void tell(ActiveRequest& request, Answer& answer, const PrefilledItem& item);
  static void tell(ActiveRequest& request, Answer& answer, TokenItem& item);
  static void tell(ActiveRequest& request, Answer& answer, const ChoiceEndItem& item);
  static void tell(ActiveRequest& request, Answer& answer, const RequestEndItem& item);
  static void note_time(ActiveRequest& request, Answer& answer, Choice& choice,
                        Clock::time_point sampled);
  static void end_choice(ActiveRequest& request, Choice& choice, ChoiceEvent event);

  std::unordered_map<const ActiveRequest*, Answer> answers_;
};

// A teller on a thread of its own: the step thread hands over and goes on.
class Delivery {
 public:
  Delivery() : thread_([this] { run(); }) {}
  // Delivers what is there first.
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Empties `items`.
  void push(std::vector<DeliveryItem>& items);
  // A request was accepted: it counts until its end was told.
  void expect() { ++expected_; }
  int expected_count() const { return expected_; }
  int undelivered_count() const { return undelivered_; }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DeliveryItem> queue_;
  bool stopping_ = false;
  std::atomic<int> expected_{0};
  std::atomic<int> undelivered_{0};
  std::thread thread_;
};

}  // namespace bise
