#pragma once

#include "backends/cpu/kernels/avx512/exp.h"
#include "backends/cpu/kernels/intrinsics.h"

namespace bise::cpu::avx512 {
namespace {

// Sixteen floats, as the loops shared by instruction sets (kernels/*_loop.h) see them.
struct Vector {
  using Floats = __m512;
  static constexpr int kLanes = 16;

  // Vectors of a tile of `rows` rows: 4 of slots are a page; 16 sums, 4 numbers and a factor leave
  // a third of the 32 registers.
  static constexpr int slot_vectors(int) { return 4; }
  static constexpr int channel_vectors(int rows) { return rows == 1 ? 8 : 4; }
  // Rows of a product's tile: 24 sums, four activations and a weight.
  static constexpr int product_rows(int tokens) { return tokens >= 3 ? 6 : 8; }

  static Floats zero() { return _mm512_setzero_ps(); }
  static Floats all(float x) { return _mm512_set1_ps(x); }
  static Floats broadcast(const float* x) { return _mm512_set1_ps(*x); }
  static float first(Floats x) { return _mm_cvtss_f32(_mm256_castps256_ps128(lower(x))); }
  static Floats load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Floats x) { _mm512_storeu_ps(to, x); }

  // The first `count` lanes; none below 0, all from 16 on.
  static __mmask16 first_lanes(std::int64_t count) {
    const unsigned lanes = count < 0 ? 0 : count < kLanes ? static_cast<unsigned>(count) : kLanes;
    return static_cast<__mmask16>((1u << lanes) - 1);
  }
  // Lanes from `count` on are zero, or not stored.
  static Floats load_first(const float* from, std::int64_t count) {
    return _mm512_maskz_loadu_ps(first_lanes(count), from);
  }
  static void store_first(float* to, std::int64_t count, Floats x) {
    _mm512_mask_storeu_ps(to, first_lanes(count), x);
  }

  static Floats load_f16(const std::byte* from) { return _mm512_cvtph_ps(load_32_bytes(from)); }
  static Floats load_bf16(const std::byte* from) {
    const __m512i wide = _mm512_cvtepu16_epi32(load_32_bytes(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  static Floats load_int8(const std::byte* from) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load_16_bytes(from)));
  }
  // OCP E4M3, moved to where binary16 has its fields: the value times 2^-8, subnormals included.
  static Floats load_f8(const std::byte* from) {
    __m256i halves = _mm256_slli_epi16(_mm256_cvtepi8_epi16(load_16_bytes(from)), 7);
    halves = _mm256_and_si256(halves, _mm256_set1_epi16(static_cast<std::int16_t>(0xbfff)));
    const __m256i magnitude = _mm256_and_si256(halves, _mm256_set1_epi16(0x3fff));
    const __m256i is_nan = _mm256_cmpeq_epi16(magnitude, _mm256_set1_epi16(0x3f80));
    return mul(_mm512_cvtph_ps(_mm256_or_si256(halves, is_nan)), all(256));
  }
  static void load_two_f8(const std::byte* from, Floats& a, Floats& b) {
    a = load_f8(from);
    b = load_f8(from + kLanes);
  }

  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  static Floats negative(Floats x) { return _mm512_xor_ps(x, all(-0.0f)); }
  // The second where one is NaN.
  static Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats exp(Floats x) { return exp16(x); }

  static float largest(Floats x) {
    const __m256 eight = _mm256_max_ps(lower(x), upper(x));
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }
  static float sum(Floats x) {
    const __m256 eight = _mm256_add_ps(lower(x), upper(x));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  // Lanes in [begin, end) as they are, minus infinity in the others.
  static Floats or_minus_infinity(Floats x, int begin, int end) {
    const int lanes = first_lanes(end) & ~first_lanes(begin);
    return _mm512_mask_mov_ps(all(-__builtin_inff()), static_cast<__mmask16>(lanes), x);
  }
  // Totals of four vectors: halves added, then pairs, then pairs of pairs, then those.
  static void add_up(const Floats* four, float* totals) {
    __m256 eight[4];
    for (int i = 0; i < 4; ++i) eight[i] = _mm256_add_ps(lower(four[i]), upper(four[i]));
    const __m256 quarters =
        _mm256_hadd_ps(_mm256_hadd_ps(eight[0], eight[1]), _mm256_hadd_ps(eight[2], eight[3]));
    _mm_storeu_ps(totals,
                  _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1)));
  }

  struct Doubles {
    __m256d quarter[4];
  };
  static Doubles no_squares() {
    const __m256d zero_doubles = _mm256_setzero_pd();
    return {{zero_doubles, zero_doubles, zero_doubles, zero_doubles}};
  }
  static Doubles add_squares(Doubles sums, Floats x) {
    const __m256 halves[2] = {lower(x), upper(x)};
    for (int i = 0; i < 4; ++i) {
      const __m256 half = halves[i / 2];
      const __m128 four =
          i % 2 == 0 ? _mm256_castps256_ps128(half) : _mm256_extractf128_ps(half, 1);
      const __m256d wide = _mm256_cvtps_pd(four);
      sums.quarter[i] = _mm256_fmadd_pd(wide, wide, sums.quarter[i]);
    }
    return sums;
  }
  static double total(Doubles sums) {
    const __m256d four = _mm256_add_pd(_mm256_add_pd(sums.quarter[0], sums.quarter[1]),
                                       _mm256_add_pd(sums.quarter[2], sums.quarter[3]));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
  }

 private:
  static __m256 lower(Floats x) { return _mm512_castps512_ps256(x); }
  static __m256 upper(Floats x) {
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
  }
  static __m128i load_16_bytes(const std::byte* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  static __m256i load_32_bytes(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
};

}  // namespace
}  // namespace bise::cpu::avx512
