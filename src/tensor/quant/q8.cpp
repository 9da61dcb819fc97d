#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {

void q8_0_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q8_0Block>(row, elements, 32, out, [](const Q8_0Block& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    for (int i = 0; i < 32; ++i) w[i] = scale * static_cast<float>(block.quants[i]);
  });
}

}  // namespace bise::quant
