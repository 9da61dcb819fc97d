#pragma once

#include "backends/cpu/kernels/avx2/matmul_lanes.h"
#include "backends/cpu/kernels/matmul_tokens.h"

// How AVX2 multiplies: unsigned bytes by signed ones in chains of int16 sums, or int16 by int16.

namespace bise::cpu::avx2 {
namespace {

// Products with signed bytes can exceed int16 in pairs: these weights are int16, and a multiplier
// is part of them: at most 32 * 127 = 4064 for IQ4_XS, so that a sum of 256 products is at most
// 4064 * 128 * 256 < 2^31.
constexpr bool is_wide(const Shape& shape) {
  return shape.largest == 0;
}

// An offset with multipliers is taken from each chain at its beginning.
constexpr bool has_chain_offset(const Shape& shape) {
  return shape.offset != 0 && shape.sub_block != 0;
}

// How many products of 4 weights with 4 activations are added in int16, 2 in each of two lanes,
// before they are widened. (An activation is -128 only in rows that are no numbers; the bounds hold
// for it too, save that a chain with an offset may then reach 2^15 and wrap, in a row whose scale
// is NaN.)
constexpr int chain_of(const Shape& shape) {
  const int steps = shape.scaled_cols() / 4;
  if (has_chain_offset(shape)) {
    // What wraps on the way does not matter, only the end: steps * 2 * |u - offset| * 127.
    return steps;
  }
  int chain = steps < 8 ? steps : 8;
  while (chain * 2 * shape.largest * 128 > 32767) chain /= 2;
  return chain;
}

// 32-bit numbers a token brings to a group beside its values and their scale: pairs of sums for
// the integer minima; or what each chain begins with; or the offset times the sum, negative; or,
// for a float minimum, the sum as a float.
constexpr int extras_of(const Shape& shape) {
  if (shape.minimum_block != 0) return shape.minimum_pairs();
  if (has_chain_offset(shape)) return shape.group / shape.sub_block;
  return shape.offset != 0 || shape.minimum ? 1 : 0;
}

template <class T>
[[gnu::always_inline]] inline __m256i broadcast4(const T* from) {
  return _mm256_set1_epi32(four_bytes(from));
}

// Signed bytes 0 2, and 1 3, of each dword as two int16.
[[gnu::always_inline]] inline __m256i even_bytes(__m256i bytes) {
  return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
}

[[gnu::always_inline]] inline __m256i odd_bytes(__m256i bytes) {
  return _mm256_srai_epi16(bytes, 8);
}

// A sum that stays where it is: left alone, GCC 12 adds a whole chain of products at its end and
// keeps them all on the stack until then.
[[gnu::always_inline]] inline void pin(__m256i& sum) {
  asm("" : "+x"(sum));
}

[[gnu::always_inline]] inline void add_pairs(__m256i& sum, __m256i a, __m256i b) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  pin(sum);
}

// One step of a chain; `extra` is what the chain begins with, if anything.
template <class Format>
[[gnu::always_inline]] inline void add_chain_product(__m256i& sum, __m256i weights,
                                                     __m256i activations, int step,
                                                     const std::int32_t* extra) {
  const __m256i product = _mm256_maddubs_epi16(weights, activations);
  if (step != 0) {
    sum = _mm256_add_epi16(sum, product);
  } else {
    sum = product;
    if constexpr (has_chain_offset(Format::kShape)) {
      sum = _mm256_add_epi16(product, broadcast4(extra));
    }
  }
  pin(sum);
}

// What 8 rows bring to the chain of floats.
struct GroupOfRows {
  __m256 scale, minimum;
  __m256i sum;     // of products with one token
  __m256i minima;  // of integer minima with the token's sums
};

// The contract's chain of floats for a group: its minima, where there are any, after its products.
template <class Format>
[[gnu::always_inline]] inline __m256 add_group(__m256 total, const GroupOfRows& rows,
                                               __m256 token_scale, const std::int32_t* extras) {
  constexpr Shape kShape = Format::kShape;
  __m256i sum = rows.sum;
  if constexpr (kShape.offset != 0 && kShape.sub_block == 0) {
    sum = _mm256_add_epi32(sum, broadcast4(extras));
  }
  total = _mm256_fmadd_ps(_mm256_mul_ps(rows.scale, token_scale), _mm256_cvtepi32_ps(sum), total);
  if constexpr (kShape.minimum) {
    const __m256 minimum = _mm256_mul_ps(rows.minimum, token_scale);
    if constexpr (kShape.minimum_block == 0) {
      total = _mm256_fmadd_ps(minimum, _mm256_castsi256_ps(broadcast4(extras)), total);
    } else {
      total = _mm256_fnmadd_ps(minimum, _mm256_cvtepi32_ps(rows.minima), total);
    }
  }
  return total;
}

// For each 16 activations minus `offset` times the sum of those that meet the lower int16 of a
// chain's lanes (0, 1 of each 4), and the upper. `cols` is a multiple of 128.
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

template <class Format>
TokenRows prepare_tokens(const QuantizedRows& from, int first, int count, std::int32_t* memory) {
  constexpr Shape kShape = Format::kShape;
  TokenRows rows = token_rows(from, first);
  if constexpr (kShape.minimum_block == 16) {
    // The pairs are those of the sums themselves.
    rows.extras = reinterpret_cast<const std::int32_t*>(token_sums(from, first));
    rows.extra_stride = from.cols / 32;
    return rows;
  }
  rows.extras = memory;
  rows.extra_stride = from.cols / kShape.group * extras_of(kShape);
  for (int t = 0; t < count; ++t, memory += rows.extra_stride) {
    const std::int16_t* sums = token_sums(from, first + t);
    if constexpr (kShape.minimum_block == 32) {
      write_sum_pairs(sums, rows.extra_stride, memory);
    } else if constexpr (has_chain_offset(kShape)) {
      write_chain_offsets(rows.values + t * rows.value_stride, from.cols, kShape.offset, memory);
    } else if constexpr (kShape.minimum) {
      write_float_sums(sums, rows.extra_stride, memory);
    } else if constexpr (kShape.offset != 0) {
      write_sums<kShape.group / 16>(sums, rows.extra_stride, -kShape.offset, memory);
    }
  }
  return rows;
}

}  // namespace
}  // namespace bise::cpu::avx2
