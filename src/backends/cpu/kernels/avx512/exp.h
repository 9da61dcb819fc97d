#pragma once

#include "backends/cpu/kernels/intrinsics.h"

namespace bise::cpu::avx512 {

// As avx2/exp.h has it, with the exponent applied by an instruction.
static inline __m512 exp16(__m512 x) {
  const __m512 least = _mm512_set1_ps(-87.33654f);
  const __mmask16 no_underflow = _mm512_cmp_ps_mask(x, least, _CMP_NLT_UQ);
  // max and min give their second operand when one is NaN.
  const __m512 bounded = _mm512_min_ps(_mm512_set1_ps(88.9f), _mm512_max_ps(least, x));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(bounded, _mm512_set1_ps(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), bounded);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r);
  p = _mm512_add_ps(p, _mm512_set1_ps(1.0f));
  return _mm512_maskz_mov_ps(no_underflow, _mm512_scalef_ps(p, n));
}

}  // namespace bise::cpu::avx512
