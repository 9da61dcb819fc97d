#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_loop.h"
#include "backends/cpu/kernels/avx2/matmul_nibbles.h"

// Formats of 256 weights with sub-blocks of 16: Q2_K, Q3_K, Q6_K. Offsets as in
// tensor/quant_blocks.h.

namespace bise::cpu::avx2 {
namespace {

// 16 signed codes, 4 in each dword.
template <class Sink>
[[gnu::always_inline]] inline void put_signed_codes(const __m256i (&codes)[4], Sink& sink) {
#pragma GCC unroll 16
  for (int sub = 0; sub < 16; ++sub) sink.multiplier(sub, signed_both(codes[sub / 4], sub % 4));
}

// Bits `group` * 2 and up of every byte.
[[gnu::always_inline]] inline __m256i two_bits(__m256i bytes, int group) {
  return byte_bits(bytes, group * 2, _mm256_set1_epi8(3));
}

struct Q2K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 84,
                                   .chain = 4,
                                   .sub_block = 16,
                                   .minimum = true,
                                   .coefficient_pairs = 8};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    const HalfPair floats = to_floats(load_dwords(rows, 80));
    sink.scale(floats.low);
    sink.minimum(floats.high);
    const Quad codes = load_quad(rows, 0);
#pragma GCC unroll 16
    for (int sub = 0; sub < 16; ++sub) {
      sink.multiplier(sub, unsigned_both(low_nibbles(codes.dword[sub / 4]), sub % 4));
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      sink.coefficient(i, unsigned_pair(high_nibbles(codes.dword[i / 2]), i % 2 * 2));
    }
#pragma GCC unroll 4
    for (int piece = 0; piece < 4; ++piece) {
      const Quad packed = load_quad(rows, 16 + piece * 16);
      const int first = piece / 2 * 32 + piece % 2 * 4;
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        sink.weights(first + i / 4 * 8 + i % 4, two_bits(packed.dword[i % 4], i / 4));
      }
    }
    sink.end_group();
  }
};

struct Q3K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 110,
                                   .chain = 4,
                                   .sub_block = 16,
                                   .chain_offset = 4};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 108));
    put_codes(rows, sink);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Quad high = load_quad(rows, half * 16);
#pragma GCC unroll 2
      for (int n = 0; n < 2; ++n) {
        const Quad low = load_quad(rows, 32 + n * 32 + half * 16);
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
          const __m256i weights = _mm256_or_si256(two_bits(low.dword[i % 4], i / 4),
                                                  third_bit(high.dword[i % 4], n * 4 + i / 4));
          sink.weights(n * 32 + half * 4 + i / 4 * 8 + i % 4, weights);
        }
      }
    }
    sink.end_group();
  }

  // Code k: nibble k / 8 of byte k % 8, upper bits at 2 (k / 4) of byte 8 + k % 4; less 32.
  template <class Sink>
  [[gnu::always_inline]] static void put_codes(const BlockRows& rows, Sink& sink) {
    const __m256i low[2] = {load_dwords(rows, 96), load_dwords(rows, 100)};
    const __m256i upper = load_dwords(rows, 104);
    __m256i codes[4];
#pragma GCC unroll 4
    for (int d = 0; d < 4; ++d) {
      const __m256i four = d < 2 ? low_nibbles(low[d]) : high_nibbles(low[d - 2]);
      const __m256i code = _mm256_or_si256(four, _mm256_slli_epi16(two_bits(upper, d), 4));
      codes[d] = _mm256_sub_epi8(code, _mm256_set1_epi8(32));
    }
    put_signed_codes(codes, sink);
  }

  // Bit `index` of every byte as 4 or 0.
  [[gnu::always_inline]] static __m256i third_bit(__m256i bytes, int index) {
    const __m256i at_two =
        index < 2 ? _mm256_slli_epi16(bytes, 2 - index) : _mm256_srli_epi16(bytes, index - 2);
    return _mm256_and_si256(at_two, _mm256_set1_epi8(4));
  }
};

struct Q6K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 210,
                                   .chain = 4,
                                   .sub_block = 16,
                                   .chain_offset = 32};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 208));
    put_signed_codes(load_quad(rows, 192).dword, sink);
#pragma GCC unroll 4
    for (int piece = 0; piece < 4; ++piece) {
      const int n = piece / 2;
      const int half = piece % 2;
      const Quad high = load_quad(rows, 128 + n * 32 + half * 16);
#pragma GCC unroll 2
      for (int odd = 0; odd < 2; ++odd) {
        const int first = n * 32 + odd * 8 + half * 4;
        put_nibbles(load_quad(rows, n * 64 + odd * 32 + half * 16), first, first + 16, sink,
                    [&](__m256i codes, int step) {
                      return _mm256_or_si256(codes, upper_two(high.dword[step % 4], step / 8 % 4));
                    });
      }
    }
    sink.end_group();
  }

  // Bits 2 g, 2 g + 1 of every byte at 4, 5.
  [[gnu::always_inline]] static __m256i upper_two(__m256i bytes, int g) {
    const __m256i at_four =
        g < 2 ? _mm256_slli_epi16(bytes, 4 - 2 * g) : _mm256_srli_epi16(bytes, 2 * g - 4);
    return _mm256_and_si256(at_four, _mm256_set1_epi8(0x30));
  }
};

}  // namespace

void install_matmul_k16(KernelTable& table) {
  install_format<Q2K>(table, ElementType::q2_k, ActivationKind::int8_256);
  install_format<Q3K>(table, ElementType::q3_k, ActivationKind::int8_256);
  install_format<Q6K>(table, ElementType::q6_k, ActivationKind::int8_256);
}

}  // namespace bise::cpu::avx2
