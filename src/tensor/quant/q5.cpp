#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {
namespace {

template <class Block>
int quant_of(const Block& block, int i) {
  const int high = block.high_bits[i / 8] >> (i % 8) & 1;
  return nibble_of_32(block.packed_quants, i) | high << 4;
}

}  // namespace

void q5_0_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q5_0Block>(row, elements, 32, out, [](const Q5_0Block& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    for (int i = 0; i < 32; ++i) w[i] = scale * static_cast<float>(quant_of(block, i) - 16);
  });
}

void q5_1_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q5_1Block>(row, elements, 32, out, [](const Q5_1Block& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    const float min = half_to_float(block.min.bits);
    for (int i = 0; i < 32; ++i) w[i] = scale * static_cast<float>(quant_of(block, i)) + min;
  });
}

}  // namespace bise::quant
