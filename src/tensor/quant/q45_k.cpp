#include "tensor/convert.h"
#include "tensor/quant/rows.h"
#include "tensor/quant_blocks.h"

namespace bise::quant {
namespace {

struct ScaleAndMin {
  int scale, min;
};

ScaleAndMin codes(const std::uint8_t (&packed)[12], int sub) {
  if (sub < 4) return {packed[sub] & 63, packed[sub + 4] & 63};
  return {(packed[sub + 4] & 15) | packed[sub - 4] >> 6 << 4,
          packed[sub + 4] >> 4 | packed[sub] >> 6 << 4};
}

// The two formats differ in the quants only: quant_of(block, i) is that of weight i.
template <class Block, class QuantOf>
void decode(const Block& block, float* w, QuantOf quant_of) {
  const float scale_of_scales = half_to_float(block.scale_of_scales.bits);
  const float scale_of_mins = half_to_float(block.scale_of_mins.bits);
  for (int sub = 0; sub < 8; ++sub) {
    const ScaleAndMin code = codes(block.packed_scales, sub);
    const float scale = scale_of_scales * static_cast<float>(code.scale);
    const float min = scale_of_mins * static_cast<float>(code.min);
    for (int i = sub * 32; i < sub * 32 + 32; ++i) {
      w[i] = scale * static_cast<float>(quant_of(block, i)) - min;
    }
  }
}

int low_quant(const std::uint8_t (&packed)[128], int i) {
  return packed[i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4) & 15;
}

}  // namespace

void q4_k_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q4_KBlock>(row, elements, 256, out, [](const Q4_KBlock& block, float* w) {
    decode(block, w, [](const Q4_KBlock& b, int i) { return low_quant(b.packed_quants, i); });
  });
}

void q5_k_row(const std::byte* row, std::int64_t elements, float* out) {
  for_each_block<Q5_KBlock>(row, elements, 256, out, [](const Q5_KBlock& block, float* w) {
    decode(block, w, [](const Q5_KBlock& b, int i) {
      return low_quant(b.packed_quants, i) | (b.high_bits[i % 32] >> (i / 32) & 1) << 4;
    });
  });
}

}  // namespace bise::quant
