#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/backend.h"
#include "tensor/element_type.h"

namespace bise::cpu {

// How activations are fed to the product with a weight format.
enum class ActivationKind : std::uint8_t {
  f32,       // as they are: F32, F16, BF16, FP8 weights, and everything in exact mode
  int8_32,   // int8, one scale for 32 channels: formats in blocks of 32 (and NVFP4)
  int8_256,  // int8, one scale for 256 channels: the K formats and IQ4_XS
};
inline constexpr int kActivationKindCount = 3;

// Rows of activations, quantised: x[c] ~ scales[c / group] * values[c], |value| <= 127. Values are
// rounded to nearest, ties to even; how scales are chosen is in kernels/quantize_levels.h.
struct QuantizedRows {
  const std::int8_t* values;  // [rows, cols]
  const float* scales;        // [rows, cols / group]
  const std::int16_t* sums;   // [rows, cols / 16]: sum of 16 values each
  std::int64_t cols;          // a multiple of `group`
  int group;                  // 32 or 256
};

// A run of a weight's rows against all rows of the step.
//
// The order of the sums is part of the contract, so that one token and many, and every instruction
// set, give the same bits. For a quantised format, one output is
//   acc = 0; for each group of the activations, in order:
//     acc = fma(d_weight * d_activation, float(sum of the group's integer products), acc)
//     and, for formats with a minimum, acc = fma(-(dmin * d_activation) or m * d_activation,
//         float(integer sum of minima), acc)
// with the sub-block scales of the K formats multiplied in as integers, exactly (int32). NVFP4 has
// four float scales per 64 weights: one fma for each 16.
struct MatmulTask {
  const std::byte* weights;  // first row of the run
  std::size_t row_bytes;
  int row_count;
  std::int64_t cols;
  const float* activations;  // kind f32: [token_count, cols]
  QuantizedRows quantized;   // the other kinds
  int token_count;
  float* out;  // out[token * out_stride + row]
  std::int64_t out_stride;
  std::byte* scratch;  // of this thread, matmul_scratch_bytes(cols), 64-byte aligned
  // Weights this thread will probably read next, if that is known: the cache is asked for their
  // beginning at the end of this run.
  const std::byte* next = nullptr;
  std::ptrdiff_t next_bytes = 0;
};
using Matmul = void (*)(const MatmulTask& task);

// Scratch a matmul may use: an unpacked tile of weights and a little.
constexpr std::size_t matmul_scratch_bytes(std::int64_t cols) {
  return static_cast<std::size_t>(cols) * 4 * 32 + 4096;
}

// Weights of any type to float32, row by row (bit for bit tensor's dequantize_row).
using UnpackRow = void (*)(const std::byte* row, std::int64_t elements, float* out);

// Rows of queries against one page of keys and values.
//
// A page holds, for each layer and KV head, a key block and a value block (KvPageLayout in
// kv_page.h). State is that of an online softmax, page by page: `maximum` starts at -infinity,
// `total` and `out` at 0. A row whose visible range is empty is left as it is. Rows do not
// influence each other.
struct AttendTask {
  const std::byte* keys;    // key block of one KV head
  const std::byte* values;  // value block
  int head_dim;
  int row_count;
  const float* queries;  // [row_count, query_stride], rotated, scaled (score_scale included)
  std::int64_t query_stride;
  const int* visible_begin;  // [row_count] slots of this page that the row sees
  const int* visible_end;
  float* out;  // [row_count, out_stride]; out_stride >= head_dim rounded up to 16
  std::int64_t out_stride;
  float* maximum;  // [row_count]
  float* total;    // [row_count]
  // What the next task will read first, if that is known: the cache is asked for it meanwhile.
  const std::byte* next_keys = nullptr;
};
using Attend = void (*)(const AttendTask& task);

// Everything the CPU backend's inner loops call, for one instruction set.
struct KernelTable {
  const char* name;  // of the best set in it: "reference", "avx2", "avx512"

  struct Format {
    ActivationKind activation;
    Matmul matmul;
  };
  Format formats[kElementTypeCount];  // matmul is null for types that are no weights
  UnpackRow unpack_row[kElementTypeCount];
  // out = weights x, float32 throughout; weights are float32 rows here.
  Matmul matmul_f32;

  // One row of `cols` activations (a multiple of `group`) to values, scales, sums.
  void (*quantize_row)(const float* row, std::int64_t cols, int group, std::int8_t* values,
                       float* scales, std::int16_t* sums);

  // 1 / sqrt(mean(row^2) + epsilon), then out = row * that * gain.
  void (*rms_norm)(const float* row, const float* gain, std::int64_t cols, float epsilon,
                   float* out);
  // out = silu(gate) * up.
  void (*swiglu)(const float* gate, const float* up, std::int64_t count, float* out);
  void (*add)(const float* addend, std::int64_t count, float* sum);

  Attend attend[kKvElementCount];
};

}  // namespace bise::cpu
