#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backends/backend.h"
#include "backends/cpu/cpu_memory.h"
#include "backends/cpu/kernel_table.h"
#include "backends/cpu/work_ranges.h"
#include "base/thread_pool.h"

namespace bise::cpu {

// A weight matrix in the file's own bytes and the kernels for its format.
class CpuWeight final : public Weight {
 public:
  // `exact`: multiplied in float32 whatever the format.
  CpuWeight(const MatrixData& data, const KernelTable& kernels, bool exact);

  std::int64_t rows() const override { return data_.rows; }
  std::int64_t cols() const override { return data_.cols; }

  ActivationKind activation_kind() const { return kind_; }
  std::size_t row_bytes() const { return row_bytes_; }
  const std::byte* row(std::int64_t index) const {
    return data_.bytes + static_cast<std::size_t>(index) * row_bytes_;
  }

  // Row `row` as floats, scaled.
  void unpack(std::int64_t row, float* out) const;
  // task.out = scale * W[first_row, first_row + task.row_count) x; fills in the task's weights.
  void multiply(std::int64_t first_row, MatmulTask task) const;

 private:
  void multiply_unpacked(const std::byte* first, const MatmulTask& task) const;

  MatrixData data_;
  std::size_t row_bytes_;
  ActivationKind kind_;
  Matmul matmul_;     // of the format, or float32's
  UnpackRow unpack_;  // before matmul_, for kind f32 and weights of another type
  bool unpack_first_;
};

// Runs linear layers on a thread pool: normalises and quantises the input once, then hands runs of
// weight rows to the threads.
class LinearRunner {
 public:
  LinearRunner(const KernelTable& kernels, ThreadPool& pool);

  void multiply(const LinearInput& input, std::span<const Backend::Product> products);
  void multiply_add(const LinearInput& input, const Backend::Product& product);
  void multiply_swiglu(const LinearInput& input, const Weight& gate, const Weight& up,
                       Activations out);

 private:
  struct Quantized {
    Scratch<std::int8_t> values;
    Scratch<float> scales;
    Scratch<std::int16_t> sums;
  };
  struct ThreadScratch {
    Scratch<std::byte> kernel;
    Scratch<float> tile;
  };

  void prepare(const LinearInput& input, bool (&kinds)[kActivationKindCount]);
  void prepare_row(const LinearInput& input, std::int64_t row,
                   const bool (&kinds)[kActivationKindCount]);
  QuantizedRows quantized(ActivationKind kind, std::int64_t cols);
  // Rows [first, first + count) of a weight.
  struct Run {
    const CpuWeight* weight;
    std::int64_t first;
    int count;
  };

  Run run_of(const CpuWeight& weight, int piece, int rows) const;
  MatmulTask task_for(const Run& run, const Run* next, const LinearInput& input, int thread);
  int rows_per_piece(const CpuWeight& weight, std::int64_t tokens) const;

  const KernelTable& kernels_;
  ThreadPool& pool_;
  WorkRanges ranges_;
  Scratch<float> normed_;
  Quantized quantized_[kActivationKindCount];
  std::vector<ThreadScratch> threads_;
};

}  // namespace bise::cpu
