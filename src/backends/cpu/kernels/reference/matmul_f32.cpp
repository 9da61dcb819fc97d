#include "backends/cpu/kernels/reference/kernels.h"
#include "tensor/dequantize.h"

namespace bise::cpu::reference {
namespace {

void multiply_row(const float* weights, const MatmulTask& task, int row) {
  for (int token = 0; token < task.token_count; ++token) {
    const float* activations = task.activations + token * task.cols;
    double sum = 0;
    for (std::int64_t c = 0; c < task.cols; ++c) {
      sum += static_cast<double>(weights[c]) * activations[c];
    }
    task.out[token * task.out_stride + row] = static_cast<float>(sum);
  }
}

// Rows of a file may lie at any address, so float32 rows are unpacked too.
template <ElementType type>
void matmul(const MatmulTask& task) {
  const DequantizeRow dequantize = dequantize_row(type);
  float* weights = reinterpret_cast<float*>(task.scratch);
  for (int row = 0; row < task.row_count; ++row) {
    dequantize(task.weights + row * task.row_bytes, task.cols, weights);
    multiply_row(weights, task, row);
  }
}

template <ElementType type>
void install(KernelTable& table) {
  table.formats[static_cast<int>(type)] = {ActivationKind::f32, matmul<type>};
}

}  // namespace

void matmul_f32(const MatmulTask& task) {
  for (int row = 0; row < task.row_count; ++row) {
    multiply_row(reinterpret_cast<const float*>(task.weights + row * task.row_bytes), task, row);
  }
}

void install_matmul_plain(KernelTable& table) {
  install<ElementType::f32>(table);
  install<ElementType::f16>(table);
  install<ElementType::bf16>(table);
  install<ElementType::f8_e4m3>(table);
}

}  // namespace bise::cpu::reference
