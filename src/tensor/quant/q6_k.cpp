#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {

void q6_k_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q6_KBlock>(row, elements, 256, out, [](const Q6_KBlock& block, float* w) {
    const float scale_of_scales = half_to_float(block.scale_of_scales.bits);
    for (int sub = 0; sub < 16; ++sub) {
      const float scale = scale_of_scales * static_cast<float>(block.scales[sub]);
      for (int i = sub * 16; i < sub * 16 + 16; ++i) {
        const int half = i / 128, group = i % 128 / 32, l = i % 32;
        const int low = block.packed_low[half * 64 + group % 2 * 32 + l] >> (group / 2 * 4) & 15;
        const int high = block.packed_high[half * 32 + l] >> (group * 2) & 3;
        w[i] = scale * static_cast<float>((low | high << 4) - 32);
      }
    }
  });
}

}  // namespace bise::quant
