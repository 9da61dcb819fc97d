#pragma once

#include <bit>
#include <cstdint>

namespace bise {

// e^x for x <= 0, to 2 units in the last place; 0 below -87 (also for -infinity). The C library's
// expf differs between libraries and between processors (with and without fused multiply-add);
// this is plain sums and products in a fixed order, so that a seed gives the same text everywhere.
// The compiler turns a loop over it into vectors, given -fno-trapping-math.
inline float exp_nonpositive(float x) {
  constexpr float kLowest = -87.0F;
  const float clamped = x < kLowest ? kLowest : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  constexpr float kRound = 12582912.0F;
  const float shifted = clamped * 1.44269504F + kRound;
  const float whole = shifted - kRound;
  // ln 2 in two parts: the first is exact times any whole number up to 128 (Cephes' expf).
  const float rest = (clamped - whole * 0.693359375F) - whole * -2.12194440e-4F;
  float sum = 1.9875691500e-4F;
  sum = sum * rest + 1.3981999507e-3F;
  sum = sum * rest + 8.3334519073e-3F;
  sum = sum * rest + 4.1665795894e-2F;
  sum = sum * rest + 1.6666665459e-1F;
  sum = sum * rest + 5.0000001201e-1F;
  sum = sum * rest * rest + rest + 1.0F;
  // Times 2^whole, through the exponent field.
  const std::uint32_t exponent =
      (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRound)) << 23;
  const float value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(sum) + exponent);
  return x < kLowest ? 0.0F : value;
}

}  // namespace bise
