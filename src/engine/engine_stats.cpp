#include "engine/engine_stats.h"

#include <algorithm>

namespace bise {
namespace {

// vLLM's, so that its dashboards fit.
constexpr double kFirstToken[] = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
                                  1,     2.5,   5,    7.5,  10,   20,   40,   80,  160,  640, 2560};
constexpr double kBetweenTokens[] = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
                                     0.75, 1,     2.5,  5,     7.5, 10,   20,  40,  80};
constexpr double kLatency[] = {0.3, 0.5, 0.8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
                               30,  40,  50,  60, 120, 240, 480, 960, 1920, 7680};
constexpr double kTokens[] = {1,    2,    5,    10,    20,    50,    100,    200,    500,
                              1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000};
constexpr double kStep[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5};
constexpr double kOverhead[] = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005,
                                0.001,   0.002,   0.005,   0.01,   0.02,   0.05};
constexpr double kRows[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

}  // namespace

Histogram::Histogram(std::span<const double> upper_bounds)
    : bounds(upper_bounds.begin(), upper_bounds.end()), counts(upper_bounds.size() + 1, 0) {}

void Histogram::add(double value, std::uint64_t times) {
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  counts[static_cast<std::size_t>(place)] += times;
  sum += value * static_cast<double>(times);
  count += times;
}

ModelStats::ModelStats()
    : step_s(kStep),
      step_overhead_s(kOverhead),
      step_tokens(kRows),
      queue_s(kLatency),
      prefill_s(kLatency),
      decode_s(kLatency),
      first_token_s(kFirstToken),
      between_tokens_s(kBetweenTokens),
      request_s(kLatency),
      request_prompt_tokens(kTokens),
      request_generated_tokens(kTokens) {}

}  // namespace bise
