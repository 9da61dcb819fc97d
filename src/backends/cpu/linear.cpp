#include "backends/cpu/linear.h"

#include <algorithm>

#include "base/check.h"

namespace bise::cpu {
namespace {

// Rows a piece has at the most when there are many tokens: their unpacked form stays in the
// level-2 cache.
constexpr int kRowsOfManyTokens = 32;
// Bytes of weights a piece reads at the least when there are few: long enough a stream for the
// prefetchers, short enough that the last piece is not waited for.
constexpr std::size_t kBytesOfFewTokens = 48 << 10;
// From here on the rows are prepared by all threads.
constexpr std::int64_t kParallelRows = 4;

int group_of(ActivationKind kind) {
  return kind == ActivationKind::int8_32 ? 32 : 256;
}

const CpuWeight& cpu_weight(const Weight& weight) {
  return static_cast<const CpuWeight&>(weight);
}

}  // namespace

CpuWeight::CpuWeight(const MatrixData& data, const KernelTable& kernels, bool exact)
    : data_(data), row_bytes_(*bise::row_bytes(data.type, data.cols)) {
  const auto index = static_cast<std::size_t>(data.type);
  const KernelTable::Format& format = kernels.formats[index];
  const bool floats = exact || format.matmul == nullptr || format.activation == ActivationKind::f32;
  kind_ = floats ? ActivationKind::f32 : format.activation;
  matmul_ = floats ? kernels.matmul_f32 : format.matmul;
  unpack_ = kernels.unpack_row[index];
  unpack_first_ = floats && data.type != ElementType::f32;
}

void CpuWeight::unpack(std::int64_t row, float* out) const {
  unpack_(data_.bytes + static_cast<std::size_t>(row) * row_bytes_, data_.cols, out);
  if (data_.scale == 1) return;
  for (std::int64_t c = 0; c < data_.cols; ++c) out[c] *= data_.scale;
}

void CpuWeight::multiply(std::int64_t first_row, MatmulTask task) const {
  const std::byte* first = data_.bytes + static_cast<std::size_t>(first_row) * row_bytes_;
  task.cols = data_.cols;
  if (unpack_first_) {
    multiply_unpacked(first, task);
  } else {
    task.weights = first;
    task.row_bytes = row_bytes_;
    matmul_(task);
  }
  if (data_.scale == 1) return;
  for (int token = 0; token < task.token_count; ++token) {
    for (int row = 0; row < task.row_count; ++row)
      task.out[token * task.out_stride + row] *= data_.scale;
  }
}

void CpuWeight::multiply_unpacked(const std::byte* first, const MatmulTask& task) const {
  constexpr int kRows = 12;  // a multiple of the float kernels' tiles
  auto* rows = reinterpret_cast<float*>(task.scratch);
  for (int begin = 0; begin < task.row_count; begin += kRows) {
    const int count = std::min(kRows, task.row_count - begin);
    for (int row = 0; row < count; ++row) {
      unpack_(first + static_cast<std::size_t>(begin + row) * row_bytes_, data_.cols,
              rows + row * data_.cols);
    }
    MatmulTask part = task;
    part.weights = task.scratch;
    part.row_bytes = static_cast<std::size_t>(data_.cols) * sizeof(float);
    part.row_count = count;
    part.out = task.out + begin;
    matmul_(part);
  }
}

LinearRunner::LinearRunner(const KernelTable& kernels, ThreadPool& pool)
    : kernels_(kernels), pool_(pool), threads_(static_cast<std::size_t>(pool.thread_count())) {}

void LinearRunner::prepare_row(const LinearInput& input, std::int64_t row,
                               const bool (&kinds)[kActivationKindCount]) {
  const std::int64_t cols = input.rows.cols;
  const float* values = input.rows.data + row * cols;
  if (input.gain != nullptr) {
    float* normed = normed_.get(0) + row * cols;
    const auto* gain = static_cast<const float*>(const_cast<Buffer*>(input.gain)->data());
    kernels_.rms_norm(values, gain, cols, input.epsilon, normed);
    values = normed;
  }
  for (const auto kind : {ActivationKind::int8_32, ActivationKind::int8_256}) {
    if (!kinds[static_cast<int>(kind)]) continue;
    Quantized& to = quantized_[static_cast<int>(kind)];
    kernels_.quantize_row(values, cols, group_of(kind), to.values.get(0) + row * cols,
                          to.scales.get(0) + row * (cols / group_of(kind)),
                          to.sums.get(0) + row * (cols / 16));
  }
}

void LinearRunner::prepare(const LinearInput& input, bool (&kinds)[kActivationKindCount]) {
  const std::int64_t rows = input.rows.rows;
  const std::int64_t cols = input.rows.cols;
  const auto count = static_cast<std::size_t>(rows * cols);
  if (input.gain != nullptr) normed_.get(count);
  bool any = input.gain != nullptr;
  for (const auto kind : {ActivationKind::int8_32, ActivationKind::int8_256}) {
    if (!kinds[static_cast<int>(kind)]) continue;
    CHECK(cols % group_of(kind) == 0);
    Quantized& to = quantized_[static_cast<int>(kind)];
    to.values.get(count);
    to.scales.get(count / static_cast<std::size_t>(group_of(kind)));
    to.sums.get(count / 16);
    any = true;
  }
  if (!any) return;
  if (rows < kParallelRows) {
    for (std::int64_t row = 0; row < rows; ++row) prepare_row(input, row, kinds);
    return;
  }
  pool_.run(static_cast<int>(rows), [&](int row, int) { prepare_row(input, row, kinds); });
}

QuantizedRows LinearRunner::quantized(ActivationKind kind, std::int64_t cols) {
  if (kind == ActivationKind::f32) return {};
  Quantized& from = quantized_[static_cast<int>(kind)];
  return {.values = from.values.get(0),
          .scales = from.scales.get(0),
          .sums = from.sums.get(0),
          .cols = cols,
          .group = group_of(kind)};
}

MatmulTask LinearRunner::task_for(const CpuWeight& weight, const LinearInput& input, int row_count,
                                  int thread) {
  CHECK(weight.cols() == input.rows.cols);
  MatmulTask task = {};
  task.row_count = row_count;
  task.activations = input.gain != nullptr ? normed_.get(0) : input.rows.data;
  task.quantized = quantized(weight.activation_kind(), weight.cols());
  task.token_count = static_cast<int>(input.rows.rows);
  task.scratch =
      threads_[static_cast<std::size_t>(thread)].kernel.get(matmul_scratch_bytes(weight.cols()));
  return task;
}

int LinearRunner::rows_per_piece(std::int64_t rows, std::size_t row_bytes,
                                 std::int64_t tokens) const {
  if (tokens > 1) return kRowsOfManyTokens;
  const auto wanted = static_cast<std::int64_t>(kBytesOfFewTokens / row_bytes);
  // At least a few pieces for each thread, in whole eights of rows.
  const std::int64_t fair = rows / (4 * pool_.thread_count());
  return static_cast<int>(
      (std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(fair, 1)) + 7) / 8 * 8);
}

void LinearRunner::multiply(const LinearInput& input, std::span<const Backend::Product> products) {
  bool kinds[kActivationKindCount] = {};
  for (const Backend::Product& product : products) {
    kinds[static_cast<int>(cpu_weight(*product.weight).activation_kind())] = true;
  }
  prepare(input, kinds);
  struct Run {
    const Backend::Product* product;
    std::int64_t first;
    int count;
  };
  std::vector<Run> runs;
  for (const Backend::Product& product : products) {
    const CpuWeight& weight = cpu_weight(*product.weight);
    CHECK(product.out.cols == weight.rows() && product.out.rows >= input.rows.rows);
    const int size = rows_per_piece(weight.rows(), weight.row_bytes(), input.rows.rows);
    for (std::int64_t first = 0; first < weight.rows(); first += size) {
      runs.push_back(
          {&product, first, static_cast<int>(std::min<std::int64_t>(size, weight.rows() - first))});
    }
  }
  pool_.run(static_cast<int>(runs.size()), [&](int index, int thread) {
    const Run& run = runs[static_cast<std::size_t>(index)];
    const CpuWeight& weight = cpu_weight(*run.product->weight);
    MatmulTask task = task_for(weight, input, run.count, thread);
    task.out = run.product->out.data + run.first;
    task.out_stride = run.product->out.cols;
    weight.multiply(run.first, task);
  });
}

void LinearRunner::multiply_add(const LinearInput& input, const Backend::Product& product) {
  const CpuWeight& weight = cpu_weight(*product.weight);
  CHECK(product.out.cols == weight.rows() && product.out.rows >= input.rows.rows);
  bool kinds[kActivationKindCount] = {};
  kinds[static_cast<int>(weight.activation_kind())] = true;
  prepare(input, kinds);
  const int size = rows_per_piece(weight.rows(), weight.row_bytes(), input.rows.rows);
  const auto pieces = static_cast<int>((weight.rows() + size - 1) / size);
  pool_.run(pieces, [&](int piece, int thread) {
    const std::int64_t first = static_cast<std::int64_t>(piece) * size;
    const auto count = static_cast<int>(std::min<std::int64_t>(size, weight.rows() - first));
    MatmulTask task = task_for(weight, input, count, thread);
    task.out = threads_[static_cast<std::size_t>(thread)].tile.get(
        static_cast<std::size_t>(task.token_count) * static_cast<std::size_t>(size));
    task.out_stride = count;
    weight.multiply(first, task);
    for (int token = 0; token < task.token_count; ++token) {
      kernels_.add(task.out + token * task.out_stride, count,
                   product.out.data + token * product.out.cols + first);
    }
  });
}

void LinearRunner::multiply_swiglu(const LinearInput& input, const Weight& gate_weight,
                                   const Weight& up_weight, Activations out) {
  const CpuWeight& gate = cpu_weight(gate_weight);
  const CpuWeight& up = cpu_weight(up_weight);
  CHECK(gate.rows() == up.rows() && out.cols == gate.rows() && out.rows >= input.rows.rows);
  bool kinds[kActivationKindCount] = {};
  kinds[static_cast<int>(gate.activation_kind())] = true;
  kinds[static_cast<int>(up.activation_kind())] = true;
  prepare(input, kinds);
  const int size = rows_per_piece(gate.rows(), gate.row_bytes(), input.rows.rows);
  const auto pieces = static_cast<int>((gate.rows() + size - 1) / size);
  pool_.run(pieces, [&](int piece, int thread) {
    const std::int64_t first = static_cast<std::int64_t>(piece) * size;
    const auto count = static_cast<int>(std::min<std::int64_t>(size, gate.rows() - first));
    MatmulTask task = task_for(gate, input, count, thread);
    const auto tile_size =
        static_cast<std::size_t>(task.token_count) * static_cast<std::size_t>(size);
    float* tiles = threads_[static_cast<std::size_t>(thread)].tile.get(2 * tile_size);
    task.out = tiles;
    task.out_stride = count;
    gate.multiply(first, task);
    task.out = tiles + tile_size;
    task.quantized = quantized(up.activation_kind(), up.cols());
    up.multiply(first, task);
    for (int token = 0; token < task.token_count; ++token) {
      const float* gates = tiles + static_cast<std::int64_t>(token) * count;
      kernels_.swiglu(gates, gates + tile_size, count, out.data + token * out.cols + first);
    }
  });
}

}  // namespace bise::cpu
