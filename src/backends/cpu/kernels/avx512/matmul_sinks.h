#pragma once

#include "backends/cpu/kernels/avx512/matmul_step.h"

// What becomes of unpacked weights: a tile for many tokens, or products at once.

namespace bise::cpu::avx512 {
namespace {

// One group of 32 rows in a tile: arrays of [rows], [..][rows], [..][rows][2], [..][rows][4], 128
// bytes a step.
//   float scales[32], minima[32];
//   int32 multipliers[multipliers()][32];     (for vpdpwssd the upper int16 are 0)
//   int16 minima[minimum_pairs()][32][2];
//   uint8 weights[group / 4][32][4];
struct Layout {
  static constexpr int kStep = 128;
  int multipliers, minima, weights, bytes;

  constexpr explicit Layout(const Shape& shape)
      : multipliers(kStep * (shape.minimum ? 2 : 1)),
        minima(multipliers + kStep * shape.multipliers()),
        weights(minima + kStep * shape.minimum_pairs()),
        bytes(weights + kStep * shape.group / 4) {}
};

// Turns bytes into what the products multiply, and hands it to `Taker`.
template <class Format, class Taker>
struct Sink {
  static constexpr Shape kShape = Format::kShape;

  [[gnu::always_inline]] void multiplier(int sub, __m512i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    taker().take_multiplier(sub, Lanes::shuffle(bytes, 0x80808000u | at));
  }

  [[gnu::always_inline]] void signed_multiplier(int sub, __m512i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    if constexpr (fits_int16(kShape)) {
      const __m512i upper = Lanes::shuffle(bytes, 0x80800080u | at << 8);
      taker().take_multiplier(sub, _mm512_srai_epi16(upper, 8));
    } else {
      // (b ^ 128) - 128 is the signed number of a byte.
      const __m512i sign = Lanes::all_dwords(0x80);
      const __m512i byte = Lanes::shuffle(bytes, 0x80808000u | at);
      taker().take_multiplier(sub, Lanes::sub_32(_mm512_xor_si512(byte, sign), sign));
    }
  }

  [[gnu::always_inline]] void minimum_pair(int pair, __m512i bytes, int index) {
    const auto at = static_cast<unsigned>(index);
    taker().take_minimum_pair(pair, Lanes::shuffle(bytes, 0x80008000u | (at + 1) << 16 | at));
  }

  [[gnu::always_inline]] void signed_weights(int step, __m512i bytes) {
    taker().weights(step, _mm512_xor_si512(bytes, Lanes::all_bytes(0x80)));
  }

 private:
  [[gnu::always_inline]] Taker& taker() { return static_cast<Taker&>(*this); }
};

// Stores 16 rows in a tile whose first group `group` is, at the first of these rows.
template <class Format>
struct TileSink : Sink<Format, TileSink<Format>> {
  static constexpr Layout kLayout{Format::kShape};
  std::byte* group;

  explicit TileSink(std::byte* first_group) : group(first_group) {}

  void scale(__m512 value) { put(0, 0, _mm512_castps_si512(value)); }
  void minimum(__m512 value) { put(Layout::kStep, 0, _mm512_castps_si512(value)); }
  void take_multiplier(int sub, __m512i value) { put(kLayout.multipliers, sub, value); }
  void take_minimum_pair(int pair, __m512i value) { put(kLayout.minima, pair, value); }
  void weights(int step, __m512i value) { put(kLayout.weights, step, value); }
  void end_group() { group += kLayout.bytes; }

 private:
  [[gnu::always_inline]] void put(int array, int step, __m512i value) {
    _mm512_store_si512(group + array + step * Layout::kStep, value);
  }
};

// Multiplies 16 rows with one token or two as they are unpacked; nothing is stored. Steps are known
// when the code is compiled, so that each sum lives in a register from its first step to its last.
template <class Format, int kTokens>
struct StreamSink : Sink<Format, StreamSink<Format, kTokens>> {
  static constexpr Shape kShape = Format::kShape;
  static constexpr int kSteps = kShape.scaled_cols() / 4;  // under one factor
  static constexpr int kParts = kShape.group / 4 / kSteps;

  GroupTokens<kShape.group, extras_of(kShape), kTokens> tokens;
  __m512 totals[kTokens];
  GroupOfRows rows[kTokens];
  __m512i multipliers[kShape.multipliers() + 1];
  __m512i parts[kParts][kTokens];
  bool is_odd = false;

  [[gnu::always_inline]] explicit StreamSink(const TokenRows& token_rows) : tokens(token_rows) {
    for (int t = 0; t < kTokens; ++t) totals[t] = _mm512_setzero_ps();
    begin_group();
  }

  [[gnu::always_inline]] void scale(__m512 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].scale = value;
  }

  [[gnu::always_inline]] void minimum(__m512 value) {
    for (int t = 0; t < kTokens; ++t) rows[t].minimum = value;
  }

  [[gnu::always_inline]] void take_multiplier(int sub, __m512i value) { multipliers[sub] = value; }

  [[gnu::always_inline]] void take_minimum_pair(int pair, __m512i value) {
    for (int t = 0; t < kTokens; ++t) {
      rows[t].minima =
          _mm512_dpwssd_epi32(rows[t].minima, value, broadcast4(tokens.extras[t] + pair));
    }
  }

  [[gnu::always_inline]] void weights(int step, __m512i value) {
    const int index = step / kSteps;
#pragma GCC unroll 2
    for (int t = 0; t < kTokens; ++t) {
      __m512i& part = parts[index][t];
      if (step % kSteps == 0) part = first_sum<Format>(tokens.extras[t], index);
      part = _mm512_dpbusd_epi32(part, value, broadcast4(tokens.values[t] + step * 4));
      if (step % kSteps != kSteps - 1) continue;
      if constexpr (kShape.sub_block == 0) {
        rows[t].sum = part;
      } else {
        add_scaled<Format>(rows[t].sum, part, multipliers[index]);
      }
    }
  }

  [[gnu::always_inline]] void end_group() {
#pragma GCC unroll 2
    for (int t = 0; t < kTokens; ++t) {
      totals[t] = add_group<Format>(totals[t], rows[t], _mm512_set1_ps(*tokens.scales[t]),
                                    tokens.extras[t]);
    }
    tokens.next(is_odd);
    is_odd = !is_odd;
    begin_group();
  }

 private:
  [[gnu::always_inline]] void begin_group() {
    for (int t = 0; t < kTokens; ++t) rows[t].sum = rows[t].minima = _mm512_setzero_si512();
  }
};

}  // namespace
}  // namespace bise::cpu::avx512
