#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "sampling/exponential.h"
#include "sampling/random.h"

namespace bise {
namespace {

constexpr std::size_t kWeightBlock = 1024;
constexpr std::size_t kLanes = 16;

// Weights of a block of logits, and their sum: sixteen sums of at most 64 floats, whose rounding
// errors stay below 1e-5 of the sum.
double weigh_block(const float* logits, std::size_t count, float max, float inverse_temperature,
                   float* weights) {
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = exp_nonpositive((logits[i] - max) * inverse_temperature);
  }
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += weights[i + lane];
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) sums[lane] += weights[i];
  double sum = 0;
  for (const float lane_sum : sums) sum += static_cast<double>(lane_sum);
  return sum;
}

bool has_filter(const SamplingOptions& options) {
  return options.top_k > 0 || options.typical_p < 1 || options.top_p < 1 || options.min_p > 0;
}

}  // namespace

Result<TokenId> Sampler::sample(std::span<const float> logits, const TokenHistory& history,
                                const SamplingOptions& options, std::uint64_t position) {
  TRY_VOID(scan_.read(adjust(logits, history, options)));
  if (is_greedy(options)) return scan_.argmax();
  filter(options);
  const double uniform = uniform_draw(options.seed, position);
  return is_filtered_ ? draw_from_candidates(uniform) : draw_from_all(uniform);
}

Result<std::vector<Sampler::Candidate>> Sampler::candidates(std::span<const float> logits,
                                                            const TokenHistory& history,
                                                            const SamplingOptions& options) {
  TRY_VOID(scan_.read(adjust(logits, history, options)));
  candidates_.clear();
  if (is_greedy(options)) return candidates_;
  filter(options);
  if (!is_filtered_) {
    take_all_above(std::numeric_limits<float>::lowest(), 1 / options.temperature);
  }
  std::vector<Candidate> out = candidates_;
  std::stable_sort(out.begin(), out.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  return out;
}

Result<LogProbs> Sampler::log_probabilities(std::span<const float> logits, TokenId chosen,
                                            int top_count) {
  CHECK(top_count <= kTopLogProbsMax);
  CHECK(chosen >= 0 && static_cast<std::size_t>(chosen) < logits.size());
  TRY_VOID(scan_.read(logits));
  weigh_all(1);
  const double log_sum = static_cast<double>(scan_.max()) + std::log(total_weight_);
  const auto log_probability = [&](TokenId id) {
    return static_cast<float>(static_cast<double>(logits[id]) - log_sum);
  };
  ids_.clear();
  scan_.largest(top_count, ids_);
  LogProbs out = {{chosen, log_probability(chosen)}, {}};
  for (const TokenId id : ids_) out.top.push_back({id, log_probability(id)});
  return out;
}

std::span<const float> Sampler::adjust(std::span<const float> logits, const TokenHistory& history,
                                       const SamplingOptions& options) {
  const bool counts_answer = options.frequency_penalty != 0 || options.presence_penalty != 0;
  if (options.logit_bias.empty() && options.repetition_penalty == 1 && !counts_answer) {
    return logits;
  }
  adjusted_.assign(logits.begin(), logits.end());
  counts_.resize(logits.size(), 0);
  for (const auto& [id, bias] : options.logit_bias) adjusted_[id] += bias;

  if (options.repetition_penalty != 1) {
    const std::size_t window = options.repetition_window > 0
                                   ? static_cast<std::size_t>(options.repetition_window)
                                   : history.prompt.size() + history.generated.size();
    const std::size_t of_answer = std::min(window, history.generated.size());
    const std::size_t of_prompt = std::min(window - of_answer, history.prompt.size());
    count_tokens(history.generated.last(of_answer));
    count_tokens(history.prompt.last(of_prompt));
    for (const TokenId id : counted_) {
      float& logit = adjusted_[id];
      logit = logit > 0 ? logit / options.repetition_penalty : logit * options.repetition_penalty;
      counts_[id] = 0;
    }
    counted_.clear();
  }
  if (counts_answer) {
    count_tokens(history.generated);
    for (const TokenId id : counted_) {
      adjusted_[id] -=
          options.frequency_penalty * static_cast<float>(counts_[id]) + options.presence_penalty;
      counts_[id] = 0;
    }
    counted_.clear();
  }
  return adjusted_;
}

void Sampler::count_tokens(std::span<const TokenId> tokens) {
  for (const TokenId id : tokens) {
    CHECK(id >= 0 && static_cast<std::size_t>(id) < counts_.size());
    if (counts_[id]++ == 0) counted_.push_back(id);
  }
}

void Sampler::weigh_all(float inverse_temperature) {
  const std::span<const float> logits = scan_.logits();
  weights_.resize(logits.size());
  block_weights_.clear();
  total_weight_ = 0;
  for (std::size_t first = 0; first < logits.size(); first += kWeightBlock) {
    const std::size_t count = std::min(kWeightBlock, logits.size() - first);
    const double sum = weigh_block(logits.data() + first, count, scan_.max(), inverse_temperature,
                                   weights_.data() + first);
    block_weights_.push_back(sum);
    total_weight_ += sum;
  }
}

// Leaves a list of candidates, or the weights of all tokens when nothing is filtered.
void Sampler::filter(const SamplingOptions& options) {
  const float inverse_temperature = 1 / options.temperature;
  is_filtered_ = has_filter(options);
  candidates_.clear();
  if (!is_filtered_) return weigh_all(inverse_temperature);

  // The first filter makes the list out of the whole vocabulary, the others shorten it.
  if (options.top_k > 0) {
    take_top_k_of_all(options.top_k, inverse_temperature);
    if (options.typical_p < 1) keep_typical(options.typical_p);
    if (options.top_p < 1) keep_top_p(options.top_p);
  } else if (options.typical_p < 1) {
    take_typical_of_all(options.typical_p, inverse_temperature);
    if (options.top_p < 1) keep_top_p(options.top_p);
  } else if (options.top_p < 1) {
    take_top_p_of_all(options.top_p, inverse_temperature);
  } else {
    // A little lower than asked, for the rounding of the logarithm; keep_min_p decides.
    const float limit = scan_.max() + options.temperature * (std::log(options.min_p) - 0.001F);
    take_all_above(limit, inverse_temperature);
  }
  if (options.min_p > 0) keep_min_p(options.min_p);
}

TokenId Sampler::draw_from_all(double uniform) const {
  double left = uniform * total_weight_;
  std::size_t block = 0;
  while (block + 1 < block_weights_.size() && left >= block_weights_[block]) {
    left -= block_weights_[block++];
  }
  // Rounding may leave the walk at the end of the block: then its last token that can be drawn, or
  // the likeliest if the block has none.
  TokenId last = scan_.argmax();
  const std::size_t end = std::min((block + 1) * kWeightBlock, weights_.size());
  for (std::size_t i = block * kWeightBlock; i < end; ++i) {
    if (weights_[i] <= 0) continue;
    last = static_cast<TokenId>(i);
    left -= static_cast<double>(weights_[i]);
    if (left < 0) break;
  }
  return last;
}

TokenId Sampler::draw_from_candidates(double uniform) const {
  double total = 0;
  for (const Candidate& candidate : candidates_) total += static_cast<double>(candidate.weight);
  double left = uniform * total;
  TokenId last = candidates_.front().id;
  for (const Candidate& candidate : candidates_) {
    if (candidate.weight <= 0) break;
    last = candidate.id;
    left -= static_cast<double>(candidate.weight);
    if (left < 0) break;
  }
  return last;
}

}  // namespace bise
