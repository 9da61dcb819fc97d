#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "sampling/logit_scan.h"
#include "sampling/sampling_options.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// The tokens a sequence has so far: what penalties look at.
struct TokenHistory {
  std::span<const TokenId> prompt;
  std::span<const TokenId> generated;
};

struct TokenLogProb {
  TokenId id;
  float log_probability;
};

// Log-probabilities of the model's own distribution: before bias, penalties and temperature.
struct LogProbs {
  TokenLogProb chosen;
  std::vector<TokenLogProb> top;  // likeliest first, of equal ones the lower id
};
inline constexpr int kTopLogProbsMax = 20;

// Chooses tokens. Holds scratch memory only: what it answers is a function of the arguments, the
// same on every machine that computes the same logits.
class Sampler {
 public:
  // `position` numbers the draws of a sequence: with the same seed each position has its own. The
  // options have passed check().
  // Errors: internal for logits that are not finite numbers or leave no token.
  Result<TokenId> sample(std::span<const float> logits, const TokenHistory& history,
                         const SamplingOptions& options, std::uint64_t position);

  // The tokens that could have been drawn and how likely, likeliest first: for tests and for "why
  // this answer". Empty when options are greedy.
  struct Candidate {
    TokenId id;
    float score;   // (logit - largest logit) / temperature
    float weight;  // e^score: the probability, times a constant
  };
  Result<std::vector<Candidate>> candidates(std::span<const float> logits,
                                            const TokenHistory& history,
                                            const SamplingOptions& options);

  // Errors as sample(). `top_count` at most kTopLogProbsMax.
  Result<LogProbs> log_probabilities(std::span<const float> logits, TokenId chosen, int top_count);

 private:
  std::span<const float> adjust(std::span<const float> logits, const TokenHistory& history,
                                const SamplingOptions& options);
  void count_tokens(std::span<const TokenId> tokens);
  void weigh_all(float inverse_temperature);
  void filter(const SamplingOptions& options);
  void add_candidate(TokenId id, float inverse_temperature);
  void take_top_k_of_all(int top_k, float inverse_temperature);
  void take_all_above(float limit, float inverse_temperature);
  void take_top_p_of_all(float top_p, float inverse_temperature);
  void take_typical_of_all(float typical_p, float inverse_temperature);
  void keep_typical(float typical_p);
  void cut_at_typical_mass(double mean, double mass);
  void keep_top_p(float top_p);
  void keep_min_p(float min_p);
  TokenId draw_from_all(double uniform) const;
  TokenId draw_from_candidates(double uniform) const;

  LogitScan scan_;
  std::vector<float> adjusted_;
  std::vector<TokenId> ids_;

  // Of all tokens, when no filter has made a list.
  std::vector<float> weights_;
  std::vector<double> block_weights_;  // sums of 1,024
  double total_weight_ = 0;

  bool is_filtered_ = false;
  std::vector<Candidate> candidates_;  // by rising id

  std::vector<std::int32_t> counts_;  // by token; zero between calls
  std::vector<TokenId> counted_;
};

}  // namespace bise
