#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/intrinsics.h"

// Products with weights of the plain types, for any width of vectors: an instruction set's
// matmul_plain.cpp includes its vector.h, then this, and so has a copy of its own.
//
// One output is a vector of sums, each over every so-many-th column, one fused step a column, added
// up in one order at the end, whichever tile computes it.

namespace bise::cpu {
namespace {

constexpr int kTokensMax = 4;
// Rows whose sums wait on the stack while columns go by in runs; no more than the scratch holds.
constexpr int kRowsMax = 32;
// Columns of a run: 4 tokens' stay in the level-1 cache while the rows pass. (Copying them
// together, or asking for the next run's ahead, was slower.)
constexpr std::int64_t kRunCols = 512;

constexpr int weight_bytes(ElementType type) {
  return type == ElementType::f32 ? 4 : type == ElementType::f8_e4m3 ? 1 : 2;
}

template <class Vector, ElementType type>
typename Vector::Floats load_weights(const std::byte* from) {
  if constexpr (type == ElementType::f32) {
    return Vector::load(reinterpret_cast<const float*>(from));
  } else if constexpr (type == ElementType::f16) {
    return Vector::load_f16(from);
  } else if constexpr (type == ElementType::bf16) {
    return Vector::load_bf16(from);
  } else {
    return Vector::load_f8(from);
  }
}

// The first `count` of a vector's weights, zeros after them; reads no byte beyond.
template <class Vector, ElementType type>
typename Vector::Floats load_last_weights(const std::byte* from, std::int64_t count) {
  std::byte bytes[Vector::kLanes * weight_bytes(type)] = {};
  __builtin_memcpy(bytes, from, static_cast<std::size_t>(count) * weight_bytes(type));
  return load_weights<Vector, type>(bytes);
}

template <class Vector>
struct Run {
  const std::byte* weights;  // of the run's first column
  std::size_t row_bytes;
  const float* activations;  // likewise
  std::int64_t stride;       // of activations
  std::int64_t cols;
  typename Vector::Floats (*sums)[kTokensMax];
};

// Not inlined: in the middle of a large function GCC 12 spills sums with registers free.
template <class Vector, ElementType type, int kRows, int kTokens>
[[gnu::noinline]] void multiply_tile(const Run<Vector>& run, int first_row) {
  using Floats = typename Vector::Floats;
  // FP8 is cheaper to convert in twos; with more tokens their activations would not fit.
  constexpr int kSteps = type == ElementType::f8_e4m3 && kTokens <= 2 ? 2 : 1;
  constexpr int kLanes = Vector::kLanes;
  const std::byte* weights[kRows];
  Floats sums[kRows][kTokens];
  for (int r = 0; r < kRows; ++r) {
    weights[r] = run.weights + static_cast<std::size_t>(first_row + r) * run.row_bytes;
    for (int t = 0; t < kTokens; ++t) sums[r][t] = run.sums[first_row + r][t];
  }
  std::int64_t c = 0;
  for (; c + kSteps * kLanes <= run.cols; c += kSteps * kLanes) {
    Floats x[kTokens][kSteps];
    for (int t = 0; t < kTokens; ++t) {
      for (int s = 0; s < kSteps; ++s) {
        x[t][s] = Vector::load(run.activations + t * run.stride + c + s * kLanes);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      Floats w[kSteps];
      if constexpr (kSteps == 2) {
        Vector::load_two_f8(weights[r] + c, w[0], w[1]);
      } else {
        w[0] = load_weights<Vector, type>(weights[r] + c * weight_bytes(type));
      }
      for (int t = 0; t < kTokens; ++t) {
        for (int s = 0; s < kSteps; ++s) sums[r][t] = Vector::fma(w[s], x[t][s], sums[r][t]);
      }
    }
  }
  for (; c < run.cols; c += kLanes) {
    const std::int64_t left = run.cols - c < kLanes ? run.cols - c : kLanes;
    for (int r = 0; r < kRows; ++r) {
      const Floats w = load_last_weights<Vector, type>(weights[r] + c * weight_bytes(type), left);
      for (int t = 0; t < kTokens; ++t) {
        const Floats x = Vector::load_first(run.activations + t * run.stride + c, left);
        sums[r][t] = Vector::fma(w, x, sums[r][t]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kTokens; ++t) run.sums[first_row + r][t] = sums[r][t];
  }
}

template <class Vector, ElementType type, int kRows, int kTokens>
void multiply_rows(const Run<Vector>& run, int row, int row_end) {
  for (; row + kRows <= row_end; row += kRows) {
    multiply_tile<Vector, type, kRows, kTokens>(run, row);
  }
  if constexpr (kRows > 1) {
    multiply_rows<Vector, type, kRows == 3 ? 2 : kRows / 2, kTokens>(run, row, row_end);
  }
}

template <class Vector, ElementType type>
void multiply_run(const Run<Vector>& run, int rows, int tokens) {
  if (tokens == 4) multiply_rows<Vector, type, Vector::product_rows(4), 4>(run, 0, rows);
  if (tokens == 3) multiply_rows<Vector, type, Vector::product_rows(3), 3>(run, 0, rows);
  if (tokens == 2) multiply_rows<Vector, type, Vector::product_rows(2), 2>(run, 0, rows);
  if (tokens == 1) multiply_rows<Vector, type, Vector::product_rows(1), 1>(run, 0, rows);
}

template <class Vector, ElementType type>
void multiply(const MatmulTask& task) {
  // With few tokens every weight is read once, from memory: in long runs.
  const std::int64_t run_cols = task.token_count <= kTokensMax ? task.cols : kRunCols;
  for (int token = 0; token < task.token_count; token += kTokensMax) {
    const int left = task.token_count - token;
    const int tokens = left < kTokensMax ? left : kTokensMax;
    for (int row = 0; row < task.row_count; row += kRowsMax) {
      const int rows = task.row_count - row < kRowsMax ? task.row_count - row : kRowsMax;
      typename Vector::Floats sums[kRowsMax][kTokensMax];
      for (int r = 0; r < rows; ++r) {
        for (int t = 0; t < kTokensMax; ++t) sums[r][t] = Vector::zero();
      }
      for (std::int64_t c = 0; c < task.cols; c += run_cols) {
        const Run<Vector> run = {
            .weights = task.weights + static_cast<std::size_t>(row) * task.row_bytes +
                       c * weight_bytes(type),
            .row_bytes = task.row_bytes,
            .activations = task.activations + token * task.cols + c,
            .stride = task.cols,
            .cols = task.cols - c < run_cols ? task.cols - c : run_cols,
            .sums = sums,
        };
        multiply_run<Vector, type>(run, rows, tokens);
      }
      float* out = task.out + token * task.out_stride + row;
      for (int r = 0; r < rows; ++r) {
        float totals[kTokensMax];
        Vector::add_up(sums[r], totals);
        for (int t = 0; t < tokens; ++t) out[t * task.out_stride + r] = totals[t];
      }
    }
  }
}

template <class Vector, ElementType type>
void unpack(const std::byte* row, std::int64_t cols, float* out) {
  std::int64_t c = 0;
  for (; c + Vector::kLanes <= cols; c += Vector::kLanes) {
    Vector::store(out + c, load_weights<Vector, type>(row + c * weight_bytes(type)));
  }
  if (c == cols) return;
  Vector::store_first(out + c, cols - c,
                      load_last_weights<Vector, type>(row + c * weight_bytes(type), cols - c));
}

// Many tokens: the rows are unpacked once, into the scratch. The sums are the same.
template <class Vector, ElementType type>
void matmul(const MatmulTask& task) {
  if (task.token_count <= kTokensMax) return multiply<Vector, type>(task);
  auto* unpacked = reinterpret_cast<float*>(task.scratch);
  for (int row = 0; row < task.row_count; row += kRowsMax) {
    MatmulTask part = task;
    part.weights = task.scratch;
    part.row_bytes = static_cast<std::size_t>(task.cols) * sizeof(float);
    part.row_count = task.row_count - row < kRowsMax ? task.row_count - row : kRowsMax;
    part.out = task.out + row;
    for (int r = 0; r < part.row_count; ++r) {
      unpack<Vector, type>(task.weights + static_cast<std::size_t>(row + r) * task.row_bytes,
                           task.cols, unpacked + r * task.cols);
    }
    multiply<Vector, ElementType::f32>(part);
  }
}

template <class Vector, ElementType type>
void install_type(KernelTable& table, Matmul matmul_of_type) {
  table.formats[static_cast<int>(type)] = {ActivationKind::f32, matmul_of_type};
  table.unpack_row[static_cast<int>(type)] = unpack<Vector, type>;
}

template <class Vector>
void install_matmul_plain_of(KernelTable& table) {
  using enum ElementType;
  table.matmul_f32 = multiply<Vector, f32>;
  install_type<Vector, f32>(table, multiply<Vector, f32>);
  install_type<Vector, f16>(table, matmul<Vector, f16>);
  install_type<Vector, bf16>(table, matmul<Vector, bf16>);
  install_type<Vector, f8_e4m3>(table, matmul<Vector, f8_e4m3>);
}

}  // namespace
}  // namespace bise::cpu
