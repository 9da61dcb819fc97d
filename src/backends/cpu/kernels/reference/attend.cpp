#include <cmath>
#include <cstring>

#include "backends/cpu/kernels/reference/kernels.h"
#include "backends/cpu/kv_page.h"
#include "tensor/convert.h"

namespace bise::cpu::reference {
namespace {

float number(const std::byte* block, std::int64_t index, KvElement element) {
  if (element == KvElement::f32) {
    float value;
    std::memcpy(&value, block + index * 4, sizeof value);
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, block + index * 2, sizeof bits);
  return element == KvElement::f16 ? half_to_float(bits) : bf16_to_float(bits);
}

// Key channel `channel` of slot `slot`; scales follow the numbers.
double key(const AttendTask& task, KvElement element, int slot, int channel) {
  const std::int64_t index = channel * kPageSlots + slot;
  if (element != KvElement::q8) return number(task.keys, index, element);
  const std::byte* scales = task.keys + task.head_dim * kPageSlots;
  const std::int64_t scale = channel / kQ8Group * kPageSlots + slot;
  return static_cast<double>(number(scales, scale, KvElement::f16)) *
         static_cast<std::int8_t>(task.keys[index]);
}

double value(const AttendTask& task, KvElement element, int slot, int channel) {
  const std::int64_t index = slot * value_stride(task.head_dim) + channel;
  if (element != KvElement::q8) return number(task.values, index, element);
  const std::byte* scales = task.values + value_stride(task.head_dim) * kPageSlots;
  const std::int64_t scale = slot * q8_groups(task.head_dim) + channel / kQ8Group;
  return static_cast<double>(number(scales, scale, KvElement::f16)) *
         static_cast<std::int8_t>(task.values[index]);
}

void attend_row(const AttendTask& task, KvElement element, int row) {
  const int begin = task.visible_begin[row], end = task.visible_end[row];
  if (begin >= end) return;
  const float* query = task.queries + row * task.query_stride;
  double weights[kPageSlots];
  double maximum = task.maximum[row];
  for (int slot = begin; slot < end; ++slot) {
    double score = 0;
    for (int c = 0; c < task.head_dim; ++c) score += query[c] * key(task, element, slot, c);
    weights[slot] = score;
    maximum = std::fmax(maximum, score);
  }
  const double correction = std::exp(task.maximum[row] - maximum);
  double total = task.total[row] * correction;
  for (int slot = begin; slot < end; ++slot) {
    weights[slot] = std::exp(weights[slot] - maximum);
    total += weights[slot];
  }
  float* out = task.out + row * task.out_stride;
  for (int c = 0; c < task.head_dim; ++c) {
    double sum = out[c] * correction;
    for (int slot = begin; slot < end; ++slot) sum += weights[slot] * value(task, element, slot, c);
    out[c] = static_cast<float>(sum);
  }
  task.maximum[row] = static_cast<float>(maximum);
  task.total[row] = static_cast<float>(total);
}

template <KvElement element>
void attend(const AttendTask& task) {
  for (int row = 0; row < task.row_count; ++row) attend_row(task, element, row);
}

}  // namespace

void install_attend(KernelTable& table) {
  table.attend[static_cast<int>(KvElement::f32)] = attend<KvElement::f32>;
  table.attend[static_cast<int>(KvElement::f16)] = attend<KvElement::f16>;
  table.attend[static_cast<int>(KvElement::bf16)] = attend<KvElement::bf16>;
  table.attend[static_cast<int>(KvElement::q8)] = attend<KvElement::q8>;
}

}  // namespace bise::cpu::reference
