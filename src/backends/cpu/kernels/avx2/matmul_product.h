#pragma once

#include "backends/cpu/kernels/avx2/matmul_sinks.h"
#include "backends/cpu/kernels/matmul_quantized_loop.h"

// A tile's product with up to 4 tokens, and what the loop needs to know.

namespace bise::cpu::avx2 {
namespace {

// Of 16 rows: for each token, rows 0 to 7 and 8 to 15.
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
template <class Format, int kTokens, class Tokens>
[[gnu::always_inline]] inline void add_byte_products(const std::byte* group, const Tokens& tokens,
                                                     Sums<kTokens>& sums) {
  constexpr Shape kShape = Format::kShape;
  constexpr int kChain = chain_of(kShape);
#pragma GCC unroll 1
  for (int first = 0; first < kShape.group / 4; first += kChain) {
    const std::byte* weights = group + Layout(kShape).weights + first * Layout::kStep;
    __m256i chained[kTokens][2];
#pragma GCC unroll 8
    for (int step = 0; step < kChain; ++step) {
      const __m256i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 32)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i activation = broadcast4(tokens.values[t] + (first + step) * 4);
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          add_chain_product<Format>(chained[t][r], weight[r], activation, step,
                                    tokens.extras[t] + first / kChain);
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
        for (int r = 0; r < 2; ++r) add_pairs(sums.at[t][r], weight[r], activation);
      }
    }
  }
}

template <class Format_>
struct Product {
  using Format = Format_;
  static constexpr Shape kShape = Format::kShape;
  static constexpr int kRows = Lanes::kRows;
  static constexpr int kTileRows = 2 * kRows;
  static constexpr int kGroupBytes = Layout(kShape).bytes;
  static constexpr int kExtras = extras_of(kShape);
  static constexpr bool kWide = is_wide(kShape);

  static TokenRows prepare(const QuantizedRows& from, int first, int count, std::int32_t* memory) {
    return prepare_tokens<Format>(from, first, count, memory);
  }

  static void widen(const std::int8_t* values, std::int64_t count, std::int16_t* wide) {
    for (std::int64_t c = 0; c < count; c += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + c));
      auto* to = reinterpret_cast<__m256i*>(wide + c);
      _mm256_store_si256(to, even_bytes(bytes));
      _mm256_store_si256(to + 1, odd_bytes(bytes));
    }
  }

  static void unpack(Lanes::Rows rows, int block_count, std::byte* tile) {
    TileSink<Format> sink(tile);
    for (int block = 0; block < block_count; ++block) {
      Format::unpack(rows, sink);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) rows.row[r] += kShape.block_bytes;
    }
  }

  template <int kTokens>
  [[gnu::noinline]] static void multiply(const std::byte* tile, int group_count,
                                         const TokenRows& rows, const TileResults& results) {
    GroupTokens<kShape.group, kExtras, kTokens> tokens(rows);
    __m256 totals[kTokens][2];
    for (int t = 0; t < kTokens; ++t) {
      for (int r = 0; r < 2; ++r) {
        const float* from = results.rows + t * results.stride + r * kRows;
        totals[t][r] = results.is_first ? _mm256_setzero_ps() : _mm256_loadu_ps(from);
      }
    }
    for (int g = 0; g < group_count; ++g) {
      add_tile_group<kTokens>(tile + static_cast<std::ptrdiff_t>(g) * kGroupBytes, tokens, totals);
      tokens.next(g % 2 != 0);
    }
    for (int t = 0; t < kTokens; ++t) {
      for (int r = 0; r < 2; ++r) {
        _mm256_storeu_ps(results.rows + t * results.stride + r * kRows, totals[t][r]);
      }
    }
  }

  template <int kTokens>
  [[gnu::noinline]] static void stream(Lanes::Rows rows, int block_count,
                                       const TokenRows& token_rows, Ahead& all_ahead,
                                       float (&results)[kTokens][kRows]) {
    StreamSink<Format, kTokens> sink(token_rows);
    Ahead ahead = all_ahead;
    for (int block = 0; block < block_count; ++block) {
      ahead.advance(kRows * kShape.block_bytes);
      Format::unpack(rows, sink);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) rows.row[r] += kShape.block_bytes;
    }
    for (int t = 0; t < kTokens; ++t) _mm256_store_ps(results[t], sink.totals[t]);
    all_ahead = ahead;
  }

 private:
  template <int kTokens, class Tokens>
  [[gnu::always_inline]] static void add_tile_group(const std::byte* group, const Tokens& tokens,
                                                    __m256 (&totals)[kTokens][2]) {
    constexpr Layout kLayout(kShape);
    Sums<kTokens> sums = zero_sums<kTokens>();
    if constexpr (kWide) {
      add_pair_products<kShape.group / 2>(group + kLayout.weights, tokens.wide, sums);
    } else {
      add_byte_products<Format, kTokens>(group, tokens, sums);
    }
    Sums<kTokens> minima = zero_sums<kTokens>();
    if constexpr (kShape.minimum_block != 0) {
      add_pair_products<kShape.minimum_pairs()>(group + kLayout.minima, tokens.extras, minima);
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
        of_rows.minima = minima.at[t][r];
        totals[t][r] = add_group<Format>(totals[t][r], of_rows, token_scale, tokens.extras[t]);
      }
    }
  }
};

}  // namespace
}  // namespace bise::cpu::avx2
