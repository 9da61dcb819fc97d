#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backends/cpu/kernels/kernels_under_test.h"
#include "backends/cpu/select_kernels.h"

namespace bise::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class ElementwiseParity : public testing::TestWithParam<KernelsUnderTest> {
 protected:
  const KernelTable& kernels() const { return GetParam().table; }
  const KernelTable reference_ = select_kernels("reference").value();
};

constexpr std::int64_t kCounts[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 100, 576, 1023};

// Some values at an odd address, with as many guards after them as a vector has lanes.
struct Guarded {
  explicit Guarded(std::int64_t count_in)
      : count(count_in), values(static_cast<std::size_t>(count_in) + 17, 777.0f) {}
  float* data() { return values.data() + 1; }
  std::span<const float> result() const {
    return std::span(values).subspan(1, static_cast<std::size_t>(count));
  }
  bool intact() const {
    return values[0] == 777.0f && std::all_of(values.begin() + 1 + count, values.end(),
                                              [](float v) { return v == 777.0f; });
  }
  std::int64_t count;
  std::vector<float> values;
};

TEST_P(ElementwiseParity, RmsNormAgreesWithTheReference) {
  std::mt19937 random(1);
  for (const std::int64_t count : kCounts) {
    const auto row = random_floats(random, static_cast<std::size_t>(count) + 1, 30);
    const auto gain = random_floats(random, static_cast<std::size_t>(count) + 1);
    Guarded got(count), expected(count);
    kernels().rms_norm(row.data() + 1, gain.data() + 1, count, 1e-5f, got.data());
    reference_.rms_norm(row.data() + 1, gain.data() + 1, count, 1e-5f, expected.data());
    EXPECT_LT(normalised_error(got.result(), expected.result()), 1e-13) << count;
    EXPECT_TRUE(got.intact());
  }
}

TEST_P(ElementwiseParity, RmsNormKeepsNan) {
  std::vector<float> row(64, 1.0f), gain(64, 1.0f), out(64);
  row[13] = kNan;
  kernels().rms_norm(row.data(), gain.data(), 64, 1e-5f, out.data());
  for (const float value : out) EXPECT_TRUE(std::isnan(value));
}

TEST_P(ElementwiseParity, SwigluAgreesWithTheReferenceToAFewUnits) {
  std::mt19937 random(2);
  for (const std::int64_t count : kCounts) {
    const auto gate = random_floats(random, static_cast<std::size_t>(count) + 1, 20);
    const auto up = random_floats(random, static_cast<std::size_t>(count) + 1);
    Guarded got(count), expected(count);
    kernels().swiglu(gate.data() + 1, up.data() + 1, count, got.data());
    reference_.swiglu(gate.data() + 1, up.data() + 1, count, expected.data());
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const float size = std::fabs(expected.result()[i]);
      EXPECT_NEAR(got.result()[i], expected.result()[i], size * 5e-7f + 1e-35f) << gate[i + 1];
    }
    EXPECT_TRUE(got.intact());
  }
}

// silu over the whole range, as the exponential is the part that may be off.
TEST_P(ElementwiseParity, SwigluIsCloseEverywhere) {
  std::vector<float> gate, up, got, expected;
  for (float x = -89; x < 89; x += 0.00037f) gate.push_back(x);
  up.assign(gate.size(), 1.0f);
  got.resize(gate.size());
  expected.resize(gate.size());
  const auto count = static_cast<std::int64_t>(gate.size());
  kernels().swiglu(gate.data(), up.data(), count, got.data());
  reference_.swiglu(gate.data(), up.data(), count, expected.data());
  double worst = 0;
  for (std::size_t i = 0; i < gate.size(); ++i) {
    if (std::fabs(expected[i]) < 1e-35f) continue;
    worst = std::max(worst,
                     std::fabs(static_cast<double>(got[i]) - expected[i]) / std::fabs(expected[i]));
  }
  EXPECT_LT(worst, 4e-7);
}

TEST_P(ElementwiseParity, SwigluAtTheEdges) {
  std::vector<float> gate = {0, -0.0f, 500, -500, kNan, kInfinity, 1, 1};
  std::vector<float> up = {3, 3, 3, 3, 3, 3, kNan, kInfinity}, out(8);
  kernels().swiglu(gate.data(), up.data(), 8, out.data());
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 1500);
  EXPECT_NEAR(out[3], 0, 1e-30);
  EXPECT_TRUE(std::isnan(out[4]));
  EXPECT_EQ(out[5], kInfinity);
  EXPECT_TRUE(std::isnan(out[6]));
  EXPECT_EQ(out[7], kInfinity);
}

TEST_P(ElementwiseParity, AddIsExact) {
  std::mt19937 random(3);
  for (const std::int64_t count : kCounts) {
    const auto addend = random_floats(random, static_cast<std::size_t>(count) + 1);
    const auto start = random_floats(random, static_cast<std::size_t>(count));
    Guarded got(count), expected(count);
    std::copy(start.begin(), start.end(), got.data());
    std::copy(start.begin(), start.end(), expected.data());
    kernels().add(addend.data() + 1, count, got.data());
    reference_.add(addend.data() + 1, count, expected.data());
    EXPECT_TRUE(same_bits(got.result(), expected.result()));
    EXPECT_TRUE(got.intact());
  }
}

struct Quantised {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int16_t> sums;
};

Quantised quantise(const KernelTable& table, const std::vector<float>& row, int group) {
  const std::size_t cols = row.size();
  Quantised q{std::vector<std::int8_t>(cols),
              std::vector<float>(cols / static_cast<std::size_t>(group)),
              std::vector<std::int16_t>(cols / 16)};
  table.quantize_row(row.data(), static_cast<std::int64_t>(cols), group, q.values.data(),
                     q.scales.data(), q.sums.data());
  return q;
}

class QuantizeRowParity : public ElementwiseParity {
 protected:
  void expect_same(const std::vector<float>& row, int group) {
    const Quantised got = quantise(kernels(), row, group);
    const Quantised expected = quantise(reference_, row, group);
    EXPECT_EQ(got.values, expected.values);
    EXPECT_EQ(got.sums, expected.sums);
    EXPECT_TRUE(same_bits(got.scales, expected.scales));
  }
};

TEST_P(QuantizeRowParity, IsTheReferenceBitForBit) {
  std::mt19937 random(4);
  for (const int group : {32, 256}) {
    for (const float size : {1.0f, 1e-20f, 1e-31f, 1e-38f, 1e30f}) {
      for (int i = 0; i < 50; ++i) expect_same(random_floats(random, 1024, size), group);
    }
  }
}

TEST_P(QuantizeRowParity, RoundsHalvesToEven) {
  std::vector<float> row(32);
  for (std::size_t i = 0; i < 32; ++i) row[i] = static_cast<float>(i);
  row[29] = -2.5;
  row[30] = 0.5;
  row[31] = 127;
  const Quantised q = quantise(kernels(), row, 32);
  EXPECT_NEAR(q.scales[0], 1, 1e-4);
  EXPECT_EQ(q.values[28], 28);
  EXPECT_EQ(q.values[29], -2);
  EXPECT_EQ(q.values[30], 0);
  EXPECT_EQ(q.values[31], 127);
  expect_same(row, 32);
}

TEST_P(QuantizeRowParity, HasLessErrorThanTheLargestOnLevel127) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  double plain = 0, chosen = 0;
  for (int i = 0; i < 500; ++i) {
    std::vector<float> row(32);
    for (float& x : row) x = normal(random);
    const float largest = std::fabs(*std::max_element(
        row.begin(), row.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
    const Quantised q = quantise(kernels(), row, 32);
    double before = 0, now = 0;
    for (std::size_t c = 0; c < 32; ++c) {
      const float step = largest / 127;
      before += std::pow(row[c] - step * std::nearbyint(row[c] / step), 2);
      now += std::pow(row[c] - q.scales[0] * q.values[c], 2);
    }
    EXPECT_LT(now, before * 1.001);
    plain += before;
    chosen += now;
  }
  EXPECT_LT(chosen, plain * 0.92);
}

TEST_P(QuantizeRowParity, ZerosGiveAScaleOfZero) {
  const Quantised q = quantise(kernels(), std::vector<float>(64, -0.0f), 32);
  EXPECT_EQ(q.scales, std::vector<float>(2, 0.0f));
  EXPECT_EQ(q.values, std::vector<std::int8_t>(64, 0));
  EXPECT_EQ(q.sums, std::vector<std::int16_t>(4, 0));
}

TEST_P(QuantizeRowParity, WhatIsNotFiniteGivesAScaleThatIsNan) {
  for (const float bad : {kNan, -kNan, kInfinity, -kInfinity}) {
    for (const std::size_t at : {32u, 45u, 63u}) {
      std::vector<float> row(96, 0.5f);
      row[at] = bad;
      const Quantised q = quantise(kernels(), row, 32);
      EXPECT_FALSE(std::isnan(q.scales[0]));
      EXPECT_TRUE(std::isnan(q.scales[1]));
      EXPECT_FALSE(std::isnan(q.scales[2]));
      expect_same(row, 32);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, ElementwiseParity, testing::ValuesIn(kernels_under_test()),
                         kKernelsName);
INSTANTIATE_TEST_SUITE_P(Isa, QuantizeRowParity, testing::ValuesIn(kernels_under_test()),
                         kKernelsName);

}  // namespace
}  // namespace bise::cpu
