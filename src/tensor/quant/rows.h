#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// The row decoders, one a format, and the loop they share. Listed in tensor/quant_formats.cpp.

namespace bise::quant {

using Row = void(const std::byte* row, std::int64_t elements, float* out);

Row f32_row, f16_row, bf16_row, f8_e4m3_row;
Row q4_0_row, q4_1_row, q5_0_row, q5_1_row, q8_0_row;
Row q2_k_row, q3_k_row, q4_k_row, q5_k_row, q6_k_row;
Row iq4_nl_row, iq4_xs_row, mxfp4_row, nvfp4_row;

// Calls decode(block, out) for each block of `block_elements` weights.
template <class Block, class Decode>
void for_each_block(const std::byte* row, std::int64_t elements, int block_elements, float* out,
                    Decode decode) {
  for (std::int64_t first = 0; first < elements; first += block_elements) {
    Block block;  // a copy: the row may lie at any address
    std::memcpy(&block, row, sizeof block);
    decode(block, out + first);
    row += sizeof block;
  }
}

// Element i of 32 whose low half sits in the low nibbles of 16 bytes, the high half in the high.
inline int nibble_of_32(const std::uint8_t (&packed)[16], int i) {
  return i < 16 ? packed[i] & 15 : packed[i - 16] >> 4;
}

}  // namespace bise::quant
