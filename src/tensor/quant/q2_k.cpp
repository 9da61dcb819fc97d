#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {

void q2_k_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q2_KBlock>(row, elements, 256, out, [](const Q2_KBlock& block, float* w) {
    const float scale_of_scales = half_to_float(block.scale_of_scales.bits);
    const float scale_of_mins = half_to_float(block.scale_of_mins.bits);
    for (int sub = 0; sub < 16; ++sub) {
      const float scale = scale_of_scales * static_cast<float>(block.packed_scales[sub] & 15);
      const float min = scale_of_mins * static_cast<float>(block.packed_scales[sub] >> 4);
      for (int i = sub * 16; i < sub * 16 + 16; ++i) {
        const int quant = block.packed_quants[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        w[i] = scale * static_cast<float>(quant) - min;
      }
    }
  });
}

}  // namespace bise::quant
