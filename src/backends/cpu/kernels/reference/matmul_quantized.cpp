#include "backends/cpu/kernels/reference/matmul.h"
#include "tensor/dequantize.h"

namespace bise::cpu::reference {
namespace {

double dot(const float* weights, const QuantizedRows& activations, int token) {
  const std::int64_t cols = activations.cols;
  const int group = activations.group;
  const std::int8_t* values = activations.values + token * cols;
  const float* scales = activations.scales + token * (cols / group);
  double sum = 0;
  for (std::int64_t c = 0; c < cols; ++c) {
    const double activation = static_cast<double>(scales[c / group]) * values[c];
    sum += weights[c] * activation;
  }
  return sum;
}

template <ElementType type>
void matmul(const MatmulTask& task) {
  const DequantizeRow dequantize = dequantize_row(type);
  float* weights = reinterpret_cast<float*>(task.scratch);
  for (int row = 0; row < task.row_count; ++row) {
    dequantize(task.weights + row * task.row_bytes, task.cols, weights);
    for (int token = 0; token < task.token_count; ++token) {
      task.out[token * task.out_stride + row] =
          static_cast<float>(dot(weights, task.quantized, token));
    }
  }
}

template <ElementType type>
void install(KernelTable& table, ActivationKind activation) {
  table.formats[static_cast<int>(type)] = {activation, matmul<type>};
}

}  // namespace

void install_matmul(KernelTable& table) {
  using enum ElementType;
  install<q4_0>(table, ActivationKind::int8_32);
  install<q4_1>(table, ActivationKind::int8_32);
  install<q5_0>(table, ActivationKind::int8_32);
  install<q5_1>(table, ActivationKind::int8_32);
  install<q8_0>(table, ActivationKind::int8_32);
  install<iq4_nl>(table, ActivationKind::int8_32);
  install<mxfp4>(table, ActivationKind::int8_32);
  install<nvfp4>(table, ActivationKind::int8_32);
  install<q2_k>(table, ActivationKind::int8_256);
  install<q3_k>(table, ActivationKind::int8_256);
  install<q4_k>(table, ActivationKind::int8_256);
  install<q5_k>(table, ActivationKind::int8_256);
  install<q6_k>(table, ActivationKind::int8_256);
  install<iq4_xs>(table, ActivationKind::int8_256);
}

}  // namespace bise::cpu::reference
