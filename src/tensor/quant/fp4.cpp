#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {
namespace {

// Halving is exact, so the order against the scale does not matter.
float e2m1(int code) {
  return static_cast<float>(kE2m1ValuesDoubled[code]) * 0.5f;
}

}  // namespace

void mxfp4_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Mxfp4Block>(row, elements, 32, out, [](const Mxfp4Block& block, float* w) {
    const float scale = e8m0_to_float(block.exponent);
    for (int i = 0; i < 32; ++i) w[i] = scale * e2m1(nibble_of_32(block.packed_quants, i));
  });
}

void nvfp4_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Nvfp4Block>(row, elements, 64, out, [](const Nvfp4Block& block, float* w) {
    for (int sub = 0; sub < 4; ++sub) {
      const float scale = ue4m3_to_float(block.scales[sub]);
      for (int i = 0; i < 16; ++i) {
        const int code = block.packed_quants[sub * 8 + i % 8] >> (i / 8 * 4) & 15;
        w[sub * 16 + i] = scale * e2m1(code);
      }
    }
  });
}

}  // namespace bise::quant
