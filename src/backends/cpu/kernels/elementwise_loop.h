#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/intrinsics.h"

// Functions of each number by itself, and the norm, for any width of vectors: an instruction set's
// elementwise.cpp includes its vector.h, then this, and so has a copy of its own.

namespace bise::cpu {
namespace {

// The squares are summed in double.
template <class Vector>
void rms_norm_of(const float* row, const float* gain, std::int64_t cols, float epsilon,
                 float* out) {
  typename Vector::Doubles sums = Vector::no_squares();
  std::int64_t c = 0;
  for (; c + Vector::kLanes <= cols; c += Vector::kLanes) {
    sums = Vector::add_squares(sums, Vector::load(row + c));
  }
  if (c < cols) sums = Vector::add_squares(sums, Vector::load_first(row + c, cols - c));
  const double mean = Vector::total(sums) / static_cast<double>(cols);
  const __m128d root = _mm_sqrt_pd(_mm_set1_pd(mean + static_cast<double>(epsilon)));
  const auto factor = Vector::all(static_cast<float>(1 / _mm_cvtsd_f64(root)));
  for (c = 0; c + Vector::kLanes <= cols; c += Vector::kLanes) {
    const auto scaled = Vector::mul(Vector::load(row + c), factor);
    Vector::store(out + c, Vector::mul(scaled, Vector::load(gain + c)));
  }
  if (c < cols) {
    const auto scaled = Vector::mul(Vector::load_first(row + c, cols - c), factor);
    Vector::store_first(out + c, cols - c,
                        Vector::mul(scaled, Vector::load_first(gain + c, cols - c)));
  }
}

template <class Vector>
typename Vector::Floats swiglu_of(typename Vector::Floats gate, typename Vector::Floats up) {
  const auto divisor = Vector::add(Vector::all(1), Vector::exp(Vector::negative(gate)));
  return Vector::mul(Vector::div(gate, divisor), up);
}

template <class Vector>
void swiglu_row_of(const float* gate, const float* up, std::int64_t count, float* out) {
  std::int64_t i = 0;
  for (; i + Vector::kLanes <= count; i += Vector::kLanes) {
    Vector::store(out + i, swiglu_of<Vector>(Vector::load(gate + i), Vector::load(up + i)));
  }
  if (i == count) return;
  Vector::store_first(out + i, count - i,
                      swiglu_of<Vector>(Vector::load_first(gate + i, count - i),
                                        Vector::load_first(up + i, count - i)));
}

template <class Vector>
void add_of(const float* addend, std::int64_t count, float* sum) {
  std::int64_t i = 0;
  for (; i + Vector::kLanes <= count; i += Vector::kLanes) {
    Vector::store(sum + i, Vector::add(Vector::load(sum + i), Vector::load(addend + i)));
  }
  if (i == count) return;
  Vector::store_first(sum + i, count - i,
                      Vector::add(Vector::load_first(sum + i, count - i),
                                  Vector::load_first(addend + i, count - i)));
}

template <class Vector>
void install_elementwise_of(KernelTable& table) {
  table.rms_norm = rms_norm_of<Vector>;
  table.swiglu = swiglu_row_of<Vector>;
  table.add = add_of<Vector>;
}

}  // namespace
}  // namespace bise::cpu
