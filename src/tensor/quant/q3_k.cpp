#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {
namespace {

int scale_code(const Q3_KBlock& block, int sub) {
  const int low = block.packed_scales[sub % 8] >> (sub / 8 * 4) & 15;
  const int high = block.packed_scales[8 + sub % 4] >> (sub / 4 * 2) & 3;
  return low | high << 4;
}

}  // namespace

void q3_k_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q3_KBlock>(row, elements, 256, out, [](const Q3_KBlock& block, float* w) {
    const float scale_of_scales = half_to_float(block.scale_of_scales.bits);
    for (int sub = 0; sub < 16; ++sub) {
      const float scale = scale_of_scales * static_cast<float>(scale_code(block, sub) - 32);
      for (int i = sub * 16; i < sub * 16 + 16; ++i) {
        const int low = block.packed_quants[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        const int high = block.high_bits[i % 32] >> (i / 32) & 1;
        w[i] = scale * static_cast<float>((low | high << 2) - 4);
      }
    }
  });
}

}  // namespace bise::quant
