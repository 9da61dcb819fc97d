#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/generation.h"
#include "kv/kv_cache.h"
#include "models/model.h"
#include "sampling/sampler.h"

namespace bise {

enum class Finish {
  end_token,     // one of the end tokens was sampled
  stopped,       // the caller's on_token said so
  length,        // tokens_max reached
  context_full,  // no room for another token
  cancelled,
};

// A token as it was chosen.
struct SampledToken {
  TokenId id;
  std::optional<LogProbs> log_probs;  // when asked for
};

struct GenerateOptions {
  SamplingOptions sampling;
  std::int64_t tokens_max = 0;       // 0: to the end of the context
  std::vector<TokenId> end_ids;      // sampled, they end the answer and are not part of it
  std::optional<int> top_log_probs;  // log-probabilities of each token, and this many others
};

// Whom a generation tells what happens, from the thread that runs it.
struct GenerateHooks {
  std::function<Flow(const SampledToken&)> on_token;
  // Prompt tokens computed so far, and in all; those found in the cache do not count.
  std::function<void(std::int64_t done, std::int64_t total)> on_prefill;
  // Looked at between steps.
  const std::atomic<bool>* cancel = nullptr;
};

struct GenerateStats {
  std::int64_t prompt_tokens = 0;
  std::int64_t reused_tokens = 0;  // of the prompt, found in the cache
  std::int64_t answer_tokens = 0;  // without an end token
  double prefill_s = 0;            // from the call to the first choice
  double decode_s = 0;             // from there to the end

  // 0 where nothing was computed.
  double prefill_rate() const;
  double decode_rate() const;
};

struct Generation {
  Finish finish = Finish::cancelled;
  std::vector<TokenId> tokens;  // without an end token
  GenerateStats stats;
};

// One user's stream of tokens and its keys and values. A new prompt that begins as the last one did
// costs only what is new.
class Session {
 public:
  // `context_tokens` at most what the cache has pages for. Model and cache outlive the session.
  Session(Model& model, KvCache& cache, std::int64_t context_tokens);

  // Answers the prompt. Errors: invalid_argument for an empty prompt, one that leaves no room for
  // an answer, or options out of range; what Model::step and Sampler::sample return.
  Result<Generation> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                              const GenerateHooks& hooks);

  std::int64_t context_tokens() const { return context_tokens_; }
  // Tokens whose keys and values are stored.
  std::span<const TokenId> stored() const { return stored_; }
  void clear();

 private:
  Result<bool> prefill(std::span<const TokenId> prompt, const GenerateHooks& hooks,
                       GenerateStats& stats);
  Result<void> decode(std::size_t prompt_size, const GenerateOptions& options,
                      const GenerateHooks& hooks, Generation& out);
  Result<void> step(std::span<const TokenId> tokens, LogitRows rows);
  Result<SampledToken> choose(std::size_t prompt_size, const GenerateOptions& options,
                              std::span<const TokenId> answer);

  Model& model_;
  KvCache& cache_;
  PageTable table_;
  std::int64_t context_tokens_;
  std::vector<TokenId> stored_;
  std::vector<TokenId> prompt_;
  std::vector<float> logits_;
  Sampler sampler_;
  double rows_per_s_ = 0;  // of the last prefill step
};

}  // namespace bise
