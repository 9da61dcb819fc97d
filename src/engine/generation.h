#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sampling/sampler.h"

namespace bise {

// Kinds of work, the most urgent first. A lower lane gives way to a higher one, but always gets on.
enum class Lane : std::uint8_t { completion, chat, agent, batch };
inline constexpr int kLaneCount = 4;

std::string_view lane_name(Lane lane);  // "completion", "chat", "agent", "batch"
std::optional<Lane> find_lane(std::string_view name);

// Whom the tokens are charged to: requests of one key share what the key gets.
using KeyId = std::uint64_t;

inline constexpr int kChoicesMax = 16;
inline constexpr int kStopStringsMax = 64;
inline constexpr std::size_t kStopStringBytesMax = 1024;

struct GenerationRequest {
  std::string model;
  std::vector<TokenId> prompt;

  // Choice 0 draws with sampling.seed itself, choice i with choice_seed(seed, i).
  SamplingOptions sampling;
  int choice_count = 1;

  // Of each choice; 0: to the end of the context.
  std::int64_t tokens_max = 0;
  // Until then end tokens are not chosen and stop strings not looked for.
  std::int64_t tokens_min = 0;
  // Sampled, they end the answer and are not part of it. Empty: it goes on to its length
  // (ignore_eos).
  std::vector<TokenId> end_ids;
  // In the text of the answer (control tokens give none); not given out themselves.
  std::vector<std::string> stop_strings;

  // Log-probabilities of each token, and this many of the likeliest.
  std::optional<int> top_log_probs;

  Lane lane = Lane::chat;
  KeyId key = 0;

  // Pages that earlier prompts left may be reused, and this one's left for later ones.
  bool reuse_prefix = true;
  // Prompts share pages only within a scope (a user's, when users must not be able to find out by
  // timing what others asked).
  std::uint64_t prefix_scope = 0;
};

std::uint64_t choice_seed(std::uint64_t seed, int choice);

enum class FinishReason : std::uint8_t {
  end_token,     // one of end_ids, see end_id
  stop_string,   // see stop_index
  stopped,       // the sink said so
  length,        // tokens_max reached
  context_full,  // no room for another token
  cancelled,
  error,  // the engine's, see error
};
inline constexpr int kFinishReasonCount = 7;

// The first choice's prefill begins.
struct StartedEvent {
  std::int64_t prompt_tokens;
  std::int64_t cached_tokens;  // of them, in whole pages; more may be found on the way
  double queue_s;              // since submit(), loading the model included
};

struct TokenEvent {
  int choice;
  TokenId id;
  // What this token makes certain: of this one and of those before it whose text was held back (an
  // incomplete character, what could begin a stop string). Often empty, never out of order.
  std::string text;
  std::optional<LogProbs> log_probs;  // when asked for
};

struct ChoiceEvent {
  int choice;
  FinishReason reason;
  std::string text;          // held back until now
  int stop_index;            // which of stop_strings, or -1
  TokenId end_id;            // which end token, or -1
  std::int64_t token_count;  // token events of this choice: the end token is none
  std::optional<Error> error;
};

struct FinishedEvent {
  std::int64_t prompt_tokens;
  std::int64_t cached_tokens;
  std::int64_t token_count;  // of all choices
  double queue_s;            // to the start of prefill
  double prefill_s;          // from there to the first token
  double decode_s;           // from the first token to the last
};

enum class Flow { go_on, stop };

// Whom a generation tells what happens, in order, one call at a time, from the engine's delivery
// thread, which serves everybody: a sink hands over and returns. One that has too much to hand over
// calls GenerationHandle::set_paused.
class GenerationSink {
 public:
  virtual ~GenerationSink() = default;
  virtual void started(const StartedEvent&) = 0;
  // Prompt tokens there are by now, reused ones included; some times during a long prefill.
  virtual void prefilled(std::int64_t /*done*/, std::int64_t /*total*/) {}
  // `stop` ends this choice with this token.
  virtual Flow token(const TokenEvent&) = 0;
  // Once for each choice that has started.
  virtual void choice_finished(const ChoiceEvent&) = 0;
  // The last call, exactly once for each request that was accepted, also when it never started
  // (cancelled in the queue, a model that does not load): `error` is set then and choices that did
  // not start have no choice_finished.
  virtual void finished(const FinishedEvent&, const std::optional<Error>& error) = 0;
};

// To say something about a request that runs. May be copied, outlive the request and the engine,
// and be used from any thread.
class GenerationHandle {
 public:
  struct State;
  GenerationHandle() = default;
  explicit GenerationHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // Ends it before the next step. What is already on its way
  // to the sink still comes, then choice_finished and finished.
  void cancel();
  // No more tokens are computed for it until it goes on; its pages stay taken.
  void set_paused(bool paused);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace bise
