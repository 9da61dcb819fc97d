#include "sampling/random.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

// The known answers published with the generator (Random123, kat_vectors).
TEST(Philox, GivesTheKnownAnswers) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(UniformDraw, LiesInTheUnitIntervalAndFillsItEvenly) {
  constexpr int kDraws = 20000;
  constexpr int kBins = 20;
  int bins[kBins] = {};
  for (int position = 0; position < kDraws; ++position) {
    const double draw = uniform_draw(1234, position);
    ASSERT_GE(draw, 0.0);
    ASSERT_LT(draw, 1.0);
    ++bins[static_cast<int>(draw * kBins)];
  }
  double chi_square = 0;
  for (const int count : bins) {
    const double expected = double{kDraws} / kBins;
    chi_square += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_square, 43.8);  // 99.9 % for 19 degrees of freedom
}

TEST(UniformDraw, DependsOnSeedAndPosition) {
  EXPECT_NE(uniform_draw(1, 0), uniform_draw(2, 0));
  EXPECT_NE(uniform_draw(1, 0), uniform_draw(1, 1));
  EXPECT_NE(uniform_draw(1ULL << 40, 0), uniform_draw(0, 0));
  EXPECT_NE(uniform_draw(0, 1ULL << 40), uniform_draw(0, 0));
  EXPECT_EQ(uniform_draw(99, 5), uniform_draw(99, 5));
}

}  // namespace
}  // namespace bise
