#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// One look at the logits of a step: the largest of each block of 64, and with them any number of
// largest logits without sorting the vocabulary. Keeps a view of the logits.
class LogitScan {
 public:
  // Errors: internal for NaN and +infinity, naming the token, and when all are -infinity.
  Result<void> read(std::span<const float> logits);

  std::span<const float> logits() const { return logits_; }
  float max() const { return max_; }
  // The first token with the largest logit.
  TokenId argmax() const;

  // Appends the ids, ascending, of all logits >= limit.
  void collect(float limit, std::vector<TokenId>& ids) const;
  // Appends the ids of the `count` largest, of equal ones the lower ids, largest first; without
  // those that are -infinity.
  void largest(int count, std::vector<TokenId>& ids);

 private:
  std::span<const float> logits_;
  std::vector<float> block_max_;
  std::vector<float> order_;  // scratch of largest()
  float max_ = 0;
};

}  // namespace bise
