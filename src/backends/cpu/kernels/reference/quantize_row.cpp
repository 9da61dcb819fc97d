#include <cmath>
#include <limits>

#include "backends/cpu/kernels/reference/kernels.h"

namespace bise::cpu::reference {
namespace {

// Groups below it count as zeros: 127 over their largest would overflow.
constexpr float kLargestMin = 0x1p-100f;

// The largest magnitude, or NaN when a value is not finite.
float largest_magnitude(const float* x, int count) {
  float largest = 0;
  for (int i = 0; i < count; ++i) {
    if (!std::isfinite(x[i])) return std::numeric_limits<float>::quiet_NaN();
    largest = std::fmax(largest, std::fabs(x[i]));
  }
  return largest;
}

}  // namespace

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums) {
  for (std::int64_t first = 0; first < cols; first += group) {
    const float largest = largest_magnitude(row + first, group);
    const bool usable = largest >= kLargestMin;
    scales[first / group] = usable ? largest / 127 : std::isnan(largest) ? largest : 0;
    const float inverse = usable ? 127 / largest : 0;
    for (std::int64_t c = first; c < first + group; c += 16) {
      int sum = 0;
      for (std::int64_t i = c; i < c + 16; ++i) {
        const float rounded = usable ? std::nearbyint(row[i] * inverse) : 0;
        values[i] = static_cast<std::int8_t>(rounded);
        sum += values[i];
      }
      sums[c / 16] = static_cast<std::int16_t>(sum);
    }
  }
}

}  // namespace bise::cpu::reference
