#include "sampling/logit_scan.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct BlockFacts {
  float max;
  bool usable;  // no NaN, no +infinity
};

// Sixteen running maxima side by side: the compiler makes vectors of them.
BlockFacts look_at_block(const float* values, std::size_t count) {
  float max[kLanes];
  std::uint32_t usable[kLanes];
  std::fill_n(max, kLanes, -kInfinity);
  std::fill_n(usable, kLanes, 1U);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float value = values[i + lane];
      max[lane] = value > max[lane] ? value : max[lane];
      usable[lane] &= static_cast<std::uint32_t>(value < kInfinity);
    }
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    max[lane] = std::max(max[lane], values[i]);
    usable[lane] &= static_cast<std::uint32_t>(values[i] < kInfinity);
  }
  BlockFacts facts = {max[0], usable[0] != 0};
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    facts.max = std::max(facts.max, max[lane]);
    facts.usable = facts.usable && usable[lane] != 0;
  }
  return facts;
}

Error unusable_logit(std::span<const float> logits) {
  const auto bad =
      std::find_if_not(logits.begin(), logits.end(), [](float value) { return value < kInfinity; });
  return Error{ErrorCode::internal, concat("the logit of token ", bad - logits.begin(), " is ",
                                           *bad, ", not a finite number")};
}

}  // namespace

Result<void> LogitScan::read(std::span<const float> logits) {
  logits_ = logits;
  block_max_.resize((logits.size() + kBlock - 1) / kBlock);
  max_ = -kInfinity;
  for (std::size_t block = 0; block < block_max_.size(); ++block) {
    const std::size_t first = block * kBlock;
    const BlockFacts facts =
        look_at_block(logits.data() + first, std::min(kBlock, logits.size() - first));
    if (!facts.usable) return unusable_logit(logits);
    block_max_[block] = facts.max;
    max_ = std::max(max_, facts.max);
  }
  if (max_ == -kInfinity) {
    return Error{ErrorCode::internal, "no token is allowed: all logits are minus infinity"};
  }
  return {};
}

TokenId LogitScan::argmax() const {
  const auto block = std::find(block_max_.begin(), block_max_.end(), max_) - block_max_.begin();
  const auto found = std::find(logits_.begin() + block * kBlock, logits_.end(), max_);
  return static_cast<TokenId>(found - logits_.begin());
}

void LogitScan::collect(float limit, std::vector<TokenId>& ids) const {
  for (std::size_t block = 0; block < block_max_.size(); ++block) {
    if (block_max_[block] < limit) continue;
    const std::size_t end = std::min((block + 1) * kBlock, logits_.size());
    for (std::size_t i = block * kBlock; i < end; ++i) {
      if (logits_[i] >= limit) ids.push_back(static_cast<TokenId>(i));
    }
  }
}

void LogitScan::largest(int count, std::vector<TokenId>& ids) {
  if (count <= 0) return;
  const std::size_t wanted = std::min(static_cast<std::size_t>(count), logits_.size());
  // At least `wanted` logits reach the wanted-th largest block maximum, and usually few more do.
  // With more logits wanted than there are blocks, the logits themselves are partitioned.
  if (wanted <= block_max_.size()) {
    order_ = block_max_;
  } else {
    order_.assign(logits_.begin(), logits_.end());
  }
  const auto nth = order_.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
  std::nth_element(order_.begin(), nth, order_.end(), std::greater<>());
  const float limit = std::max(*nth, std::numeric_limits<float>::lowest());

  const auto first = static_cast<std::ptrdiff_t>(ids.size());
  collect(limit, ids);
  const auto begin = ids.begin() + first;
  const auto end =
      begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(wanted, ids.end() - begin));
  std::partial_sort(begin, end, ids.end(), [this](TokenId a, TokenId b) {
    return logits_[a] != logits_[b] ? logits_[a] > logits_[b] : a < b;
  });
  ids.erase(end, ids.end());
}

}  // namespace bise
