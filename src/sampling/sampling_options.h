#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// How a token is chosen. What is written here as a default switches the step off.
//
// The order, which is vLLM's and Hugging Face's (llama.cpp applies the temperature last):
//   logit bias, then repetition, frequency and presence penalty (on logits);
//   temperature; top-k; typical; top-p; min-p; then one draw.
// Each filter sees the distribution that the one before left, normalised again.
struct SamplingOptions {
  // 0 (and anything below kTemperatureMin) takes the likeliest token, of equal ones the lowest id;
  // filters and seed then play no part.
  float temperature = 0;
  int top_k = 0;                 // this many likeliest tokens; 0: all
  float typical_p = 1;           // tokens whose surprise is nearest the entropy, up to this mass
  float top_p = 1;               // likeliest tokens up to this mass
  float min_p = 0;               // tokens at least this fraction as likely as the likeliest
  float repetition_penalty = 1;  // > 1 discourages tokens of prompt and answer (CTRL's rule)
  int repetition_window = 0;     // only the last so many tokens count; 0: all
  float frequency_penalty = 0;   // off the logit for each time the answer has the token
  float presence_penalty = 0;    // off the logit once if the answer has the token
  std::vector<std::pair<TokenId, float>> logit_bias;
  std::uint64_t seed = 0;
};

inline constexpr float kTemperatureMin = 1e-4F;

inline bool is_greedy(const SamplingOptions& options) {
  return options.temperature < kTemperatureMin;
}

// invalid_argument naming the field, its value and what it may be.
Result<void> check(const SamplingOptions& options, int vocab_size);

}  // namespace bise
