#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/matmul_shape.h"

// Activations as the products of quantised formats want them.

namespace bise::cpu {
namespace {

// Tokens from some column on. Strides are from token to token.
struct TokenRows {
  const std::int8_t* values;
  const std::int16_t* wide;  // the values as int16, where the weights are
  const float* scales;
  const std::int32_t* extras;  // what else a token brings to a group, if anything
  std::int64_t value_stride, wide_stride, scale_stride, extra_stride;
};

// The same token by token, moving from group to group. kExtras: of a group.
template <int kGroup, int kExtras, int kTokens>
struct GroupTokens {
  const std::int8_t* values[kTokens];
  const std::int16_t* wide[kTokens];
  const float* scales[kTokens];
  const std::int32_t* extras[kTokens];

  [[gnu::always_inline]] explicit GroupTokens(const TokenRows& rows) {
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      values[t] = rows.values + t * rows.value_stride;
      wide[t] = rows.wide + t * rows.wide_stride;
      scales[t] = rows.scales + t * rows.scale_stride;
      extras[t] = rows.extras + t * rows.extra_stride;
    }
  }

  // Two groups of 16 weights share the scale of 32 activations.
  [[gnu::always_inline]] void next(bool is_odd) {
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      values[t] += kGroup;
      wide[t] += kGroup;
      scales[t] += kGroup != 16 || is_odd ? 1 : 0;
      extras[t] += kExtras;
    }
  }
};

// Where the results of a tile's rows go, token after token; at first there is nothing to add to.
struct TileResults {
  float* rows;
  std::int64_t stride;
  bool is_first;
};

// Tokens of all columns, without extras.
inline TokenRows token_rows(const QuantizedRows& from, int first) {
  TokenRows rows = {};
  rows.value_stride = from.cols;
  rows.scale_stride = from.cols / from.group;
  rows.values = from.values + first * rows.value_stride;
  rows.scales = from.scales + first * rows.scale_stride;
  return rows;
}

inline const std::int16_t* token_sums(const QuantizedRows& from, int token) {
  return from.sums + token * (from.cols / 16);
}

// `factor` times each sum of `kSums` of 16.
template <int kSums>
void write_sums(const std::int16_t* sums, std::int64_t count, int factor, std::int32_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    int sum = 0;
    for (int s = 0; s < kSums; ++s) sum += sums[i * kSums + s];
    to[i] = factor * sum;
  }
}

// Sums of 32 as floats.
inline void write_float_sums(const std::int16_t* sums, std::int64_t count, std::int32_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto sum = static_cast<float>(sums[i * 2] + sums[i * 2 + 1]);
    __builtin_memcpy(to + i, &sum, sizeof sum);
  }
}

// Sums of 32 as pairs of int16, at most 32 * 128 each: `count` pairs.
inline void write_sum_pairs(const std::int16_t* sums, std::int64_t count, std::int32_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int16_t pair[2] = {static_cast<std::int16_t>(sums[i * 4] + sums[i * 4 + 1]),
                                  static_cast<std::int16_t>(sums[i * 4 + 2] + sums[i * 4 + 3])};
    __builtin_memcpy(to + i, pair, sizeof pair);
  }
}

template <class T>
[[gnu::always_inline]] inline int four_bytes(const T* from) {
  int value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace
}  // namespace bise::cpu
