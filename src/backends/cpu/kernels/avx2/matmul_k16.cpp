#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_loop.h"
#include "backends/cpu/kernels/avx2/matmul_nibbles.h"

// Formats of 256 weights with sub-blocks of 16: Q2_K, Q3_K, Q6_K. Offsets as in
// tensor/quant_blocks.h.

namespace bise::cpu::avx2 {
namespace {

// 16 signed codes, 4 in each dword: as multipliers, and times 2^kOffsetBits as coefficients.
template <class Format, int kOffsetBits>
[[gnu::always_inline]] inline void store_signed_codes(const __m256i (&codes)[4], std::byte* group) {
#pragma GCC unroll 4
  for (int d = 0; d < 4; ++d) {
    std::byte* multipliers = group + Format::kLayout.multipliers + d * 4 * Layout::kStep;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      store(multipliers + i * Layout::kStep, _mm256_srai_epi16(signed_pair_256(codes[d], i), 8));
    }
    std::byte* coefficients = group + Format::kLayout.coefficients + d * 2 * Layout::kStep;
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      store(coefficients + i * Layout::kStep,
            _mm256_srai_epi16(signed_neighbours_256(codes[d], i * 2), 8 - kOffsetBits));
    }
  }
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
  static constexpr Layout kLayout{kShape};

  static void unpack(const BlockRows& rows, std::byte* group) {
    const HalfPair floats = to_floats(load_dwords(rows, 80));
    store(group, floats.low);
    store(group + Layout::kStep, floats.high);
    const Quad codes = load_quad(rows, 0);
#pragma GCC unroll 4
    for (int d = 0; d < 4; ++d) {
      const __m256i scales = low_nibbles(codes.dword[d]);
      const __m256i minima = high_nibbles(codes.dword[d]);
      std::byte* multipliers = group + kLayout.multipliers + d * 4 * Layout::kStep;
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) store(multipliers + i * Layout::kStep, unsigned_pair(scales, i));
      std::byte* coefficients = group + kLayout.coefficients + d * 2 * Layout::kStep;
      store(coefficients, unsigned_neighbours(minima, 0));
      store(coefficients + Layout::kStep, unsigned_neighbours(minima, 2));
    }
    for (int piece = 0; piece < 4; ++piece) {
      const Quad packed = load_quad(rows, 16 + piece * 16);
      std::byte* weights =
          group + kLayout.weights + (piece / 2 * 32 + piece % 2 * 4) * Layout::kStep;
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          store(weights + (g * 8 + i) * Layout::kStep, two_bits(packed.dword[i], g));
        }
      }
    }
  }
};

struct Q3K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 110,
                                   .chain = 4,
                                   .sub_block = 16,
                                   .coefficient_pairs = 8};
  static constexpr Layout kLayout{kShape};

  static void unpack(const BlockRows& rows, std::byte* group) {
    store(group, load_halves(rows, 108));
    unpack_codes(rows, group);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Quad high = load_quad(rows, half * 16);
#pragma GCC unroll 2
      for (int n = 0; n < 2; ++n) {
        const Quad low = load_quad(rows, 32 + n * 32 + half * 16);
        std::byte* weights = group + kLayout.weights + (n * 32 + half * 4) * Layout::kStep;
#pragma GCC unroll 4
        for (int g = 0; g < 4; ++g) {
#pragma GCC unroll 4
          for (int i = 0; i < 4; ++i) {
            store(weights + (g * 8 + i) * Layout::kStep,
                  _mm256_or_si256(two_bits(low.dword[i], g), third_bit(high.dword[i], n * 4 + g)));
          }
        }
      }
    }
  }

  // Code k: nibble k / 8 of byte k % 8, upper bits at 2 (k / 4) of byte 8 + k % 4; less 32.
  static void unpack_codes(const BlockRows& rows, std::byte* group) {
    const __m256i low[2] = {load_dwords(rows, 96), load_dwords(rows, 100)};
    const __m256i upper = load_dwords(rows, 104);
    __m256i codes[4];
#pragma GCC unroll 4
    for (int d = 0; d < 4; ++d) {
      const __m256i four = d < 2 ? low_nibbles(low[d]) : high_nibbles(low[d - 2]);
      const __m256i code = _mm256_or_si256(four, _mm256_slli_epi16(two_bits(upper, d), 4));
      codes[d] = _mm256_sub_epi8(code, _mm256_set1_epi8(32));
    }
    store_signed_codes<Q3K, 2>(codes, group);
  }

  // Bit `index` of every byte as 4 or 0.
  static __m256i third_bit(__m256i bytes, int index) {
    const __m256i at_two =
        index < 2 ? _mm256_slli_epi16(bytes, 2 - index) : _mm256_srli_epi16(bytes, index - 2);
    return _mm256_and_si256(at_two, _mm256_set1_epi8(4));
  }
};

struct Q6K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 210,
                                   .chain = 2,
                                   .sub_block = 16,
                                   .coefficient_pairs = 8};
  static constexpr Layout kLayout{kShape};

  static void unpack(const BlockRows& rows, std::byte* group) {
    store(group, load_halves(rows, 208));
    const Quad scales = load_quad(rows, 192);
    store_signed_codes<Q6K, 5>(scales.dword, group);
    for (int n = 0; n < 2; ++n) {
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        const Quad high = load_quad(rows, 128 + n * 32 + half * 16);
#pragma GCC unroll 2
        for (int odd = 0; odd < 2; ++odd) {
          const Quad low = load_quad(rows, n * 64 + odd * 32 + half * 16);
          std::byte* weights =
              group + kLayout.weights + (n * 32 + odd * 8 + half * 4) * Layout::kStep;
#pragma GCC unroll 4
          for (int i = 0; i < 4; ++i) {
            const __m256i low_part = upper_two(high.dword[i], odd);
            const __m256i high_part = upper_two(high.dword[i], odd + 2);
            store(weights + i * Layout::kStep,
                  _mm256_or_si256(low_nibbles(low.dword[i]), low_part));
            store(weights + (i + 16) * Layout::kStep,
                  _mm256_or_si256(high_nibbles(low.dword[i]), high_part));
          }
        }
      }
    }
  }

  // Bits 2 g, 2 g + 1 of every byte at 4, 5.
  static __m256i upper_two(__m256i bytes, int g) {
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
