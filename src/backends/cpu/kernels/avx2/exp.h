#pragma once

#include "backends/cpu/kernels/intrinsics.h"

namespace bise::cpu::avx2 {

// e^x within 1.5 ulp (exp_test measures it); 0 below -87.3, infinity above 88.4; NaN stays NaN;
// exactly 1 at 0. x = n ln 2 + r, |r| <= ln 2 / 2, polynomial of Cephes' expf, exponent by bits.
static inline __m256 exp8(__m256 x) {
  const __m256 least = _mm256_set1_ps(-87.33654f);
  const __m256 underflow = _mm256_cmp_ps(x, least, _CMP_LT_OQ);
  // max and min give their second operand when one is NaN.
  const __m256 bounded = _mm256_min_ps(_mm256_set1_ps(88.9f), _mm256_max_ps(least, x));
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(bounded, _mm256_set1_ps(1.44269504f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693145752f), bounded);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(1.42860677e-6f), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4f);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
  p = _mm256_fmadd_ps(_mm256_mul_ps(r, r), p, r);
  p = _mm256_add_ps(p, _mm256_set1_ps(1.0f));
  const __m256i exponent =
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  const __m256 power = _mm256_mul_ps(p, _mm256_castsi256_ps(exponent));
  return _mm256_andnot_ps(underflow, power);
}

}  // namespace bise::cpu::avx2
