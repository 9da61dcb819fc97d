#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {

void q4_0_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q4_0Block>(row, elements, 32, out, [](const Q4_0Block& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    for (int i = 0; i < 32; ++i) {
      w[i] = scale * static_cast<float>(nibble_of_32(block.packed_quants, i) - 8);
    }
  });
}

void q4_1_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q4_1Block>(row, elements, 32, out, [](const Q4_1Block& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    const float min = half_to_float(block.min.bits);
    for (int i = 0; i < 32; ++i) {
      w[i] = scale * static_cast<float>(nibble_of_32(block.packed_quants, i)) + min;
    }
  });
}

}  // namespace bise::quant
