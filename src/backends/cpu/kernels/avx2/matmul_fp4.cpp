#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_loop.h"
#include "backends/cpu/kernels/avx2/matmul_nibbles.h"

// MXFP4 and NVFP4. The weights are twice the 4-bit number plus 12, 0 to 24; the scale is halved.
// Offsets as in tensor/quant_blocks.h.

namespace bise::cpu::avx2 {
namespace {

constexpr int kOffset = 12;

// kE2m1ValuesDoubled of tensor/quant_blocks.h, plus kOffset.
[[gnu::always_inline]] inline __m256i fp4_weights(__m256i codes) {
  const __m128i values = _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), codes);
}

struct Mxfp4 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 17, .chain = 4, .offset = kOffset};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(half_of_power(load_bytes(rows, 0)));
    put_nibbles(load_quad(rows, 1), 0, 4, sink,
                [](__m256i codes, int) { return fp4_weights(codes); });
    sink.end_group();
  }

  // 2^(e - 128); e = 0 is 2^-128, subnormal as its double; e = 255 is NaN.
  [[gnu::always_inline]] static __m256 half_of_power(__m256i exponents) {
    const __m256i fraction_bit = _mm256_set1_epi32(0x00400000);
    const __m256i special = _mm256_or_si256(_mm256_cmpeq_epi32(exponents, _mm256_setzero_si256()),
                                            _mm256_cmpeq_epi32(exponents, _mm256_set1_epi32(255)));
    const __m256i bits =
        _mm256_or_si256(_mm256_slli_epi32(exponents, 23), _mm256_and_si256(special, fraction_bit));
    return _mm256_mul_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(0.5f));
  }
};

struct Nvfp4 {
  static constexpr Shape kShape = {
      .group = 16, .block_groups = 4, .block_bytes = 36, .chain = 4, .offset = kOffset};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    const __m256i scales = load_dwords(rows, 0);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Quad packed = load_quad(rows, 4 + half * 16);
#pragma GCC unroll 2
      for (int sub = 0; sub < 2; ++sub) {
        sink.scale(half_of_ue4m3(_mm256_srli_epi32(scales, (half * 2 + sub) * 8)));
#pragma GCC unroll 2
        for (int i = 0; i < 2; ++i) {
          const __m256i bytes = packed.dword[sub * 2 + i];
          sink.weights(i, fp4_weights(low_nibbles(bytes)));
          sink.weights(i + 2, fp4_weights(high_nibbles(bytes)));
        }
        sink.end_group();
      }
    }
  }

  // The lowest byte of each dword; its uppermost bit is ignored, but only 0x7f without it is 0.
  // Exponent and mantissa at a float's place are the number times 2^-120, subnormals too.
  [[gnu::always_inline]] static __m256 half_of_ue4m3(__m256i codes) {
    const __m256i code = _mm256_and_si256(codes, _mm256_set1_epi32(0xff));
    const __m256i number = _mm256_and_si256(code, _mm256_set1_epi32(0x7f));
    const __m256i is_zero = _mm256_cmpeq_epi32(code, _mm256_set1_epi32(0x7f));
    const __m256i bits = _mm256_andnot_si256(is_zero, _mm256_slli_epi32(number, 20));
    return _mm256_mul_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(0x1p119f));
  }
};

}  // namespace

void install_matmul_fp4(KernelTable& table) {
  install_format<Mxfp4>(table, ElementType::mxfp4, ActivationKind::int8_32);
  install_format<Nvfp4>(table, ElementType::nvfp4, ActivationKind::int8_32);
}

}  // namespace bise::cpu::avx2
