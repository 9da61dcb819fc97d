#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/avx2/matmul_load.h"
#include "backends/cpu/kernels/avx2/matmul_shape.h"

// Activations as the products want them, and what one group of them adds to a result.

namespace bise::cpu::avx2 {
namespace {

// Tokens from some column on. Strides are from token to token.
struct TokenRows {
  const std::int8_t* values;
  const std::int16_t* wide;  // the values as int16 in the order of an int16 tile, if there is one
  const float* scales;
  const std::int32_t* extras;  // Shape::extras() a group
  std::int64_t value_stride, wide_stride, scale_stride, extra_stride;
};

// The same token by token, moving from group to group.
template <class Format, int kTokens>
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
      values[t] += Format::kShape.group;
      wide[t] += Format::kShape.group;
      scales[t] += Format::kShape.group != 16 || is_odd ? 1 : 0;
      extras[t] += Format::kShape.extras();
    }
  }
};

template <class T>
[[gnu::always_inline]] inline __m256i broadcast4(const T* from) {
  int value;
  __builtin_memcpy(&value, from, sizeof value);
  return _mm256_set1_epi32(value);
}

// A sum that stays where it is: left alone, GCC 12 adds a whole chain of products at its end and
// keeps them all on the stack until then.
[[gnu::always_inline]] inline void pin(__m256i& sum) {
  asm("" : "+x"(sum));
}

// One step of a chain of products in int16. Shape::chain_offset: the chain begins with minus the
// offset times its activations; int16 may wrap on the way, the end is small enough.
template <class Format>
[[gnu::always_inline]] inline void add_chain_product(__m256i& sum, __m256i weights,
                                                     __m256i activations, int step,
                                                     const std::int32_t* chain_extra) {
  const __m256i product = _mm256_maddubs_epi16(weights, activations);
  if (step != 0) {
    sum = _mm256_add_epi16(sum, product);
  } else {
    sum = product;
    if constexpr (Format::kShape.chain_offset != 0) {
      sum = _mm256_add_epi16(product, broadcast4(chain_extra));
    }
  }
  pin(sum);
}

// What 8 rows bring to the chain of floats.
struct GroupOfRows {
  __m256 scale, minimum;
  __m256i sum;           // of products with one token
  __m256i coefficients;  // of products of coefficients with the token's sums
};

// The contract's chain of floats for a group: its minima, where there are any, after its products.
template <class Format>
[[gnu::always_inline]] inline __m256 add_group(__m256 total, const GroupOfRows& rows,
                                               __m256 token_scale, const std::int32_t* extras) {
  constexpr Shape kShape = Format::kShape;
  __m256i sum = rows.sum;
  if constexpr (kShape.offset != 0) sum = _mm256_sub_epi32(sum, broadcast4(extras));
  total = _mm256_fmadd_ps(_mm256_mul_ps(rows.scale, token_scale), _mm256_cvtepi32_ps(sum), total);
  if constexpr (kShape.minimum) {
    const __m256 minimum = _mm256_mul_ps(rows.minimum, token_scale);
    if constexpr (kShape.coefficient_pairs == 0) {
      total = _mm256_fmadd_ps(minimum, _mm256_castsi256_ps(broadcast4(extras)), total);
    } else {
      total = _mm256_fnmadd_ps(minimum, _mm256_cvtepi32_ps(rows.coefficients), total);
    }
  }
  return total;
}

// 16 sums of 16 activations as 8 sums of 32.
[[gnu::always_inline]] inline __m256i sums_of_32(const std::int16_t* sums, int times) {
  return _mm256_madd_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums)),
                           _mm256_set1_epi16(static_cast<short>(times)));
}

// Extras of one token whose groups are 16 or 32 columns wide.
template <class Format>
void write_group_sums(const std::int16_t* sums, std::int64_t cols, std::int32_t* extras) {
  constexpr Shape kShape = Format::kShape;
  constexpr int kTimes = kShape.minimum ? 1 : kShape.offset;
  constexpr int kSums = kShape.group / 16;
  std::int64_t group = 0;
  const std::int64_t groups = cols / kShape.group;
  if constexpr (kSums == 2) {
    for (; group + 8 <= groups; group += 8) {
      __m256i eight = sums_of_32(sums + group * 2, kTimes);
      if (kShape.minimum) eight = _mm256_castps_si256(_mm256_cvtepi32_ps(eight));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(extras + group), eight);
    }
  }
  for (; group < groups; ++group) {
    int sum = 0;
    for (int i = 0; i < kSums; ++i) sum += sums[group * kSums + i];
    sum *= kTimes;
    const float as_float = static_cast<float>(sum);
    if (kShape.minimum) __builtin_memcpy(&sum, &as_float, sizeof sum);
    extras[group] = sum;
  }
}

// Extras of one token of a K format with sub-blocks of 32: sums of 32 as pairs of int16, at most
// 32 * 128.
inline void write_pairs_of_32(const std::int16_t* sums, std::int64_t cols, std::int32_t* extras) {
  for (std::int64_t group = 0; group < cols / 256; ++group) {
    const __m256i wide = sums_of_32(sums + group * 16, 1);
    const __m128i narrow =
        _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(extras + group * 4), narrow);
  }
}

// Extras of one token of a K format with an offset: for each 16 activations minus `offset` times
// the sum of those that meet the lower int16 of a chain (0, 1 of each 4), and the upper.
inline void write_chain_offsets(const std::int8_t* values, std::int64_t cols, int offset,
                                std::int32_t* extras) {
  const __m256i factor = _mm256_set1_epi8(static_cast<char>(offset));
  for (std::int64_t col = 0; col < cols; col += 128) {
    __m256i pairs[4];
    for (int i = 0; i < 4; ++i) {
      const auto* from = reinterpret_cast<const __m256i*>(values + col + i * 32);
      pairs[i] = _mm256_maddubs_epi16(factor, _mm256_loadu_si256(from));
    }
    const auto halves = [](__m256i a, __m256i b) {
      return _mm256_add_epi16(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    };
    const __m256 low = _mm256_castsi256_ps(halves(pairs[0], pairs[1]));
    const __m256 high = _mm256_castsi256_ps(halves(pairs[2], pairs[3]));
    const __m256i sums = _mm256_add_epi16(_mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88)),
                                          _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0xdd)));
    // The first 16 of each 32 in the lower half, the second in the upper.
    const __m256i negative = _mm256_sub_epi16(_mm256_setzero_si256(), sums);
    const __m128i first = _mm256_castsi256_si128(negative);
    const __m128i second = _mm256_extracti128_si256(negative, 1);
    auto* to = reinterpret_cast<__m128i*>(extras + col / 16);
    _mm_storeu_si128(to, _mm_unpacklo_epi32(first, second));
    _mm_storeu_si128(to + 1, _mm_unpackhi_epi32(first, second));
  }
}

// Values of one token as int16, in the order of an int16 tile.
inline void widen(const std::int8_t* values, std::int64_t count, std::int16_t* wide) {
  for (std::int64_t c = 0; c < count; c += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + c));
    auto* to = reinterpret_cast<__m256i*>(wide + c);
    _mm256_store_si256(to, even_bytes(bytes));
    _mm256_store_si256(to + 1, odd_bytes(bytes));
  }
}

// All columns of some tokens. `memory` holds the extras: cols / 4 bytes a token at the most.
template <class Format>
TokenRows prepare_tokens(const QuantizedRows& from, int first, int count, std::int32_t* memory) {
  constexpr Shape kShape = Format::kShape;
  TokenRows rows = {};
  rows.value_stride = from.cols;
  rows.scale_stride = from.cols / from.group;
  rows.values = from.values + first * rows.value_stride;
  rows.scales = from.scales + first * rows.scale_stride;
  const std::int64_t sum_stride = from.cols / 16;
  const std::int16_t* sums = from.sums + first * sum_stride;
  if constexpr (kShape.coefficient_pairs == 8) {
    // Their pairs are those of the sums.
    rows.extras = reinterpret_cast<const std::int32_t*>(sums);
    rows.extra_stride = sum_stride / 2;
  } else if constexpr (kShape.extras() != 0) {
    rows.extras = memory;
    rows.extra_stride = from.cols / kShape.group * kShape.extras();
    for (int t = 0; t < count; ++t, sums += sum_stride, memory += rows.extra_stride) {
      if constexpr (kShape.chain_offset != 0) {
        write_chain_offsets(rows.values + t * rows.value_stride, from.cols, kShape.chain_offset,
                            memory);
      } else if constexpr (kShape.coefficient_pairs == 4) {
        write_pairs_of_32(sums, from.cols, memory);
      } else {
        write_group_sums<Format>(sums, from.cols, memory);
      }
    }
  }
  return rows;
}

}  // namespace
}  // namespace bise::cpu::avx2
