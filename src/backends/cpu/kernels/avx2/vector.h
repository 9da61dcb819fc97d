#pragma once

#include "backends/cpu/kernels/avx2/exp.h"
#include "backends/cpu/kernels/intrinsics.h"

namespace bise::cpu::avx2 {
namespace {

// Eight floats, as the loops shared by instruction sets (kernels/*_loop.h) see them.
struct Vector {
  using Floats = __m256;
  static constexpr int kLanes = 8;

  // Vectors of a tile of `rows` rows: eight sums at least, or the latency of the fused step shows;
  // 4 x 2 with two numbers and a factor leave few of the 16 registers. (4 x 3 was no faster.)
  static constexpr int slot_vectors(int rows) { return rows == 1 ? 8 : rows == 2 ? 4 : 2; }
  static constexpr int channel_vectors(int rows) { return slot_vectors(rows); }

  // Rows of a product's tile: 3 x 4 sums, four activations' loads and a weight's fill the
  // registers.
  static constexpr int product_rows(int tokens) { return tokens >= 3 ? 3 : tokens == 2 ? 4 : 8; }

  static Floats zero() { return _mm256_setzero_ps(); }
  static Floats all(float x) { return _mm256_set1_ps(x); }
  static Floats broadcast(const float* x) { return _mm256_broadcast_ss(x); }
  static float first(Floats x) { return _mm256_cvtss_f32(x); }
  static Floats load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Floats x) { _mm256_storeu_ps(to, x); }

  // All ones in the first `count` lanes; all lanes from 8 on.
  static __m256i first_lanes(std::int64_t count) {
    const int lanes = count < kLanes ? static_cast<int>(count) : kLanes;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), lane_numbers());
  }
  // Lanes from `count` on are zero, or not stored.
  static Floats load_first(const float* from, std::int64_t count) {
    return _mm256_maskload_ps(from, first_lanes(count));
  }
  static void store_first(float* to, std::int64_t count, Floats x) {
    _mm256_maskstore_ps(to, first_lanes(count), x);
  }

  static Floats load_f16(const std::byte* from) { return _mm256_cvtph_ps(load_16_bytes(from)); }
  static Floats load_bf16(const std::byte* from) {
    const __m256i wide = _mm256_cvtepu16_epi32(load_16_bytes(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static Floats load_int8(const std::byte* from) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }

  // OCP E4M3, moved to where binary16 has its fields: the value times 2^-8, subnormals included.
  static Floats load_f8(const std::byte* from) {
    const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    __m128i halves = _mm_slli_epi16(_mm_cvtepi8_epi16(codes), 7);
    halves = _mm_and_si128(halves, _mm_set1_epi16(static_cast<std::int16_t>(0xbfff)));
    const __m128i magnitude = _mm_and_si128(halves, _mm_set1_epi16(0x3fff));
    const __m128i is_nan = _mm_cmpeq_epi16(magnitude, _mm_set1_epi16(0x3f80));
    return _mm256_mul_ps(_mm256_cvtph_ps(_mm_or_si128(halves, is_nan)), all(256));
  }
  static void load_two_f8(const std::byte* from, Floats& a, Floats& b) {
    __m256i halves = _mm256_slli_epi16(_mm256_cvtepi8_epi16(load_16_bytes(from)), 7);
    halves = _mm256_and_si256(halves, _mm256_set1_epi16(static_cast<std::int16_t>(0xbfff)));
    const __m256i magnitude = _mm256_and_si256(halves, _mm256_set1_epi16(0x3fff));
    const __m256i is_nan = _mm256_cmpeq_epi16(magnitude, _mm256_set1_epi16(0x3f80));
    halves = _mm256_or_si256(halves, is_nan);
    a = _mm256_mul_ps(_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), all(256));
    b = _mm256_mul_ps(_mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1)), all(256));
  }

  static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  static Floats negative(Floats x) { return _mm256_xor_ps(x, all(-0.0f)); }
  // The second where one is NaN.
  static Floats max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats exp(Floats x) { return exp8(x); }

  static float largest(Floats x) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }
  static float sum(Floats x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  // Lanes in [begin, end) as they are, minus infinity in the others.
  static Floats or_minus_infinity(Floats x, int begin, int end) {
    const __m256i before = _mm256_cmpgt_epi32(_mm256_set1_epi32(begin), lane_numbers());
    const __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(end), lane_numbers());
    return _mm256_blendv_ps(all(-__builtin_inff()), x,
                            _mm256_castsi256_ps(_mm256_andnot_si256(before, inside)));
  }

  // Totals of four vectors, each ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
  static void add_up(const Floats* four, float* totals) {
    const __m256 quarters =
        _mm256_hadd_ps(_mm256_hadd_ps(four[0], four[1]), _mm256_hadd_ps(four[2], four[3]));
    _mm_storeu_ps(totals,
                  _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1)));
  }

  struct Doubles {
    __m256d low, high;
  };
  static Doubles no_squares() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static Doubles add_squares(Doubles sums, Floats x) {
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    return {_mm256_fmadd_pd(low, low, sums.low), _mm256_fmadd_pd(high, high, sums.high)};
  }
  static double total(Doubles sums) {
    const __m256d four = _mm256_add_pd(sums.low, sums.high);
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
  }

 private:
  static __m256i lane_numbers() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
  static __m128i load_16_bytes(const std::byte* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
};

}  // namespace
}  // namespace bise::cpu::avx2
