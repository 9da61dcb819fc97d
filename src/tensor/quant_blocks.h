#pragma once

#include <cstdint>

// Blocks of quantised weights as they lie in GGUF files, little-endian. A row of a matrix is a run
// of whole blocks. In the formulas `quant` is the unsigned code as stored.

namespace bise {

// A binary16 number by its bits (tensor/convert.h has the value).
struct Half {
  std::uint16_t bits;
};
static_assert(sizeof(Half) == 2);

// 32 weights; w = scale * (quant - 8). 4.5 bits a weight. GGUF type 2.
struct Q4_0Block {
  Half scale;
  std::uint8_t packed_quants[16];  // [32] 4-bit: weights 0-15 in the low nibbles, 16-31 in the high
};
static_assert(sizeof(Q4_0Block) == 18);

// 32 weights; w = scale * quant + min. 5 bits a weight. GGUF type 3.
struct Q4_1Block {
  Half scale, min;
  std::uint8_t packed_quants[16];  // as in Q4_0
};
static_assert(sizeof(Q4_1Block) == 20);

// 32 weights; w = scale * (quant - 16). 5.5 bits a weight. GGUF type 6.
struct Q5_0Block {
  Half scale;
  std::uint8_t high_bits[4];       // [32] fifth bits: weight i is bit i % 8 of byte i / 8
  std::uint8_t packed_quants[16];  // [32] lower 4 bits, as in Q4_0
};
static_assert(sizeof(Q5_0Block) == 22);

// 32 weights; w = scale * quant + min. 6 bits a weight. GGUF type 7.
struct Q5_1Block {
  Half scale, min;
  std::uint8_t high_bits[4];       // as in Q5_0
  std::uint8_t packed_quants[16];  // as in Q4_0
};
static_assert(sizeof(Q5_1Block) == 24);

// 32 weights; w = scale * quant. 8.5 bits a weight. GGUF type 8.
struct Q8_0Block {
  Half scale;
  std::int8_t quants[32];
};
static_assert(sizeof(Q8_0Block) == 34);

// 256 weights in 16 sub-blocks of 16; w = scale * quant - min with scale = scale_of_scales * low
// nibble, min = scale_of_mins * high nibble. 2.625 bits a weight. GGUF type 10.
struct Q2_KBlock {
  std::uint8_t packed_scales[16];  // [16] a sub-block's scale in the low nibble, min in the high
  std::uint8_t packed_quants[64];  // [256] 2-bit: of each 128 weights, weight 32 g + l has bits
                                   // 2 g, 2 g + 1 of byte l (32 bytes for 128 weights)
  Half scale_of_scales, scale_of_mins;
};
static_assert(sizeof(Q2_KBlock) == 84);

// 256 weights in 16 sub-blocks of 16; w = scale * (quant - 4) with scale = scale_of_scales *
// (6-bit code - 32). 3.4375 bits a weight. GGUF type 11.
struct Q3_KBlock {
  std::uint8_t high_bits[32];      // [256] third bits: weight 32 k + l is bit k of byte l
  std::uint8_t packed_quants[64];  // [256] lower 2 bits, as in Q2_K
  std::uint8_t packed_scales[12];  // [16] 6-bit: code k has its low 4 bits in the nibble k / 8 of
                                   // byte k % 8, its high 2 at bit 2 (k / 4) of byte 8 + k % 4
  Half scale_of_scales;
};
static_assert(sizeof(Q3_KBlock) == 110);

// 256 weights in 8 sub-blocks of 32; w = scale * quant - min with scale = scale_of_scales * 6-bit
// code, min = scale_of_mins * 6-bit code. 4.5 bits a weight. GGUF type 12.
struct Q4_KBlock {
  Half scale_of_scales, scale_of_mins;
  std::uint8_t packed_scales[12];   // [8] pairs of 6-bit (scale, min). Pair j < 4: the low 6 bits
                                    // of bytes j and j + 4. Pair j >= 4: the nibbles (low: scale)
                                    // of byte j + 4, their upper 2 bits atop bytes j - 4 and j
  std::uint8_t packed_quants[128];  // [256] 4-bit: of each 64 weights, 32 in the low nibbles of 32
                                    // bytes, then 32 in the high
};
static_assert(sizeof(Q4_KBlock) == 144);

// As Q4_K with quants of 5 bits. 5.5 bits a weight. GGUF type 13.
struct Q5_KBlock {
  Half scale_of_scales, scale_of_mins;
  std::uint8_t packed_scales[12];   // as in Q4_K
  std::uint8_t high_bits[32];       // [256] fifth bits: weight 32 k + l is bit k of byte l
  std::uint8_t packed_quants[128];  // lower 4 bits, as in Q4_K
};
static_assert(sizeof(Q5_KBlock) == 176);

// 256 weights in 16 sub-blocks of 16; w = scale * (quant - 32) with scale = scale_of_scales *
// signed byte. 6.5625 bits a weight. GGUF type 14.
struct Q6_KBlock {
  std::uint8_t packed_low[128];  // [256] lower 4 bits: of each 128 weights, weight 32 g + l is in
                                 // byte l + 32 (g % 2) of 64 bytes, nibble g / 2
  std::uint8_t packed_high[64];  // [256] upper 2 bits, laid out as Q2_K's quants
  std::int8_t scales[16];
  Half scale_of_scales;
};
static_assert(sizeof(Q6_KBlock) == 210);

// What the 4-bit codes of IQ4_NL and IQ4_XS stand for.
inline constexpr std::int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};

// 32 weights; w = scale * kIq4Values[quant]. 4.5 bits a weight. GGUF type 20.
struct Iq4_NlBlock {
  Half scale;
  std::uint8_t packed_quants[16];  // as in Q4_0
};
static_assert(sizeof(Iq4_NlBlock) == 18);

// 256 weights in 8 sub-blocks of 32; w = scale * kIq4Values[quant] with scale = scale_of_scales *
// (6-bit code - 32). 4.25 bits a weight. GGUF type 23.
struct Iq4_XsBlock {
  Half scale_of_scales;
  std::uint16_t scales_high;        // [8] upper 2 bits: sub-block k at bit 2 k
  std::uint8_t scales_low[4];       // [8] lower 4 bits: sub-block k in nibble k % 2 of byte k / 2
  std::uint8_t packed_quants[128];  // [8][16]: each sub-block as in Q4_0
};
static_assert(sizeof(Iq4_XsBlock) == 136);

// Twice what the 4-bit E2M1 codes of MXFP4 and NVFP4 stand for.
inline constexpr std::int8_t kE2m1ValuesDoubled[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                                       0, -1, -2, -3, -4, -6, -8, -12};

// 32 weights; w = 2^(exponent - 127) * e2m1(quant). 4.25 bits a weight. GGUF type 39.
struct Mxfp4Block {
  std::uint8_t exponent;           // E8M0
  std::uint8_t packed_quants[16];  // as in Q4_0
};
static_assert(sizeof(Mxfp4Block) == 17);

// 64 weights in 4 sub-blocks of 16; w = ue4m3(scale) * e2m1(quant), and the tensor NAME.scale, if
// there is one, multiplies the whole. 4.5 bits a weight. GGUF type 40.
struct Nvfp4Block {
  std::uint8_t scales[4];          // unsigned E4M3
  std::uint8_t packed_quants[32];  // [4][8]: weights 0-7 of a sub-block in the low nibbles, 8-15 in
                                   // the high
};
static_assert(sizeof(Nvfp4Block) == 36);

}  // namespace bise
