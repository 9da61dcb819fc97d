#include "engine/key_counters.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace bise {

void KeyCounters::arrive(KeyId key, std::int64_t now_ms) {
  forget(now_ms);
  const double least = least_at_work();
  if (least < std::numeric_limits<double>::infinity()) level_ = std::max(level_, least);
  Counter& counter = keys_[key];
  if (counter.requests == 0) counter.served = std::max(counter.served, level_);
  ++counter.requests;
}

void KeyCounters::leave(KeyId key, std::int64_t now_ms) {
  const auto found = keys_.find(key);
  CHECK(found != keys_.end() && found->second.requests > 0);
  const double least = least_at_work();
  level_ = std::max(level_, least);
  --found->second.requests;
  found->second.left_ms = now_ms;
}

void KeyCounters::charge(KeyId key, double rows) {
  keys_[key].served += rows;
}

double KeyCounters::served(KeyId key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? 0 : found->second.served;
}

bool KeyCounters::shared(std::int64_t now_ms) {
  forget(now_ms);
  return keys_.size() > 1;
}

double KeyCounters::least_at_work() const {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [key, counter] : keys_) {
    if (counter.requests > 0) least = std::min(least, counter.served);
  }
  return least;
}

void KeyCounters::forget(std::int64_t now_ms) {
  if (now_ms - forgot_ms_ < 1000) return;
  forgot_ms_ = now_ms;
  std::erase_if(keys_, [&](const auto& item) {
    return item.second.requests == 0 && now_ms - item.second.left_ms >= kKeyMemoryMs;
  });
}

}  // namespace bise
