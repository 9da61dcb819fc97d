#pragma once

#include "backends/cpu/kernels/avx2/matmul_tokens.h"

// A tile of unpacked weights, and its product with up to 4 tokens.

namespace bise::cpu::avx2 {
namespace {

// Takes what a Format unpacks of 8 rows into a tile: `group` is its first group, at these rows.
template <class Format>
struct TileSink {
  static constexpr Layout kLayout{Format::kShape};
  std::byte* group;

  void scale(__m256 value) const { store(group, value); }
  void minimum(__m256 value) const { store(group + Layout::kStep, value); }
  void multiplier(int i, __m256i value) const { put(kLayout.multipliers, i, value); }
  void coefficient(int i, __m256i value) const { put(kLayout.coefficients, i, value); }
  void weights(int step, __m256i value) const { put(kLayout.weights, step, value); }
  void wide_weights(int step, __m256i value) const { put(kLayout.weights, step, value); }
  void end_group() { group += kLayout.bytes; }

 private:
  void put(int array, int step, __m256i value) const {
    store(group + array + step * Layout::kStep, value);
  }
};

// Of 16 rows: with each token in turn, rows 0 to 7 and 8 to 15.
template <int kTokens>
struct Sums {
  __m256i at[kTokens][2];
};

template <int kTokens>
struct Totals {
  __m256 at[kTokens][2];
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

// Pairs of int16 that a chain's sums are multiplied with.
template <class Format>
[[gnu::always_inline]] inline __m256i chain_multiplier(const std::byte* group, int first, int r) {
  constexpr Shape kShape = Format::kShape;
  if constexpr (kShape.sub_block == 0) {
    return _mm256_set1_epi16(1);
  } else {
    constexpr int kFirst = Layout(kShape).multipliers;
    return load(group + kFirst + first * 4 / kShape.sub_block * Layout::kStep + r * 32);
  }
}

// A group of bytes in chains: products of 4 are added in int16, then widened and multiplied.
template <class Format, int kTokens>
[[gnu::always_inline]] inline void add_byte_products(const std::byte* group,
                                                     const GroupTokens<Format, kTokens>& tokens,
                                                     Sums<kTokens>& sums) {
  constexpr Shape kShape = Format::kShape;
#pragma GCC unroll 1
  for (int first = 0; first < kShape.group / 4; first += kShape.chain) {
    const std::byte* weights = group + Layout(kShape).weights + first * Layout::kStep;
    __m256i chained[kTokens][2];
#pragma GCC unroll 8
    for (int step = 0; step < kShape.chain; ++step) {
      const __m256i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 32)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i activation = broadcast4(tokens.values[t] + (first + step) * 4);
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          add_chain_product<Format>(chained[t][r], weight[r], activation, step,
                                    tokens.extras[t] + first / kShape.chain);
        }
      }
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      const __m256i multiplier = chain_multiplier<Format>(group, first, r);
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i product = _mm256_madd_epi16(chained[t][r], multiplier);
        sums.at[t][r] = _mm256_add_epi32(sums.at[t][r], product);
      }
    }
  }
}

// sums += pairs of int16 times pairs of int16.
template <int kSteps, int kTokens, class T>
[[gnu::always_inline]] inline void add_pair_products(const std::byte* weights,
                                                     const T* const (&values)[kTokens],
                                                     Sums<kTokens>& sums) {
  constexpr int kUnrolled = kSteps < 8 ? kSteps : 8;
  constexpr int kOfPair = 4 / sizeof(T);
#pragma GCC unroll 1
  for (int first = 0; first < kSteps; first += kUnrolled) {
#pragma GCC unroll 8
    for (int step = first; step < first + kUnrolled; ++step) {
      const __m256i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 32)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i activation = broadcast4(values[t] + step * kOfPair);
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

// totals += the tile's groups times kTokens tokens.
template <class Format, int kTokens>
[[gnu::noinline]] void multiply_tile(const std::byte* tile, int group_count, const TokenRows& rows,
                                     Totals<kTokens>& all) {
  constexpr Shape kShape = Format::kShape;
  constexpr Layout kLayout{kShape};
  GroupTokens<Format, kTokens> tokens(rows);
  Totals<kTokens> totals = all;
  for (int g = 0; g < group_count; ++g) {
    const std::byte* group = tile + static_cast<std::ptrdiff_t>(g) * kLayout.bytes;
    Sums<kTokens> sums = zero_sums<kTokens>();
    if constexpr (kShape.chain == 0) {
      add_pair_products<kShape.group / 2>(group + kLayout.weights, tokens.wide, sums);
    } else {
      add_byte_products<Format>(group, tokens, sums);
    }
    Sums<kTokens> coefficients = zero_sums<kTokens>();
    if constexpr (kShape.coefficient_pairs != 0) {
      add_pair_products<kShape.coefficient_pairs>(group + kLayout.coefficients, tokens.extras,
                                                  coefficients);
    }
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      const __m256 token_scale = _mm256_set1_ps(*tokens.scales[t]);
#pragma GCC unroll 2
      for (int r = 0; r < 2; ++r) {
        GroupOfRows of_rows;
        of_rows.scale = load_floats(group + r * 32);
        if constexpr (kShape.minimum) {
          of_rows.minimum = load_floats(group + Layout::kStep + r * 32);
        }
        of_rows.sum = sums.at[t][r];
        of_rows.coefficients = coefficients.at[t][r];
        totals.at[t][r] =
            add_group<Format>(totals.at[t][r], of_rows, token_scale, tokens.extras[t]);
      }
    }
    tokens.next(g % 2 != 0);
  }
  all = totals;
}

}  // namespace
}  // namespace bise::cpu::avx2
