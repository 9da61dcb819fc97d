#pragma once

// For tests only: AVX-512 by SIMDe, compiled for AVX2, FMA and F16C, and what SIMDe 0.7.4 leaves
// out. Slow, and meant to be obviously right.

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <immintrin.h>
#include <simde/x86/avx512.h>

#include <cstdint>
#include <cstring>

namespace bise::cpu::emulated {

template <class Whole, class Half>
static inline Whole join(Half low, Half high) {
  Whole whole;
  std::memcpy(&whole, &low, sizeof low);
  std::memcpy(reinterpret_cast<char*>(&whole) + sizeof low, &high, sizeof high);
  return whole;
}

static inline __m128i upper(__m256i x) {
  return _mm256_extracti128_si256(x, 1);
}
static inline __m256i upper(__m512i x) {
  __m256i half;
  std::memcpy(&half, reinterpret_cast<const char*>(&x) + sizeof half, sizeof half);
  return half;
}
static inline __m128i lower(__m256i x) {
  return _mm256_castsi256_si128(x);
}
static inline __m256i lower(__m512i x) {
  __m256i half;
  std::memcpy(&half, &x, sizeof half);
  return half;
}

static inline __m512 cvtph_ps(__m256i x) {
  return join<__m512>(_mm256_cvtph_ps(lower(x)), _mm256_cvtph_ps(upper(x)));
}
static inline __m512 cvtepi32_ps(__m512i x) {
  return join<__m512>(_mm256_cvtepi32_ps(lower(x)), _mm256_cvtepi32_ps(upper(x)));
}
static inline __m512i cvtepu16_epi32(__m256i x) {
  return join<__m512i>(_mm256_cvtepu16_epi32(lower(x)), _mm256_cvtepu16_epi32(upper(x)));
}
static inline __m512i cvtepi8_epi32(__m128i x) {
  return join<__m512i>(_mm256_cvtepi8_epi32(x), _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(x, x)));
}
static inline __m512 maskz_loadu_ps(std::uint16_t mask, const float* from) {
  float lanes[16] = {};
  for (int i = 0; i < 16; ++i) {
    if ((mask >> i & 1) != 0) lanes[i] = from[i];
  }
  return _mm512_loadu_ps(lanes);
}
static inline void mask_storeu_ps(float* to, std::uint16_t mask, __m512 x) {
  float lanes[16];
  _mm512_storeu_ps(lanes, x);
  for (int i = 0; i < 16; ++i) {
    if ((mask >> i & 1) != 0) to[i] = lanes[i];
  }
}

}  // namespace bise::cpu::emulated

#define _mm512_cvtph_ps bise::cpu::emulated::cvtph_ps
#define _mm512_cvtepi32_ps bise::cpu::emulated::cvtepi32_ps
#define _mm512_cvtepu16_epi32 bise::cpu::emulated::cvtepu16_epi32
#define _mm512_cvtepi8_epi32 bise::cpu::emulated::cvtepi8_epi32
#define _mm512_maskz_loadu_ps bise::cpu::emulated::maskz_loadu_ps
#define _mm512_mask_storeu_ps bise::cpu::emulated::mask_storeu_ps
