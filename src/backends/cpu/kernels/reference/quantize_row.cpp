#include <cmath>
#include <limits>

#include "backends/cpu/kernels/quantize_levels.h"
#include "backends/cpu/kernels/reference/kernels.h"

namespace bise::cpu::reference {
namespace {

// The largest magnitude, or NaN when a value is not finite.
float largest_magnitude(const float* x, int count) {
  float largest = 0;
  for (int i = 0; i < count; ++i) {
    if (!std::isfinite(x[i])) return std::numeric_limits<float>::quiet_NaN();
    largest = std::fmax(largest, std::fabs(x[i]));
  }
  return largest;
}

float round_to_level(float x, float inverse, float ratio) {
  return std::nearbyint(x * inverse * ratio);
}

// Eight sums over every eighth value and then their sum in a tree: as vectors do it.
LevelFit fit_of(const float* x, int count, float inverse, float ratio) {
  float dots[8] = {}, squares = 0;
  for (int i = 0; i < count; ++i) {
    const float level = round_to_level(x[i], inverse, ratio);
    dots[i % 8] = std::fma(x[i] * inverse, level, dots[i % 8]);
    squares += level * level;
  }
  for (int half = 4; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) dots[i] += dots[i + half];
  }
  return {.dot = dots[0], .squares = squares};
}

}  // namespace

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums) {
  for (std::int64_t first = 0; first < cols; first += group) {
    const float largest = largest_magnitude(row + first, group);
    const bool usable = largest >= kLargestMin;
    const float inverse = usable ? kLevels / largest : 0;
    int best = 0;
    float scale = usable ? largest / kLevels : std::isnan(largest) ? largest : 0;
    if (usable && group == kFittedGroup) {
      LevelFit fits[kLevelRatioCount];
      for (int i = 0; i < kLevelRatioCount; ++i) {
        fits[i] = fit_of(row + first, group, inverse, kLevelRatios[i]);
        if (is_better(fits[i], fits[best])) best = i;
      }
      scale = scale_of(largest, fits[best]);
    }
    scales[first / group] = scale;
    for (std::int64_t c = first; c < first + group; c += 16) {
      int sum = 0;
      for (std::int64_t i = c; i < c + 16; ++i) {
        const float level = usable ? round_to_level(row[i], inverse, kLevelRatios[best]) : 0;
        values[i] = static_cast<std::int8_t>(level);
        sum += values[i];
      }
      sums[c / 16] = static_cast<std::int16_t>(sum);
    }
  }
}

}  // namespace bise::cpu::reference
