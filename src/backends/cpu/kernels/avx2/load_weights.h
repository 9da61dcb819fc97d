#pragma once

#include "backends/cpu/kernels/intrinsics.h"
#include "tensor/element_type.h"

// Eight weights of a plain type as floats. `static`, so that each file keeps its own copy.

namespace bise::cpu::avx2 {

static constexpr int bytes_of(ElementType type) {
  return type == ElementType::f32 ? 4 : type == ElementType::f8_e4m3 ? 1 : 2;
}

static inline __m256 e4m3_to_floats(__m256i codes) {
  const __m256i magnitude = _mm256_and_si256(codes, _mm256_set1_epi32(0x7f));
  const __m256i sign = _mm256_slli_epi32(_mm256_xor_si256(codes, magnitude), 24);
  // Exponent bias 127 - 7; subnormals are counts of 2^-9.
  const __m256i normal =
      _mm256_add_epi32(_mm256_slli_epi32(magnitude, 20), _mm256_set1_epi32(120 << 23));
  const __m256 subnormal = _mm256_mul_ps(_mm256_cvtepi32_ps(magnitude), _mm256_set1_ps(0x1p-9f));
  const __m256i is_subnormal = _mm256_cmpgt_epi32(_mm256_set1_epi32(8), magnitude);
  const __m256 value =
      _mm256_blendv_ps(_mm256_castsi256_ps(normal), subnormal, _mm256_castsi256_ps(is_subnormal));
  const __m256i is_nan = _mm256_cmpeq_epi32(magnitude, _mm256_set1_epi32(0x7f));
  return _mm256_blendv_ps(_mm256_or_ps(value, _mm256_castsi256_ps(sign)),
                          _mm256_set1_ps(__builtin_nanf("")), _mm256_castsi256_ps(is_nan));
}

template <ElementType type>
static inline __m256 load_weights(const std::byte* weights) {
  if constexpr (type == ElementType::f32) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(weights));
  } else if constexpr (type == ElementType::f8_e4m3) {
    const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(weights));
    return e4m3_to_floats(_mm256_cvtepu8_epi32(codes));
  } else {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights));
    if constexpr (type == ElementType::f16) return _mm256_cvtph_ps(halves);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
}

// The first `count` < 8 weights, zeros after them; reads no byte beyond.
template <ElementType type>
static inline __m256 load_last_weights(const std::byte* weights, std::int64_t count) {
  std::byte bytes[8 * bytes_of(type)] = {};
  __builtin_memcpy(bytes, weights, static_cast<std::size_t>(count) * bytes_of(type));
  return load_weights<type>(bytes);
}

}  // namespace bise::cpu::avx2
