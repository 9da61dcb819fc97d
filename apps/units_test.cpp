#include "apps/units.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(ByteText, HasThreeDigits) {
  EXPECT_EQ(byte_text(0), "0 bytes");
  EXPECT_EQ(byte_text(1), "1 byte");
  EXPECT_EQ(byte_text(999), "999 bytes");
  EXPECT_EQ(byte_text(1000), "1.00 kB");
  EXPECT_EQ(byte_text(98362432), "98.4 MB");
  EXPECT_EQ(byte_text(999'600'000), "1.00 GB");
  EXPECT_EQ(byte_text(2'147'483'648), "2.15 GB");
}

TEST(CountText, SetsThousandsApart) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(262144), "262,144");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(count_text(-123), "-123");
}

TEST(NumberText, HasThreeSignificantDigits) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.01234), "0.0123");
  EXPECT_EQ(number_text(4.567), "4.57");
  EXPECT_EQ(number_text(9.996), "10.0");
  EXPECT_EQ(number_text(133.2), "133");
  EXPECT_EQ(number_text(1711.4), "1711");
}

TEST(ShortText, LeavesOutWhatMeansNothing) {
  EXPECT_EQ(short_text(16), "16");
  EXPECT_EQ(short_text(static_cast<double>(0.15F)), "0.15");
}

}  // namespace
}  // namespace bise
