#pragma once

#include "backends/cpu/kernels/avx2/matmul_load.h"
#include "backends/cpu/kernels/avx2/matmul_shape.h"

// Pieces that several formats unpack with.

namespace bise::cpu::avx2 {
namespace {

// 32 weights of 8 rows: low nibbles of 16 bytes, then the high ones.
[[gnu::always_inline]] inline void store_nibbles(const Quad& packed, std::byte* weights) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    store(weights + i * Layout::kStep, low_nibbles(packed.dword[i]));
    store(weights + (i + 4) * Layout::kStep, high_nibbles(packed.dword[i]));
  }
}

// Signed bytes of weights 4 step to 4 step + 3 of 32 into an int16 tile.
[[gnu::always_inline]] inline void store_wide(__m256i bytes, std::byte* weights, int step) {
  store(weights + step * Layout::kStep, even_bytes(bytes));
  store(weights + (step + 8) * Layout::kStep, odd_bytes(bytes));
}

// What the 4-bit codes of IQ4_NL and IQ4_XS stand for: kIq4Values of tensor/quant_blocks.h.
[[gnu::always_inline]] inline __m256i iq4_values(__m256i codes) {
  const __m128i values =
      _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), codes);
}

// Byte `index` of each dword as two equal unsigned int16.
[[gnu::always_inline]] inline __m256i unsigned_pair(__m256i bytes, int index) {
  return _mm256_shuffle_epi8(
      bytes, _mm256_add_epi8(_mm256_set1_epi32(static_cast<int>(0x80008000u) | index << 16 | index),
                             _mm256_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c, 0, 0x00040004,
                                               0x00080008, 0x000c000c)));
}

// Bytes `index` and `index` + 1 of each dword as two unsigned int16.
[[gnu::always_inline]] inline __m256i unsigned_neighbours(__m256i bytes, int index) {
  return _mm256_shuffle_epi8(
      bytes,
      _mm256_add_epi8(_mm256_set1_epi32(static_cast<int>(0x80008000u) | (index + 1) << 16 | index),
                      _mm256_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c, 0, 0x00040004,
                                        0x00080008, 0x000c000c)));
}

// The same for signed bytes, times 256.
[[gnu::always_inline]] inline __m256i signed_pair_256(__m256i bytes, int index) {
  return _mm256_slli_epi16(unsigned_pair(bytes, index), 8);
}

[[gnu::always_inline]] inline __m256i signed_neighbours_256(__m256i bytes, int index) {
  return _mm256_slli_epi16(unsigned_neighbours(bytes, index), 8);
}

}  // namespace
}  // namespace bise::cpu::avx2
