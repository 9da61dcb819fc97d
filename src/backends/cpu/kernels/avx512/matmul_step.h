#pragma once

#include "backends/cpu/kernels/avx512/matmul_lanes.h"
#include "backends/cpu/kernels/matmul_tokens.h"

// How AVX-512 multiplies: vpdpbusd adds 4 products of unsigned bytes by signed ones to an int32,
// exactly. Signed weights get 128 more, which is taken off as an offset: what a sum begins with is
// minus the offset times the sum of its activations, so offsets cost nothing.

namespace bise::cpu::avx512 {
namespace {

constexpr int offset_of(const Shape& shape) {
  return shape.largest == 0 ? 128 : shape.offset;
}

// Weights under one factor are summed up on their own. Where the sum fits in int16, vpdpwssd
// multiplies and adds it at once, else it takes vpmulld, which is slower.
constexpr bool fits_int16(const Shape& shape) {
  const int offset = offset_of(shape);
  const int largest = shape.largest == 0 ? 255 : shape.largest;
  const int magnitude = largest - offset > offset ? largest - offset : offset;
  return shape.scaled_cols() * magnitude * 128 <= 32767;
}

// 32-bit numbers a token brings to a group beside its values and their scale: pairs of sums for
// the integer minima; or what each sum begins with; or, for a float minimum, the sum as a float.
constexpr int extras_of(const Shape& shape) {
  if (shape.minimum_block != 0) return shape.minimum_pairs();
  if (offset_of(shape) != 0) return shape.group / shape.scaled_cols();
  return shape.minimum ? 1 : 0;
}

template <class T>
[[gnu::always_inline]] inline __m512i broadcast4(const T* from) {
  return _mm512_set1_epi32(four_bytes(from));
}

// What the sum under factor `index` of a group begins with.
template <class Format>
[[gnu::always_inline]] inline __m512i first_sum(const std::int32_t* extras, int index) {
  if constexpr (offset_of(Format::kShape) == 0) {
    return _mm512_setzero_si512();
  } else {
    return broadcast4(extras + index);
  }
}

// sum += factor * part.
template <class Format>
[[gnu::always_inline]] inline void add_scaled(__m512i& sum, __m512i part, __m512i multiplier) {
  if constexpr (fits_int16(Format::kShape)) {
    sum = _mm512_dpwssd_epi32(sum, part, multiplier);
  } else {
    sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(part, multiplier));
  }
}

// What 16 rows bring to the chain of floats.
struct GroupOfRows {
  __m512 scale, minimum;
  __m512i sum;     // of products with one token
  __m512i minima;  // of integer minima with the token's sums
};

// The contract's chain of floats for a group: its minima, where there are any, after its products.
template <class Format>
[[gnu::always_inline]] inline __m512 add_group(__m512 total, const GroupOfRows& rows,
                                               __m512 token_scale, const std::int32_t* extras) {
  constexpr Shape kShape = Format::kShape;
  const __m512 scale = _mm512_mul_ps(rows.scale, token_scale);
  total = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(rows.sum), total);
  if constexpr (kShape.minimum) {
    const __m512 minimum = _mm512_mul_ps(rows.minimum, token_scale);
    if constexpr (kShape.minimum_block == 0) {
      total = _mm512_fmadd_ps(minimum, _mm512_castsi512_ps(broadcast4(extras)), total);
    } else {
      total = _mm512_fnmadd_ps(minimum, _mm512_cvtepi32_ps(rows.minima), total);
    }
  }
  return total;
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
    } else if constexpr (kShape.minimum) {
      write_float_sums(sums, rows.extra_stride, memory);
    } else {
      write_sums<kShape.scaled_cols() / 16>(sums, rows.extra_stride, -offset_of(kShape), memory);
    }
  }
  return rows;
}

}  // namespace
}  // namespace bise::cpu::avx512
