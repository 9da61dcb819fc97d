#pragma once

#include <cstddef>
#include <cstdint>

// How a quantised format is multiplied, and the tile its weights are unpacked to.

namespace bise::cpu::avx2 {

constexpr int kTileRows = 16;

// A format's numbers, with weights `u` as they are unpacked:
//   weight = scale * (multiplier of the sub-block) * (u - offset) + minimum
struct Shape {
  int group;         // weights under one float scale: 16, 32, or 256 for the K formats
  int block_groups;  // groups in one block of the file
  int block_bytes;
  // Products of 4 unsigned weights with 4 activations that are added in int16 pairs before they
  // are widened: chain * 2 * |u - chain_offset| * 128 <= 2^15 (an activation is -128 in rows that
  // are not numbers only, so this is never reached), and 2 * u * 128 < 2^15 for one product. 0:
  // weights are int16, their products int32.
  int chain;
  int sub_block = 0;  // weights under one integer multiplier: 16, 32; 0: there is none
  // The offset of all weights, taken from the integer sum of a group of 16 or 32, or, with
  // multipliers, from each chain.
  int offset = 0;
  int chain_offset = 0;
  bool minimum = false;
  // Minima of sub-blocks, as pairs of int16 that multiply sums of the activations. 8 pairs: for
  // each 16 activations; 4: for each 32.
  int coefficient_pairs = 0;

  // Numbers of 32 bits a token brings for a group beside its values and their scale: the pairs of
  // sums that meet the coefficients; or what each chain begins with; or the offset times the sum;
  // or, for a minimum, the sum as a float.
  constexpr int extras() const {
    if (chain_offset != 0) return group / (4 * chain);
    return coefficient_pairs != 0 ? coefficient_pairs : offset != 0 || minimum ? 1 : 0;
  }
};

// One group of 16 rows: arrays of [rows], [..][rows][2], [..][rows][4], each of 64 bytes a step.
//   float scales[16], minima[16];
//   int16 multipliers[group / sub_block][16][2];    both of a pair alike
//   int16 coefficients[coefficient_pairs][16][2];
//   uint8 weights[group / 4][16][4]; or
//   int16 weights[group / 2][16][2];                of each 32: pairs (0, 2) (4, 6) .. (28, 30),
//                                                   then (1, 3) (5, 7) .. (29, 31)
struct Layout {
  static constexpr int kStep = 64;
  int multipliers, coefficients, weights, bytes;

  constexpr explicit Layout(const Shape& shape)
      : multipliers(kStep * (shape.minimum ? 2 : 1)),
        coefficients(multipliers +
                     (shape.sub_block == 0 ? 0 : kStep * shape.group / shape.sub_block)),
        weights(coefficients + kStep * shape.coefficient_pairs),
        bytes(weights + kStep * shape.group / (shape.chain == 0 ? 2 : 4)) {}
};

}  // namespace bise::cpu::avx2
