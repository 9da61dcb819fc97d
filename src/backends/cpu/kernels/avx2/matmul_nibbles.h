#pragma once

#include "backends/cpu/kernels/avx2/matmul_load.h"
#include "backends/cpu/kernels/avx2/matmul_shape.h"

// Pieces that several formats unpack with.

namespace bise::cpu::avx2 {
namespace {

// 16 bytes of 8 rows: 16 weights from step `low` on in the low nibbles, 16 from `high` on in the
// high ones, each code turned into a weight.
template <class Sink, class WeightsOf>
[[gnu::always_inline]] inline void put_nibbles(const Quad& packed, int low, int high, Sink& sink,
                                               WeightsOf weights_of) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    sink.weights(low + i, weights_of(low_nibbles(packed.dword[i]), low + i));
    sink.weights(high + i, weights_of(high_nibbles(packed.dword[i]), high + i));
  }
}

// Signed bytes of weights 4 step to 4 step + 3 of 32, `first` the first step of the 32.
template <class Sink>
[[gnu::always_inline]] inline void put_wide(__m256i bytes, int first, int step, Sink& sink) {
  sink.wide_weights(first + step, even_bytes(bytes));
  sink.wide_weights(first + step + 8, odd_bytes(bytes));
}

// What the 4-bit codes of IQ4_NL and IQ4_XS stand for: kIq4Values of tensor/quant_blocks.h.
[[gnu::always_inline]] inline __m256i iq4_values(__m256i codes) {
  const __m128i values =
      _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), codes);
}

// Bytes `first` and `second` of each dword as the bytes of its two int16 that `at` says; the other
// byte of each is 0.
enum class ByteOf16 { low, high };

[[gnu::always_inline]] inline __m256i spread_bytes(__m256i bytes, int first, int second,
                                                   ByteOf16 at) {
  const int index = second << 16 | first;
  const int pattern =
      at == ByteOf16::low ? static_cast<int>(0x80008000u) | index : index << 8 | 0x00800080;
  const __m256i dword = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404,
                                          0x08080808, 0x0c0c0c0c);
  return _mm256_shuffle_epi8(bytes, _mm256_or_si256(_mm256_set1_epi32(pattern), dword));
}

// Unsigned byte `index` as both int16 of a pair; bytes `index` and `index` + 1 as a pair.
[[gnu::always_inline]] inline __m256i unsigned_both(__m256i bytes, int index) {
  return spread_bytes(bytes, index, index, ByteOf16::low);
}

[[gnu::always_inline]] inline __m256i unsigned_pair(__m256i bytes, int index) {
  return spread_bytes(bytes, index, index + 1, ByteOf16::low);
}

// A signed one as both.
[[gnu::always_inline]] inline __m256i signed_both(__m256i bytes, int index) {
  return _mm256_srai_epi16(spread_bytes(bytes, index, index, ByteOf16::high), 8);
}

}  // namespace
}  // namespace bise::cpu::avx2
