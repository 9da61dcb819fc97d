#pragma once

#include "backends/cpu/kernels/avx512/matmul_sinks.h"
#include "backends/cpu/kernels/matmul_quantized_loop.h"

// A tile's product with up to 4 tokens, and what the loop needs to know.
//
// A step of 32 rows, 4 columns and 4 tokens is 2 loads of weights, 4 broadcasts and 8 vpdpbusd: 14
// instructions for 512 products, and the arithmetic bounds it where one vpdpbusd of 512 bits is
// done a cycle (Zen 4). To 8 such steps of 32 columns a group of 32 adds, for each of the 8 sums,
// a multiplication, a conversion and a fused step, and 4 or 5 loads in all: 24 to 112, so that 64
// of 88 cycles are vpdpbusd if all of these share its two ports. A K format adds a vpmulld and an
// addition for each sub-block, or one vpdpwssd, and its floats once in 256 columns.

namespace bise::cpu::avx512 {
namespace {

template <int kTokens>
using Sums = __m512i[kTokens][2];

[[gnu::always_inline]] inline __m512i load(const std::byte* from) {
  return _mm512_load_si512(from);
}

[[gnu::always_inline]] inline __m512 load_floats(const std::byte* from) {
  return _mm512_load_ps(reinterpret_cast<const float*>(from));
}

template <class Format_>
struct Product {
  using Format = Format_;
  static constexpr Shape kShape = Format::kShape;
  static constexpr int kRows = Lanes::kRows;
  static constexpr int kTileRows = 2 * kRows;
  static constexpr int kGroupBytes = Layout(kShape).bytes;
  static constexpr int kExtras = extras_of(kShape);
  static constexpr bool kWide = false;

  static TokenRows prepare(const QuantizedRows& from, int first, int count, std::int32_t* memory) {
    return prepare_tokens<Format>(from, first, count, memory);
  }

  static void unpack(Lanes::Rows rows, int block_count, std::byte* tile) {
    TileSink<Format> sink(tile);
    for (int block = 0; block < block_count; ++block) {
      Format::unpack(rows, sink);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) rows.row[r] += kShape.block_bytes;
    }
  }

  template <int kTokens>
  [[gnu::noinline]] static void multiply(const std::byte* tile, int group_count,
                                         const TokenRows& rows, const TileResults& results) {
    GroupTokens<kShape.group, kExtras, kTokens> tokens(rows);
    __m512 totals[kTokens][2];
    for (int t = 0; t < kTokens; ++t) {
      for (int r = 0; r < 2; ++r) {
        const float* from = results.rows + t * results.stride + r * kRows;
        totals[t][r] = results.is_first ? _mm512_setzero_ps() : _mm512_loadu_ps(from);
      }
    }
    for (int g = 0; g < group_count; ++g) {
      add_tile_group<kTokens>(tile + static_cast<std::ptrdiff_t>(g) * kGroupBytes, tokens, totals);
      tokens.next(g % 2 != 0);
    }
    for (int t = 0; t < kTokens; ++t) {
      for (int r = 0; r < 2; ++r) {
        _mm512_storeu_ps(results.rows + t * results.stride + r * kRows, totals[t][r]);
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
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) rows.row[r] += kShape.block_bytes;
    }
    for (int t = 0; t < kTokens; ++t) _mm512_store_ps(results[t], sink.totals[t]);
    all_ahead = ahead;
  }

 private:
  // The sums under one factor.
  template <int kTokens, class Tokens>
  [[gnu::always_inline]] static void sum_products(const std::byte* group, const Tokens& tokens,
                                                  int index, Sums<kTokens>& parts) {
    constexpr int kSteps = kShape.scaled_cols() / 4;
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      parts[t][0] = parts[t][1] = first_sum<Format>(tokens.extras[t], index);
    }
    const int first = index * kSteps;
    const std::byte* weights = group + Layout(kShape).weights + first * Layout::kStep;
#pragma GCC unroll 8
    for (int step = 0; step < kSteps; ++step) {
      const __m512i weight[2] = {load(weights + step * Layout::kStep),
                                 load(weights + step * Layout::kStep + 64)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m512i activation = broadcast4(tokens.values[t] + (first + step) * 4);
        parts[t][0] = _mm512_dpbusd_epi32(parts[t][0], weight[0], activation);
        parts[t][1] = _mm512_dpbusd_epi32(parts[t][1], weight[1], activation);
      }
    }
  }

  // The sums of a whole group.
  template <int kTokens, class Tokens>
  [[gnu::always_inline]] static void sum_group(const std::byte* group, const Tokens& tokens,
                                               Sums<kTokens>& sums) {
    if constexpr (kShape.sub_block == 0) {
      sum_products<kTokens>(group, tokens, 0, sums);
      return;
    } else {
      for (int t = 0; t < kTokens; ++t) sums[t][0] = sums[t][1] = _mm512_setzero_si512();
      const std::byte* multipliers = group + Layout(kShape).multipliers;
      constexpr int kSubBlocks = kShape.multipliers();
#pragma GCC unroll 1
      for (int sub = 0; sub < kSubBlocks; ++sub) {
        Sums<kTokens> parts;
        sum_products<kTokens>(group, tokens, sub, parts);
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          const __m512i multiplier = load(multipliers + sub * Layout::kStep + r * 64);
#pragma GCC unroll 4
          for (int t = 0; t < kTokens; ++t) {
            add_scaled<Format>(sums[t][r], parts[t][r], multiplier);
          }
        }
      }
    }
  }

  // Integer minima times the tokens' sums.
  template <int kTokens, class Tokens>
  [[gnu::always_inline]] static void sum_minima(const std::byte* group, const Tokens& tokens,
                                                Sums<kTokens>& minima) {
    for (int t = 0; t < kTokens; ++t) minima[t][0] = minima[t][1] = _mm512_setzero_si512();
    constexpr int kPairs = kShape.minimum_pairs();
#pragma GCC unroll 8
    for (int pair = 0; pair < kPairs; ++pair) {
      const std::byte* from = group + Layout(kShape).minima + pair * Layout::kStep;
      const __m512i weight[2] = {load(from), load(from + 64)};
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m512i token = broadcast4(tokens.extras[t] + pair);
        minima[t][0] = _mm512_dpwssd_epi32(minima[t][0], weight[0], token);
        minima[t][1] = _mm512_dpwssd_epi32(minima[t][1], weight[1], token);
      }
    }
  }

  template <int kTokens, class Tokens>
  [[gnu::always_inline]] static void add_tile_group(const std::byte* group, const Tokens& tokens,
                                                    __m512 (&totals)[kTokens][2]) {
    Sums<kTokens> sums;
    sum_group<kTokens>(group, tokens, sums);
    Sums<kTokens> minima = {};
    if constexpr (kShape.minimum_block != 0) sum_minima<kTokens>(group, tokens, minima);
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      const __m512 token_scale = _mm512_set1_ps(*tokens.scales[t]);
#pragma GCC unroll 2
      for (int r = 0; r < 2; ++r) {
        GroupOfRows of_rows;
        of_rows.scale = load_floats(group + r * 64);
        if constexpr (kShape.minimum) {
          of_rows.minimum = load_floats(group + Layout::kStep + r * 64);
        }
        of_rows.sum = sums[t][r];
        of_rows.minima = minima[t][r];
        totals[t][r] = add_group<Format>(totals[t][r], of_rows, token_scale, tokens.extras[t]);
      }
    }
  }
};

}  // namespace
}  // namespace bise::cpu::avx512
