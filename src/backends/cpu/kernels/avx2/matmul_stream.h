#pragma once

#include "backends/cpu/kernels/avx2/matmul_tokens.h"

// The product with one token or a few: weights are multiplied as they are unpacked, 8 rows at a
// time, and never stored.

namespace bise::cpu::avx2 {
namespace {

// Takes what a Format unpacks of 8 rows. Steps are known when the code is compiled, so that each
// chain lives in a register from its first step to its last.
template <class Format, int kTokens>
struct StreamSink {
  static constexpr Shape kShape = Format::kShape;
  static constexpr int kChain = kShape.chain == 0 ? 1 : kShape.chain;
  static constexpr int kChains = kShape.group / 4 / kChain;
  static constexpr int kMultipliers = kShape.sub_block == 0 ? 1 : kShape.group / kShape.sub_block;

  GroupTokens<Format, kTokens> tokens;
  __m256 totals[kTokens];
  GroupOfRows rows[kTokens];
  __m256i multipliers[kMultipliers];
  __m256i chained[kChains][kTokens];
  bool is_odd = false;

  [[gnu::always_inline]] explicit StreamSink(const TokenRows& token_rows) : tokens(token_rows) {
    for (int t = 0; t < kTokens; ++t) totals[t] = _mm256_setzero_ps();
    begin_group();
  }

  [[gnu::always_inline]] void begin_group() {
    for (int t = 0; t < kTokens; ++t) {
      rows[t].sum = rows[t].coefficients = _mm256_setzero_si256();
    }
  }

  [[gnu::always_inline]] void scale(__m256 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].scale = value;
  }

  [[gnu::always_inline]] void minimum(__m256 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].minimum = value;
  }

  [[gnu::always_inline]] void multiplier(int i, __m256i value) { multipliers[i] = value; }

  [[gnu::always_inline]] void coefficient(int i, __m256i value) {
    for (int t = 0; t < kTokens; ++t) {
      add_products(rows[t].coefficients, value, broadcast4(tokens.extras[t] + i));
    }
  }

  [[gnu::always_inline]] void weights(int step, __m256i value) {
    const int chain = step / kChain;
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      __m256i& sum = chained[chain][t];
      add_chain_product<Format>(sum, value, broadcast4(tokens.values[t] + step * 4), step % kChain,
                                tokens.extras[t] + chain);
      if (step % kChain == kChain - 1) add_products(rows[t].sum, sum, multiplier_of(chain));
    }
  }

  [[gnu::always_inline]] void wide_weights(int step, __m256i value) {
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      add_products(rows[t].sum, value, broadcast4(tokens.wide[t] + step * 2));
    }
  }

  [[gnu::always_inline]] void end_group() {
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      totals[t] = add_group<Format>(totals[t], rows[t], _mm256_set1_ps(*tokens.scales[t]),
                                    tokens.extras[t]);
    }
    tokens.next(is_odd);
    is_odd = !is_odd;
    begin_group();
  }

 private:
  [[gnu::always_inline]] static void add_products(__m256i& sum, __m256i a, __m256i b) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    pin(sum);
  }

  [[gnu::always_inline]] __m256i multiplier_of(int chain) const {
    if constexpr (kShape.sub_block == 0) return _mm256_set1_epi16(1);
    return multipliers[chain * kChain * 4 / (kShape.sub_block == 0 ? 1 : kShape.sub_block)];
  }
};

// 8 rows, the last of them perhaps one row several times, times kTokens tokens.
template <class Format, int kTokens>
[[gnu::noinline]] void stream_rows(BlockRows rows, int block_count, const TokenRows& token_rows,
                                   Ahead& all_ahead, __m256 (&totals)[kTokens]) {
  constexpr Shape kShape = Format::kShape;
  StreamSink<Format, kTokens> sink(token_rows);
  Ahead ahead = all_ahead;
  for (int block = 0; block < block_count; ++block) {
    ahead.advance(8 * kShape.block_bytes);
    Format::unpack(rows, sink);
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) rows.row[r] += kShape.block_bytes;
  }
  for (int t = 0; t < kTokens; ++t) totals[t] = sink.totals[t];
  all_ahead = ahead;
}

}  // namespace
}  // namespace bise::cpu::avx2
