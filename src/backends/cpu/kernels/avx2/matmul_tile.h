#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/avx2/matmul_load.h"
#include "backends/cpu/kernels/avx2/matmul_shape.h"

// The product of a tile of weights with up to 4 tokens, and the loop over tiles. A Format gives
//   kShape, kLayout
//   unpack(const BlockRows& rows, std::byte* group)    one block of 8 rows; `group` is the tile's
//                                                      first group of it, at the first of the rows

namespace bise::cpu::avx2 {
namespace {

// Columns of a tile: with 16 rows 8 KiB of bytes or 16 KiB of int16, half of the level-1 cache,
// and 512 tokens of them are half of the level-2 cache.
constexpr int kTileCols = 512;
constexpr int kTokensMax = 4;        // of one pass over a tile: 8 sums, 2 weights, an activation
constexpr int kTokensOfStream = 16;  // up to here the weights are read in the file's order
constexpr int kTokensOfPanel = 512;

// Activations from a tile's first column on.
struct TokenRows {
  const std::int8_t* values;
  const std::int16_t* wide;  // the values of the tile's columns as int16, in the order of its pairs
  const float* scales;
  const std::int16_t* sums;
  std::int64_t value_stride, scale_stride, sum_stride;
};

// A sum that stays where it is: left alone, GCC 12 adds a whole chain of products at its end and
// keeps them all on the stack until then.
[[gnu::always_inline]] inline void pin(__m256i& sum) {
  asm("" : "+x"(sum));
}

template <int kTokens>
struct Sums {
  __m256i at[kTokens][2];
};

template <int kTokens>
[[gnu::always_inline]] inline Sums<kTokens> zero_sums() {
  Sums<kTokens> sums;
  for (int t = 0; t < kTokens; ++t) sums.at[t][0] = sums.at[t][1] = _mm256_setzero_si256();
  return sums;
}

[[gnu::always_inline]] inline __m256i load(const std::byte* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

[[gnu::always_inline]] inline __m256 load_floats(const std::byte* from) {
  return _mm256_load_ps(reinterpret_cast<const float*>(from));
}

template <class T>
[[gnu::always_inline]] inline __m256i broadcast4(const T* from) {
  int value;
  __builtin_memcpy(&value, from, sizeof value);
  return _mm256_set1_epi32(value);
}

// Sums of 4 products each in int16, widened and multiplied every kChain steps.
template <const Shape& kShape, int kTokens>
[[gnu::always_inline]] inline void add_byte_products(const std::byte* group, const Layout& layout,
                                                     const std::int8_t* const (&values)[kTokens],
                                                     Sums<kTokens>& sums) {
  constexpr int kChain = kShape.chain;
#pragma GCC unroll 1
  for (int first = 0; first < kShape.group / 4; first += kChain) {
    const std::byte* weights = group + layout.weights + first * Layout::kStep;
    Sums<kTokens> chained;
#pragma GCC unroll 8
    for (int step = 0; step < kChain; ++step) {
      const __m256i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 32)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i activation = broadcast4(values[t] + (first + step) * 4);
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          const __m256i product = _mm256_maddubs_epi16(weight[r], activation);
          __m256i& sum = chained.at[t][r];
          sum = step == 0 ? product : _mm256_add_epi16(sum, product);
          pin(sum);
        }
      }
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      __m256i multiplier = _mm256_set1_epi16(1);
      if constexpr (kShape.sub_block != 0) {
        multiplier = load(group + layout.multipliers + r * 32 +
                          first * 4 / kShape.sub_block * Layout::kStep);
      }
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        sums.at[t][r] =
            _mm256_add_epi32(sums.at[t][r], _mm256_madd_epi16(chained.at[t][r], multiplier));
      }
    }
  }
}

// sums += pairs of int16 weights times pairs of int16 activations.
template <int kSteps, int kTokens>
[[gnu::always_inline]] inline void add_pair_products(const std::byte* weights,
                                                     const std::int16_t* const (&values)[kTokens],
                                                     Sums<kTokens>& sums) {
  constexpr int kUnrolled = 8;
#pragma GCC unroll 1
  for (int first = 0; first < kSteps; first += kUnrolled) {
#pragma GCC unroll 8
    for (int step = first; step < first + kUnrolled; ++step) {
      const __m256i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 32)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i activation = broadcast4(values[t] + step * 2);
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          __m256i& sum = sums.at[t][r];
          sum = _mm256_add_epi32(sum, _mm256_madd_epi16(weight[r], activation));
          pin(sum);
        }
      }
    }
  }
}

// 16 sums of 16 activations as 8 sums of 32, pairs of int16 in either half: |sum| <= 32 * 128.
[[gnu::always_inline]] inline __m256i sums_of_32(const std::int16_t* sums_of_16) {
  const __m256i wide = _mm256_madd_epi16(
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums_of_16)), _mm256_set1_epi16(1));
  return _mm256_permute4x64_epi64(_mm256_packs_epi32(wide, wide), 0x88);
}

template <int kTokens>
[[gnu::always_inline]] inline Sums<kTokens> coefficient_sums_of_32(
    const std::byte* coefficients, const std::int16_t* const (&token_sums)[kTokens]) {
  Sums<kTokens> sums;
#pragma GCC unroll 4
  for (int t = 0; t < kTokens; ++t) {
    const __m256i all = sums_of_32(token_sums[t]);
    const __m256i pair[4] = {_mm256_shuffle_epi32(all, 0x00), _mm256_shuffle_epi32(all, 0x55),
                             _mm256_shuffle_epi32(all, 0xaa), _mm256_shuffle_epi32(all, 0xff)};
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      __m256i sum = _mm256_madd_epi16(load(coefficients + r * 32), pair[0]);
#pragma GCC unroll 3
      for (int i = 1; i < 4; ++i) {
        const __m256i product =
            _mm256_madd_epi16(load(coefficients + i * Layout::kStep + r * 32), pair[i]);
        sum = _mm256_add_epi32(sum, product);
      }
      sums.at[t][r] = sum;
    }
  }
  return sums;
}

// What the chain of floats takes from one group of one token.
struct GroupOfToken {
  float scale;     // of the activations
  __m256i offset;  // subtracted from the integer sum; all lanes alike
  __m256 sum;      // of the activations, for the minimum; all lanes alike
};

template <class Format>
[[gnu::always_inline]] inline GroupOfToken group_of_token(const float* scale,
                                                          const std::int16_t* sums) {
  constexpr Shape kShape = Format::kShape;
  GroupOfToken group = {*scale, {}, {}};
  if constexpr (kShape.offset != 0 && kShape.group == 16) {
    group.offset = _mm256_set1_epi32(*sums * kShape.offset);
  } else if constexpr (kShape.offset != 0) {
    group.offset = _mm256_madd_epi16(broadcast4(sums), _mm256_set1_epi16(kShape.offset));
  }
  if constexpr (kShape.minimum && kShape.coefficient_pairs == 0) {
    group.sum = _mm256_cvtepi32_ps(_mm256_madd_epi16(broadcast4(sums), _mm256_set1_epi16(1)));
  }
  return group;
}

template <int kTokens>
struct Totals {
  __m256 at[kTokens][2];
};

// The contract's chain of floats for a group: its minima, where there are any, after its products.
template <class Format, int kTokens>
[[gnu::always_inline]] inline void add_group(const std::byte* group,
                                             const float* const (&scales)[kTokens],
                                             const std::int16_t* const (&token_sums)[kTokens],
                                             const Sums<kTokens>& sums, const Sums<kTokens>& minima,
                                             Totals<kTokens>& totals) {
  constexpr Shape kShape = Format::kShape;
#pragma GCC unroll 4
  for (int t = 0; t < kTokens; ++t) {
    const GroupOfToken of_token = group_of_token<Format>(scales[t], token_sums[t]);
    const __m256 activation_scale = _mm256_set1_ps(of_token.scale);
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      __m256i sum = sums.at[t][r];
      if constexpr (kShape.offset != 0) sum = _mm256_sub_epi32(sum, of_token.offset);
      const __m256 scale = _mm256_mul_ps(load_floats(group + r * 32), activation_scale);
      __m256 total = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(sum), totals.at[t][r]);
      if constexpr (kShape.minimum) {
        const __m256 minimum =
            _mm256_mul_ps(load_floats(group + Layout::kStep + r * 32), activation_scale);
        total = kShape.coefficient_pairs == 0
                    ? _mm256_fmadd_ps(minimum, of_token.sum, total)
                    : _mm256_fnmadd_ps(minimum, _mm256_cvtepi32_ps(minima.at[t][r]), total);
      }
      totals.at[t][r] = total;
    }
  }
}

template <class Format, int kTokens>
[[gnu::always_inline]] inline Sums<kTokens> group_sums(const std::byte* group,
                                                       const std::int8_t* const (&values)[kTokens],
                                                       const std::int16_t* const (&wide)[kTokens]) {
  Sums<kTokens> sums = zero_sums<kTokens>();
  if constexpr (Format::kShape.chain == 0) {
    add_pair_products<Format::kShape.group / 2>(group + Format::kLayout.weights, wide, sums);
  } else {
    add_byte_products<Format::kShape>(group, Format::kLayout, values, sums);
  }
  return sums;
}

// totals += the tile's groups times kTokens tokens.
template <class Format, int kTokens>
[[gnu::noinline]] void multiply(const std::byte* tile, int group_count, const TokenRows& rows,
                                Totals<kTokens>& all) {
  Totals<kTokens> totals = all;
  constexpr Shape kShape = Format::kShape;
  constexpr Layout kLayout = Format::kLayout;
  const std::int8_t* values[kTokens];
  const std::int16_t* wide[kTokens];
  const float* scales[kTokens];
  const std::int16_t* token_sums[kTokens];
  for (int t = 0; t < kTokens; ++t) {
    values[t] = rows.values + t * rows.value_stride;
    wide[t] = rows.wide + t * kTileCols;
    scales[t] = rows.scales + t * rows.scale_stride;
    token_sums[t] = rows.sums + t * rows.sum_stride;
  }
  for (int g = 0; g < group_count; ++g) {
    const std::byte* group = tile + static_cast<std::ptrdiff_t>(g) * kLayout.bytes;
    Sums<kTokens> sums = group_sums<Format, kTokens>(group, values, wide);
    Sums<kTokens> coefficients = {};
    if constexpr (kShape.coefficient_pairs == 4) {
      coefficients = coefficient_sums_of_32<kTokens>(group + kLayout.coefficients, token_sums);
    } else if constexpr (kShape.coefficient_pairs == 8) {
      coefficients = zero_sums<kTokens>();
      add_pair_products<8>(group + kLayout.coefficients, token_sums, coefficients);
    }
    if constexpr (kShape.coefficient_pairs != 0 && !kShape.minimum) {
      for (int t = 0; t < kTokens; ++t) {
        for (int r = 0; r < 2; ++r) {
          sums.at[t][r] = _mm256_sub_epi32(sums.at[t][r], coefficients.at[t][r]);
        }
      }
    }
    add_group<Format, kTokens>(group, scales, token_sums, sums, coefficients, totals);
    for (int t = 0; t < kTokens; ++t) {
      values[t] += kShape.group;
      wide[t] += kShape.group;
      // Two groups of 16 weights share the scale of 32 activations.
      scales[t] += kShape.group == 16 ? g & 1 : 1;
      token_sums[t] += kShape.group / 16;
    }
  }
  all = totals;
}

}  // namespace
}  // namespace bise::cpu::avx2
