#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/intrinsics.h"
#include "backends/cpu/kernels/quantize_levels.h"

namespace bise::cpu::avx2 {
namespace {

// The bits of the largest magnitude, compared as integers: infinity and NaN come out on top.
std::uint32_t largest_magnitude_bits(const float* x, int count) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i largest = _mm256_setzero_si256();
  for (int i = 0; i < count; i += 8) {
    const __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(x + i));
    largest = _mm256_max_epi32(largest, _mm256_and_si256(bits, magnitude));
  }
  __m128i m = _mm_max_epi32(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(m));
}

float sum_of(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// The ratio of kLevelRatios with the least squared error, and its fit.
int best_ratio(const float* x, int count, __m256 inverse, LevelFit& best_fit) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  __m256 dots[kLevelRatioCount], squares[kLevelRatioCount];
  for (int r = 0; r < kLevelRatioCount; ++r) dots[r] = squares[r] = _mm256_setzero_ps();
  for (int i = 0; i < count; i += 8) {
    const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + i), inverse);
    for (int r = 0; r < kLevelRatioCount; ++r) {
      const __m256 ratio = _mm256_set1_ps(kLevelRatios[r]);
      const __m256 level = _mm256_round_ps(_mm256_mul_ps(scaled, ratio), kNearest);
      dots[r] = _mm256_fmadd_ps(scaled, level, dots[r]);
      squares[r] = _mm256_fmadd_ps(level, level, squares[r]);
    }
  }
  int best = 0;
  for (int r = 0; r < kLevelRatioCount; ++r) {
    const LevelFit fit{.dot = sum_of(dots[r]), .squares = sum_of(squares[r])};
    if (r > 0 && !is_better(fit, best_fit)) continue;
    best = r;
    best_fit = fit;
  }
  return best;
}

__m256i rounded(const float* x, __m256 inverse, __m256 ratio) {
  const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x), inverse);
  return _mm256_cvtps_epi32(_mm256_mul_ps(scaled, ratio));
}

void quantize_32(const float* x, __m256 inverse, __m256 ratio, std::int8_t* values,
                 std::int16_t* sums) {
  const __m256i low =
      _mm256_packs_epi32(rounded(x, inverse, ratio), rounded(x + 8, inverse, ratio));
  const __m256i high =
      _mm256_packs_epi32(rounded(x + 16, inverse, ratio), rounded(x + 24, inverse, ratio));
  // Packing works within halves: fours of the values come out of order.
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high),
                                                    _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), bytes);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
  __m256i s = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0x4e));
  s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0xb1));
  sums[0] = static_cast<std::int16_t>(_mm_cvtsi128_si32(_mm256_castsi256_si128(s)));
  sums[1] = static_cast<std::int16_t>(_mm_cvtsi128_si32(_mm256_extracti128_si256(s, 1)));
}

}  // namespace

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums) {
  for (std::int64_t first = 0; first < cols; first += group) {
    const std::uint32_t bits = largest_magnitude_bits(row + first, group);
    float largest;
    __builtin_memcpy(&largest, &bits, sizeof largest);
    const bool finite = bits < 0x7f800000u;
    const bool usable = finite && largest >= kLargestMin;
    if (!usable) {
      scales[first / group] = finite ? 0 : __builtin_nanf("");
      __builtin_memset(values + first, 0, static_cast<std::size_t>(group));
      __builtin_memset(sums + first / 16, 0, static_cast<std::size_t>(group / 16) * sizeof(*sums));
      continue;
    }
    const __m256 inverse = _mm256_set1_ps(kLevels / largest);
    int best = 0;
    scales[first / group] = largest / kLevels;
    if (group == kFittedGroup) {
      LevelFit fit;
      best = best_ratio(row + first, group, inverse, fit);
      scales[first / group] = scale_of(largest, fit);
    }
    const __m256 ratio = _mm256_set1_ps(kLevelRatios[best]);
    for (std::int64_t c = first; c < first + group; c += 32) {
      quantize_32(row + c, inverse, ratio, values + c, sums + c / 16);
    }
  }
}

}  // namespace bise::cpu::avx2
