#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace bise {

// What several runs of the same took.
struct Times {
  std::vector<double> seconds;  // sorted

  double best() const { return seconds.front(); }
  double median() const { return seconds[seconds.size() / 2]; }
  double worst() const { return seconds.back(); }
};

// Runs it once to warm up, then `repeat` times.
template <class Body>
Times measure(int repeat, const Body& body) {
  using Clock = std::chrono::steady_clock;
  body();
  Times times;
  for (int i = 0; i < repeat; ++i) {
    const auto start = Clock::now();
    body();
    times.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(times.seconds.begin(), times.seconds.end());
  return times;
}

}  // namespace bise
