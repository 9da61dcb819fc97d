#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

// Number formats narrower than float, one value at a time, exact. Not for kernel files that are
// compiled for one instruction set: these inline functions are shared by the whole program, and
// the linker might keep the copy that another processor cannot run.

namespace bise {

// IEEE 754 binary16: sign 1, exponent 5 (bias 15), mantissa 10.
inline float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1fu;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

// To the nearest, ties to even; beyond 65504 to infinity; NaN stays NaN.
inline std::uint16_t float_to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
  std::uint32_t half;
  if (magnitude < 0x38800000u) {
    // Subnormal: adding 0.5 leaves the rounded count of 2^-24 in the lowest bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    half = std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u;
  } else {
    half = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
  }
  return static_cast<std::uint16_t>(sign | half);
}

// The upper half of a float.
inline float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// To the nearest, ties to even; NaN stays NaN.
inline std::uint16_t float_to_bf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// OCP FP8 E4M3 ("e4m3fn"): sign 1, exponent 4 (bias 7), mantissa 3; no infinities, 0x7f and 0xff
// are NaN, the largest number is 448.
inline float e4m3_to_float(std::uint8_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80u) << 24;
  const std::uint32_t exponent = bits >> 3 & 0xfu;
  const std::uint32_t mantissa = bits & 0x7u;
  if ((bits & 0x7fu) == 0x7fu) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-9f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  return std::bit_cast<float>(sign | (exponent + 120u) << 23 | mantissa << 20);
}

// To the nearest, ties to even; beyond 448 to 448 (infinity too); NaN stays NaN.
inline std::uint8_t float_to_e4m3(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint8_t>(bits >> 24 & 0x80u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint8_t>(sign | 0x7fu);
  if (magnitude >= 0x43e00000u) return static_cast<std::uint8_t>(sign | 0x7eu);
  std::uint32_t code;
  if (magnitude < 0x3c800000u) {
    // Subnormal: adding 2^14 leaves the rounded count of 2^-9 in the lowest bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0x1p14f;
    code = std::bit_cast<std::uint32_t>(shifted) - 0x46800000u;
  } else {
    code = (magnitude + 0x7ffffu + (magnitude >> 20 & 1u) - 0x3c000000u) >> 20;
  }
  return static_cast<std::uint8_t>(sign | code);
}

// OCP E8M0, the scale of MX formats: 2^(bits - 127), 255 is NaN.
inline float e8m0_to_float(std::uint8_t bits) {
  if (bits == 255) return std::numeric_limits<float>::quiet_NaN();
  if (bits == 0) return 0x1p-127f;
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 23);
}

// The scale of GGUF's NVFP4: E4M3 without a sign. The uppermost bit is ignored, and 0x7f, which
// would be NaN, is 0; so it is in ggml.
inline float ue4m3_to_float(std::uint8_t bits) {
  if (bits == 0x7fu) return 0.0f;
  const std::uint32_t exponent = bits >> 3 & 0xfu;
  const std::uint32_t mantissa = bits & 0x7u;
  if (exponent == 0) return static_cast<float>(mantissa) * 0x1p-9f;
  return std::bit_cast<float>((exponent + 120u) << 23 | mantissa << 20);
}

}  // namespace bise
