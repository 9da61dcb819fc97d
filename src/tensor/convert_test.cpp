#include "tensor/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace bise {
namespace {

// What a format with that many exponent and mantissa bits says, in doubles, by its definition.
struct Layout {
  int exponent_bits, mantissa_bits, bias;
};
constexpr Layout kHalf{5, 10, 15};
constexpr Layout kE4m3{4, 3, 7};

double by_definition(unsigned bits, const Layout& layout) {
  const unsigned mantissa = bits & ((1u << layout.mantissa_bits) - 1);
  const unsigned exponent = bits >> layout.mantissa_bits & ((1u << layout.exponent_bits) - 1);
  const bool negative = bits >> (layout.mantissa_bits + layout.exponent_bits) & 1;
  const double significand =
      mantissa + (exponent == 0 ? 0.0 : std::ldexp(1.0, layout.mantissa_bits));
  const int power =
      static_cast<int>(exponent == 0 ? 1 : exponent) - layout.bias - layout.mantissa_bits;
  return std::ldexp(negative ? -significand : significand, power);
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

TEST(Half, EveryCodeHasTheValueOfItsDefinitionAndComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    if ((bits & 0x7fff) > 0x7c00) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_GT(float_to_half(value) & 0x7fff, 0x7c00) << bits;
      continue;
    }
    if ((bits & 0x7fff) == 0x7c00) {
      ASSERT_EQ(value, bits & 0x8000 ? -INFINITY : INFINITY);
    } else {
      ASSERT_TRUE(same_bits(value, static_cast<float>(by_definition(bits, kHalf)))) << bits;
    }
    ASSERT_EQ(float_to_half(value), bits);
  }
}

// The code between `code` and `code + 1`, by distance in doubles, ties to the even code.
unsigned nearest(unsigned code, double value, const Layout& layout) {
  const double below = by_definition(code, layout), above = by_definition(code + 1, layout);
  if (value - below == above - value) return code % 2 == 0 ? code : code + 1;
  return value - below < above - value ? code : code + 1;
}

TEST(Half, RoundsToTheNearestWithTiesToEven) {
  std::mt19937 random(1);
  for (unsigned code = 0; code < 0x7bff; ++code) {
    const double below = by_definition(code, kHalf), above = by_definition(code + 1, kHalf);
    const auto middle = static_cast<float>((below + above) / 2);
    std::uniform_real_distribution<double> between(below, above);
    for (const float value : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f),
                              static_cast<float>(between(random))}) {
      ASSERT_EQ(float_to_half(value), nearest(code, value, kHalf)) << value;
      ASSERT_EQ(float_to_half(-value), nearest(code, value, kHalf) | 0x8000) << -value;
    }
  }
  EXPECT_EQ(float_to_half(65519.996f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(1e38f), 0x7c00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(Bf16, EveryCodeComesBackAndRoundingIsToTheNearestEven) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(bf16_to_float(float_to_bf16(value))));
      continue;
    }
    ASSERT_EQ(float_to_bf16(value), bits);
    if (std::isinf(value) || (bits & 0x7fff) == 0x7f7f) continue;
    const std::uint32_t middle = bits << 16 | 0x8000;
    ASSERT_EQ(float_to_bf16(std::bit_cast<float>(middle)), bits + (bits & 1));
    ASSERT_EQ(float_to_bf16(std::bit_cast<float>(middle - 1)), bits);
    ASSERT_EQ(float_to_bf16(std::bit_cast<float>(middle + 1)), bits + 1);
  }
  EXPECT_EQ(float_to_bf16(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(E4m3, EveryCodeHasTheValueOfItsDefinitionAndComesBack) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const float value = e4m3_to_float(static_cast<std::uint8_t>(bits));
    if ((bits & 0x7f) == 0x7f) {
      EXPECT_TRUE(std::isnan(value));
      continue;
    }
    EXPECT_TRUE(same_bits(value, static_cast<float>(by_definition(bits, kE4m3)))) << bits;
    EXPECT_EQ(float_to_e4m3(value), bits);
  }
  EXPECT_EQ(e4m3_to_float(0x7e), 448.0f);
}

TEST(E4m3, RoundsToTheNearestWithTiesToEvenAndSaturates) {
  for (unsigned code = 0; code < 0x7e; ++code) {
    const auto below = static_cast<float>(by_definition(code, kE4m3));
    const auto above = static_cast<float>(by_definition(code + 1, kE4m3));
    const float middle = (below + above) / 2;
    for (const float value : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
      EXPECT_EQ(float_to_e4m3(value), nearest(code, value, kE4m3)) << value;
      EXPECT_EQ(float_to_e4m3(-value), nearest(code, value, kE4m3) | 0x80) << -value;
    }
  }
  EXPECT_EQ(float_to_e4m3(449.0f), 0x7e);
  EXPECT_EQ(float_to_e4m3(-INFINITY), 0xfe);
  EXPECT_EQ(float_to_e4m3(NAN) & 0x7f, 0x7f);
}

TEST(BlockScales, HaveTheValuesOfTheirDefinition) {
  for (unsigned bits = 0; bits < 255; ++bits) {
    EXPECT_EQ(e8m0_to_float(static_cast<std::uint8_t>(bits)), std::ldexp(1.0, int(bits) - 127));
  }
  EXPECT_TRUE(std::isnan(e8m0_to_float(255)));
  for (unsigned bits = 0; bits < 256; ++bits) {
    const double expected = bits == 0x7f ? 0.0 : by_definition(bits & 0x7f, kE4m3);
    EXPECT_EQ(ue4m3_to_float(static_cast<std::uint8_t>(bits)), expected) << bits;
  }
}

}  // namespace
}  // namespace bise
