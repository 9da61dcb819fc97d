#include <cmath>

#include "backends/cpu/kernels/reference/kernels.h"

namespace bise::cpu::reference {

void rms_norm(const float* row, const float* gain, std::int64_t cols, float epsilon, float* out) {
  double sum = 0;
  for (std::int64_t c = 0; c < cols; ++c) sum += static_cast<double>(row[c]) * row[c];
  const double factor = 1 / std::sqrt(sum / static_cast<double>(cols) + epsilon);
  for (std::int64_t c = 0; c < cols; ++c) out[c] = static_cast<float>(row[c] * factor * gain[c]);
}

void swiglu(const float* gate, const float* up, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i]);
  }
}

void add(const float* addend, std::int64_t count, float* sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += addend[i];
}

}  // namespace bise::cpu::reference
