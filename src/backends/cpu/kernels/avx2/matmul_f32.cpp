#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/avx2/load_weights.h"
#include "backends/cpu/kernels/intrinsics.h"

// One output is eight sums over every eighth column, one fused step a column, added up in one
// order at the end, whichever tile computes it.

namespace bise::cpu::avx2 {
namespace {

constexpr int kLanes = 8;
constexpr int kTokensMax = 4;
// Rows whose sums wait on the stack while columns go by in runs; no more than the scratch holds.
constexpr int kRowsMax = 32;
// Columns of a run: 4 tokens' stay in the level-1 cache while the rows pass.
constexpr std::int64_t kRunCols = 512;

struct Run {
  const std::byte* weights;  // of the run's first column
  std::size_t row_bytes;
  const float* activations;  // likewise
  std::int64_t stride;       // of activations
  std::int64_t cols;
  __m256 (*sums)[kTokensMax];
};

// Three rows: 3 x 4 sums, three activations and a weight fill AVX2's 16 registers.
template <ElementType type, int kRows, int kTokens>
void multiply_tile(const Run& run, int first_row) {
  const std::byte* weights[kRows];
  __m256 sums[kRows][kTokens];
  for (int r = 0; r < kRows; ++r) {
    weights[r] = run.weights + static_cast<std::size_t>(first_row + r) * run.row_bytes;
    for (int t = 0; t < kTokens; ++t) sums[r][t] = run.sums[first_row + r][t];
  }
  std::int64_t c = 0;
  for (; c + kLanes <= run.cols; c += kLanes) {
    __m256 x[kTokens];
    for (int t = 0; t < kTokens; ++t) x[t] = _mm256_loadu_ps(run.activations + t * run.stride + c);
    for (int r = 0; r < kRows; ++r) {
      const __m256 w = load_weights<type>(weights[r] + c * bytes_of(type));
      for (int t = 0; t < kTokens; ++t) sums[r][t] = _mm256_fmadd_ps(w, x[t], sums[r][t]);
    }
  }
  if (c < run.cols) {
    for (int r = 0; r < kRows; ++r) {
      const __m256 w = load_last_weights<type>(weights[r] + c * bytes_of(type), run.cols - c);
      for (int t = 0; t < kTokens; ++t) {
        const auto* x = reinterpret_cast<const std::byte*>(run.activations + t * run.stride + c);
        const __m256 last = load_last_weights<ElementType::f32>(x, run.cols - c);
        sums[r][t] = _mm256_fmadd_ps(w, last, sums[r][t]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kTokens; ++t) run.sums[first_row + r][t] = sums[r][t];
  }
}

template <ElementType type, int kRows, int kTokens>
void multiply_rows(const Run& run, int row, int row_end) {
  for (; row + kRows <= row_end; row += kRows) multiply_tile<type, kRows, kTokens>(run, row);
  if constexpr (kRows > 1) {
    multiply_rows<type, kRows == 3 ? 2 : kRows / 2, kTokens>(run, row, row_end);
  }
}

// Eight sums at least hide the latency of the fused step.
template <ElementType type>
void multiply_run(const Run& run, int rows, int tokens) {
  if (tokens == 4) multiply_rows<type, 3, 4>(run, 0, rows);
  if (tokens == 3) multiply_rows<type, 3, 3>(run, 0, rows);
  if (tokens == 2) multiply_rows<type, 4, 2>(run, 0, rows);
  if (tokens == 1) multiply_rows<type, 8, 1>(run, 0, rows);
}

// ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) of each.
__m128 add_up(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 quarters = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1));
}

void finish(const __m256 (*sums)[kTokensMax], int rows, int tokens, float* out,
            std::int64_t out_stride) {
  for (int r = 0; r < rows; ++r) {
    alignas(16) float totals[kTokensMax];
    _mm_store_ps(totals, add_up(sums[r][0], sums[r][1], sums[r][2], sums[r][3]));
    for (int t = 0; t < tokens; ++t) out[t * out_stride + r] = totals[t];
  }
}

template <ElementType type>
void multiply(const MatmulTask& task) {
  // With few tokens every weight is read once, from memory: in long runs.
  const std::int64_t run_cols = task.token_count <= kTokensMax ? task.cols : kRunCols;
  for (int token = 0; token < task.token_count; token += kTokensMax) {
    const int left = task.token_count - token;
    const int tokens = left < kTokensMax ? left : kTokensMax;
    for (int row = 0; row < task.row_count; row += kRowsMax) {
      const int rows = task.row_count - row < kRowsMax ? task.row_count - row : kRowsMax;
      __m256 sums[kRowsMax][kTokensMax];
      for (int r = 0; r < rows; ++r) {
        for (int t = 0; t < kTokensMax; ++t) sums[r][t] = _mm256_setzero_ps();
      }
      for (std::int64_t c = 0; c < task.cols; c += run_cols) {
        const Run run = {
            .weights =
                task.weights + static_cast<std::size_t>(row) * task.row_bytes + c * bytes_of(type),
            .row_bytes = task.row_bytes,
            .activations = task.activations + token * task.cols + c,
            .stride = task.cols,
            .cols = task.cols - c < run_cols ? task.cols - c : run_cols,
            .sums = sums,
        };
        multiply_run<type>(run, rows, tokens);
      }
      finish(sums, rows, tokens, task.out + token * task.out_stride + row, task.out_stride);
    }
  }
}

template <ElementType type>
void unpack(const std::byte* row, std::int64_t cols, float* out) {
  std::int64_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    _mm256_storeu_ps(out + c, load_weights<type>(row + c * bytes_of(type)));
  }
  if (c == cols) return;
  alignas(32) float last[kLanes];
  _mm256_store_ps(last, load_last_weights<type>(row + c * bytes_of(type), cols - c));
  __builtin_memcpy(out + c, last, static_cast<std::size_t>(cols - c) * sizeof(float));
}

// Many tokens: the rows are unpacked once, into the scratch. The sums are the same.
template <ElementType type>
void matmul(const MatmulTask& task) {
  if (task.token_count <= kTokensMax) return multiply<type>(task);
  auto* unpacked = reinterpret_cast<float*>(task.scratch);
  for (int row = 0; row < task.row_count; row += kRowsMax) {
    MatmulTask part = task;
    part.weights = task.scratch;
    part.row_bytes = static_cast<std::size_t>(task.cols) * sizeof(float);
    part.row_count = task.row_count - row < kRowsMax ? task.row_count - row : kRowsMax;
    part.out = task.out + row;
    for (int r = 0; r < part.row_count; ++r) {
      unpack<type>(task.weights + static_cast<std::size_t>(row + r) * task.row_bytes, task.cols,
                   unpacked + r * task.cols);
    }
    multiply<ElementType::f32>(part);
  }
}

template <ElementType type>
void install(KernelTable& table, Matmul matmul_of_type) {
  table.formats[static_cast<int>(type)] = {ActivationKind::f32, matmul_of_type};
  table.unpack_row[static_cast<int>(type)] = unpack<type>;
}

}  // namespace

void install_matmul_plain(KernelTable& table) {
  table.matmul_f32 = multiply<ElementType::f32>;
  install<ElementType::f32>(table, multiply<ElementType::f32>);
  install<ElementType::f16>(table, matmul<ElementType::f16>);
  install<ElementType::bf16>(table, matmul<ElementType::bf16>);
  install<ElementType::f8_e4m3>(table, matmul<ElementType::f8_e4m3>);
}

}  // namespace bise::cpu::avx2
