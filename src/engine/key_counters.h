#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/generation.h"

namespace bise {

// How many rows of steps each key has been served, for fairness by the virtual token counter
// (arXiv 2401.00588): the least served key goes first, and who comes back after having had nothing
// to do starts level with the least served of those at work, so that nobody saves up.
class KeyCounters {
 public:
  // A request of the key comes, and goes.
  void arrive(KeyId key, std::int64_t now_ms);
  void leave(KeyId key, std::int64_t now_ms);

  void charge(KeyId key, double rows);
  double served(KeyId key) const;

  // Whether more than one key was at work within kKeyMemoryMs.
  bool shared(std::int64_t now_ms);

  std::size_t size() const { return keys_.size(); }

 private:
  struct Counter {
    double served = 0;
    int requests = 0;
    std::int64_t left_ms = 0;
  };
  double least_at_work() const;
  void forget(std::int64_t now_ms);

  std::unordered_map<KeyId, Counter> keys_;
  std::int64_t forgot_ms_ = 0;
  double level_ = 0;  // of the least served, when somebody was last at work
};

inline constexpr std::int64_t kKeyMemoryMs = 600'000;

}  // namespace bise
