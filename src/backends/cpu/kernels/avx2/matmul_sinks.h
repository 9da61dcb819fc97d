#pragma once

#include "backends/cpu/kernels/avx2/matmul_step.h"

// What becomes of unpacked weights: a tile for many tokens, or products at once.

namespace bise::cpu::avx2 {
namespace {

// One group of 16 rows in a tile: arrays of [rows], [..][rows][2], [..][rows][4], 64 bytes a step.
//   float scales[16], minima[16];
//   int16 multipliers[multipliers()][16][2];      both of a pair alike
//   int16 minima[minimum_pairs()][16][2];
//   uint8 weights[group / 4][16][4]; or
//   int16 weights[group / 2][16][2];              of each 32: pairs (0, 2) (4, 6) .. (28, 30),
//                                                 then (1, 3) (5, 7) .. (29, 31)
struct Layout {
  static constexpr int kStep = 64;
  int multipliers, minima, weights, bytes;

  constexpr explicit Layout(const Shape& shape)
      : multipliers(kStep * (shape.minimum ? 2 : 1)),
        minima(multipliers + (is_wide(shape) ? 0 : kStep * shape.multipliers())),
        weights(minima + kStep * shape.minimum_pairs()),
        bytes(weights + kStep * shape.group / (is_wide(shape) ? 2 : 4)) {}
};

// Turns bytes into what the products multiply, and hands it to `Taker`.
template <class Format, class Taker>
struct Sink {
  static constexpr Shape kShape = Format::kShape;
  __m256i wide_multiplier;  // of the sub-block whose weights come next, where weights are wide

  [[gnu::always_inline]] void multiplier(int sub, __m256i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    taker().take_multiplier(sub, Lanes::shuffle(bytes, 0x80008000u | at << 16 | at));
  }

  [[gnu::always_inline]] void signed_multiplier(int sub, __m256i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    const __m256i upper = Lanes::shuffle(bytes, 0x00800080u | at << 24 | at << 8);
    const __m256i both = _mm256_srai_epi16(upper, 8);
    if constexpr (is_wide(kShape)) {
      wide_multiplier = both;
    } else {
      taker().take_multiplier(sub, both);
    }
  }

  [[gnu::always_inline]] void minimum_pair(int pair, __m256i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    taker().take_minimum_pair(pair, Lanes::shuffle(bytes, 0x80008000u | (at + 1) << 16 | at));
  }

  [[gnu::always_inline]] void signed_weights(int step, __m256i bytes) {
    __m256i even = even_bytes(bytes);
    __m256i odd = odd_bytes(bytes);
    if constexpr (kShape.sub_block != 0) {
      even = _mm256_mullo_epi16(even, wide_multiplier);
      odd = _mm256_mullo_epi16(odd, wide_multiplier);
    }
    const int first = step / 8 * 16 + step % 8;
    taker().take_wide_weights(first, even);
    taker().take_wide_weights(first + 8, odd);
  }

 private:
  [[gnu::always_inline]] Taker& taker() { return static_cast<Taker&>(*this); }
};

// Stores 8 rows in a tile whose first group `group` is, at the first of these rows.
template <class Format>
struct TileSink : Sink<Format, TileSink<Format>> {
  static constexpr Layout kLayout{Format::kShape};
  std::byte* group;

  explicit TileSink(std::byte* first_group) : group(first_group) {}

  void scale(__m256 value) { put(0, 0, _mm256_castps_si256(value)); }
  void minimum(__m256 value) { put(Layout::kStep, 0, _mm256_castps_si256(value)); }
  void take_multiplier(int sub, __m256i value) { put(kLayout.multipliers, sub, value); }
  void take_minimum_pair(int pair, __m256i value) { put(kLayout.minima, pair, value); }
  void weights(int step, __m256i value) { put(kLayout.weights, step, value); }
  void take_wide_weights(int step, __m256i value) { put(kLayout.weights, step, value); }
  void end_group() { group += kLayout.bytes; }

 private:
  [[gnu::always_inline]] void put(int array, int step, __m256i value) {
    auto* to = reinterpret_cast<__m256i*>(group + array + step * Layout::kStep);
    _mm256_store_si256(to, value);
  }
};

// Multiplies 8 rows with one token or two as they are unpacked; nothing is stored. Steps are known
// when the code is compiled, so that each chain lives in a register from its first step to its
// last.
template <class Format, int kTokens>
struct StreamSink : Sink<Format, StreamSink<Format, kTokens>> {
  static constexpr Shape kShape = Format::kShape;
  static constexpr int kChain = is_wide(kShape) ? 1 : chain_of(kShape);
  static constexpr int kChains = kShape.group / 4 / kChain;

  GroupTokens<kShape.group, extras_of(kShape), kTokens> tokens;
  __m256 totals[kTokens];
  GroupOfRows rows[kTokens];
  __m256i multipliers[kShape.multipliers() + 1];
  __m256i chained[kChains][kTokens];
  bool is_odd = false;

  [[gnu::always_inline]] explicit StreamSink(const TokenRows& token_rows) : tokens(token_rows) {
    for (int t = 0; t < kTokens; ++t) totals[t] = _mm256_setzero_ps();
    begin_group();
  }

  [[gnu::always_inline]] void scale(__m256 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].scale = value;
  }

  [[gnu::always_inline]] void minimum(__m256 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].minimum = value;
  }

  [[gnu::always_inline]] void take_multiplier(int sub, __m256i value) { multipliers[sub] = value; }

  [[gnu::always_inline]] void take_minimum_pair(int pair, __m256i value) {
    for (int t = 0; t < kTokens; ++t) {
      add_pairs(rows[t].minima, value, broadcast4(tokens.extras[t] + pair));
    }
  }

  [[gnu::always_inline]] void weights(int step, __m256i value) {
    const int chain = step / kChain;
#pragma GCC unroll 2
    for (int t = 0; t < kTokens; ++t) {
      __m256i& sum = chained[chain][t];
      add_chain_product<Format>(sum, value, broadcast4(tokens.values[t] + step * 4), step % kChain,
                                tokens.extras[t] + chain);
      if (step % kChain == kChain - 1) add_pairs(rows[t].sum, sum, multiplier_of(chain));
    }
  }

  [[gnu::always_inline]] void take_wide_weights(int step, __m256i value) {
#pragma GCC unroll 2
    for (int t = 0; t < kTokens; ++t) {
      add_pairs(rows[t].sum, value, broadcast4(tokens.wide[t] + step * 2));
    }
  }

  [[gnu::always_inline]] void end_group() {
#pragma GCC unroll 2
    for (int t = 0; t < kTokens; ++t) {
      totals[t] = add_group<Format>(totals[t], rows[t], _mm256_set1_ps(*tokens.scales[t]),
                                    tokens.extras[t]);
    }
    tokens.next(is_odd);
    is_odd = !is_odd;
    begin_group();
  }

 private:
  [[gnu::always_inline]] void begin_group() {
    for (int t = 0; t < kTokens; ++t) rows[t].sum = rows[t].minima = _mm256_setzero_si256();
  }

  [[gnu::always_inline]] __m256i multiplier_of(int chain) const {
    if constexpr (kShape.sub_block == 0) {
      return _mm256_set1_epi16(1);
    } else {
      return multipliers[chain * kChain * 4 / kShape.sub_block];
    }
  }
};

}  // namespace
}  // namespace bise::cpu::avx2
