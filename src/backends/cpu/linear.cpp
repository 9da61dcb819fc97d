#include "backends/cpu/linear.h"

#include <algorithm>

#include "base/check.h"

namespace bise::cpu {
namespace {

// Rows a piece has at the most when there are many tokens: their unpacked form stays in the
// level-2 cache.
constexpr int kRowsOfManyTokens = 32;
// Up to here a weight's bytes are waited for, not its products.
constexpr std::int64_t kFewTokens = 2;
// Bytes of weights a piece reads then: short enough that the last piece is not waited for.
constexpr std::size_t kBytesOfFewTokens = 64 << 10;
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
  // Plain types have products of their own, the same bits as of their floats.
  const bool plain = format.matmul != nullptr && format.activation == ActivationKind::f32;
  const bool unpacked = !plain && (exact || format.matmul == nullptr);
  kind_ = unpacked ? ActivationKind::f32 : format.activation;
  matmul_ = unpacked ? kernels.matmul_f32 : format.matmul;
  unpack_ = kernels.unpack_row[index];
  unpack_first_ = unpacked && data.type != ElementType::f32;
}

void CpuWeight::unpack(std::int64_t row, float* out) const {
  unpack_(this->row(row), data_.cols, out);
  if (data_.scale == 1) return;
  for (std::int64_t c = 0; c < data_.cols; ++c) out[c] *= data_.scale;
}

void CpuWeight::multiply(std::int64_t first_row, MatmulTask task) const {
  const std::byte* first = row(first_row);
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
    : kernels_(kernels),
      pool_(pool),
      ranges_(pool),
      threads_(static_cast<std::size_t>(pool.thread_count())) {}

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

LinearRunner::Run LinearRunner::run_of(const CpuWeight& weight, int piece, int rows) const {
  const std::int64_t first = static_cast<std::int64_t>(piece) * rows;
  return {&weight, first, static_cast<int>(std::min<std::int64_t>(rows, weight.rows() - first))};
}

MatmulTask LinearRunner::task_for(const Run& run, const Run* next, const LinearInput& input,
                                  int thread) {
  const CpuWeight& weight = *run.weight;
  CHECK(weight.cols() == input.rows.cols);
  MatmulTask task = {};
  task.row_count = run.count;
  task.activations = input.gain != nullptr ? normed_.get(0) : input.rows.data;
  task.quantized = quantized(weight.activation_kind(), weight.cols());
  task.token_count = static_cast<int>(input.rows.rows);
  task.scratch =
      threads_[static_cast<std::size_t>(thread)].kernel.get(matmul_scratch_bytes(weight.cols()));
  if (next != nullptr) {
    task.next = next->weight->row(next->first);
    task.next_bytes = static_cast<std::ptrdiff_t>(next->weight->row_bytes()) * next->count;
  }
  return task;
}

int LinearRunner::rows_per_piece(const CpuWeight& weight, std::int64_t tokens) const {
  if (tokens > kFewTokens) return kRowsOfManyTokens;
  const auto wanted = static_cast<std::int64_t>(kBytesOfFewTokens / weight.row_bytes());
  // At least a few pieces for each thread, in whole sixteens of rows.
  const std::int64_t fair = weight.rows() / (4 * pool_.thread_count());
  return static_cast<int>(
      (std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(fair, 1)) + 15) / 16 * 16);
}

void LinearRunner::multiply(const LinearInput& input, std::span<const Backend::Product> products) {
  bool kinds[kActivationKindCount] = {};
  for (const Backend::Product& product : products) {
    kinds[static_cast<int>(cpu_weight(*product.weight).activation_kind())] = true;
  }
  prepare(input, kinds);
  struct Piece {
    Run run;
    Activations out;
  };
  std::vector<Piece> pieces;
  for (const Backend::Product& product : products) {
    const CpuWeight& weight = cpu_weight(*product.weight);
    CHECK(product.out.cols == weight.rows() && product.out.rows >= input.rows.rows);
    const int size = rows_per_piece(weight, input.rows.rows);
    for (int i = 0; static_cast<std::int64_t>(i) * size < weight.rows(); ++i) {
      pieces.push_back({run_of(weight, i, size), product.out});
    }
  }
  ranges_.run(static_cast<int>(pieces.size()), [&](int index, int next, int thread) {
    const auto& [run, out] = pieces[static_cast<std::size_t>(index)];
    const Run* next_run = next >= 0 ? &pieces[static_cast<std::size_t>(next)].run : nullptr;
    MatmulTask task = task_for(run, next_run, input, thread);
    task.out = out.data + run.first;
    task.out_stride = out.cols;
    run.weight->multiply(run.first, task);
  });
}

void LinearRunner::multiply_add(const LinearInput& input, const Backend::Product& product) {
  const CpuWeight& weight = cpu_weight(*product.weight);
  CHECK(product.out.cols == weight.rows() && product.out.rows >= input.rows.rows);
  bool kinds[kActivationKindCount] = {};
  kinds[static_cast<int>(weight.activation_kind())] = true;
  prepare(input, kinds);
  const int size = rows_per_piece(weight, input.rows.rows);
  const auto pieces = static_cast<int>((weight.rows() + size - 1) / size);
  ranges_.run(pieces, [&](int piece, int next, int thread) {
    const Run run = run_of(weight, piece, size);
    const Run next_run = run_of(weight, std::max(next, 0), size);
    MatmulTask task = task_for(run, next >= 0 ? &next_run : nullptr, input, thread);
    task.out = threads_[static_cast<std::size_t>(thread)].tile.get(
        static_cast<std::size_t>(task.token_count) * static_cast<std::size_t>(size));
    task.out_stride = run.count;
    weight.multiply(run.first, task);
    for (int token = 0; token < task.token_count; ++token) {
      kernels_.add(task.out + token * task.out_stride, run.count,
                   product.out.data + token * product.out.cols + run.first);
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
  const int size = rows_per_piece(gate, input.rows.rows);
  const auto pieces = static_cast<int>((gate.rows() + size - 1) / size);
  ranges_.run(pieces, [&](int piece, int next, int thread) {
    const Run gate_run = run_of(gate, piece, size);
    const Run up_run = run_of(up, piece, size);
    const Run next_run = run_of(gate, std::max(next, 0), size);
    MatmulTask task = task_for(gate_run, &up_run, input, thread);
    const auto tile_size =
        static_cast<std::size_t>(task.token_count) * static_cast<std::size_t>(size);
    float* tiles = threads_[static_cast<std::size_t>(thread)].tile.get(2 * tile_size);
    task.out = tiles;
    task.out_stride = gate_run.count;
    gate.multiply(gate_run.first, task);
    task = task_for(up_run, next >= 0 ? &next_run : nullptr, input, thread);
    task.out = tiles + tile_size;
    task.out_stride = up_run.count;
    up.multiply(up_run.first, task);
    for (int token = 0; token < task.token_count; ++token) {
      const float* gates = tiles + static_cast<std::int64_t>(token) * gate_run.count;
      kernels_.swiglu(gates, gates + tile_size, gate_run.count,
                      out.data + token * out.cols + gate_run.first);
    }
  });
}

}  // namespace bise::cpu
