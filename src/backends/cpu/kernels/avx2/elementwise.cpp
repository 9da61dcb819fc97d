#include "backends/cpu/kernels/avx2/exp.h"
#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/intrinsics.h"

namespace bise::cpu::avx2 {
namespace {

// All ones in the first `count` lanes; all lanes from 8 on.
__m256i first_lanes(std::int64_t count) {
  const int lanes = count < 8 ? static_cast<int>(count) : 8;
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

double sum_of_squares(const float* row, std::int64_t cols) {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  for (std::int64_t c = 0; c < cols; c += 8) {
    const __m256 x = _mm256_maskload_ps(row + c, first_lanes(cols - c));
    const __m256d x_low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    const __m256d x_high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    low = _mm256_fmadd_pd(x_low, x_low, low);
    high = _mm256_fmadd_pd(x_high, x_high, high);
  }
  const __m256d four = _mm256_add_pd(low, high);
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

}  // namespace

void rms_norm(const float* row, const float* gain, std::int64_t cols, float epsilon, float* out) {
  const double mean = sum_of_squares(row, cols) / static_cast<double>(cols);
  const __m128d root = _mm_sqrt_pd(_mm_set1_pd(mean + static_cast<double>(epsilon)));
  const __m256 factor = _mm256_set1_ps(static_cast<float>(1 / _mm_cvtsd_f64(root)));
  for (std::int64_t c = 0; c < cols; c += 8) {
    const __m256i lanes = first_lanes(cols - c);
    const __m256 scaled = _mm256_mul_ps(_mm256_maskload_ps(row + c, lanes), factor);
    _mm256_maskstore_ps(out + c, lanes, _mm256_mul_ps(scaled, _mm256_maskload_ps(gain + c, lanes)));
  }
}

void swiglu(const float* gate, const float* up, std::int64_t count, float* out) {
  const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
  for (std::int64_t i = 0; i < count; i += 8) {
    const __m256i lanes = first_lanes(count - i);
    const __m256 g = _mm256_maskload_ps(gate + i, lanes);
    const __m256 divisor = _mm256_add_ps(one, exp8(_mm256_xor_ps(g, sign)));
    const __m256 silu = _mm256_div_ps(g, divisor);
    _mm256_maskstore_ps(out + i, lanes, _mm256_mul_ps(silu, _mm256_maskload_ps(up + i, lanes)));
  }
}

void add(const float* addend, std::int64_t count, float* sum) {
  for (std::int64_t i = 0; i < count; i += 8) {
    const __m256i lanes = first_lanes(count - i);
    _mm256_maskstore_ps(
        sum + i, lanes,
        _mm256_add_ps(_mm256_maskload_ps(sum + i, lanes), _mm256_maskload_ps(addend + i, lanes)));
  }
}

}  // namespace bise::cpu::avx2
