#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {

void iq4_nl_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Iq4_NlBlock>(row, elements, 32, out, [](const Iq4_NlBlock& block, float* w) {
    const float scale = half_to_float(block.scale.bits);
    for (int i = 0; i < 32; ++i) {
      w[i] = scale * static_cast<float>(kIq4Values[nibble_of_32(block.packed_quants, i)]);
    }
  });
}

void iq4_xs_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Iq4_XsBlock>(row, elements, 256, out, [](const Iq4_XsBlock& block, float* w) {
    const float scale_of_scales = half_to_float(block.scale_of_scales.bits);
    for (int sub = 0; sub < 8; ++sub) {
      const int low = block.scales_low[sub / 2] >> (sub % 2 * 4) & 15;
      const int high = block.scales_high >> (sub * 2) & 3;
      const float scale = scale_of_scales * static_cast<float>((low | high << 4) - 32);
      for (int i = 0; i < 32; ++i) {
        const int quant = block.packed_quants[sub * 16 + i % 16] >> (i / 16 * 4) & 15;
        w[sub * 32 + i] = scale * static_cast<float>(kIq4Values[quant]);
      }
    }
  });
}

}  // namespace bise::quant
