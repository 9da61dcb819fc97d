#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backends/cpu/kernels/kernels_under_test.h"
#include "backends/cpu/select_kernels.h"
#include "tensor/convert.h"
#include "tensor/element_type.h"

namespace bise::cpu {
namespace {

struct Format {
  ElementType type;
  std::vector<int> halves;  // where a block has its scales as halves
};

const Format kFormats[] = {
    {ElementType::q4_0, {0}},    {ElementType::q4_1, {0, 2}}, {ElementType::q5_0, {0}},
    {ElementType::q5_1, {0, 2}}, {ElementType::q8_0, {0}},    {ElementType::iq4_nl, {0}},
    {ElementType::mxfp4, {}},    {ElementType::nvfp4, {}},    {ElementType::q2_k, {80, 82}},
    {ElementType::q3_k, {108}},  {ElementType::q4_k, {0, 2}}, {ElementType::q5_k, {0, 2}},
    {ElementType::q6_k, {208}},  {ElementType::iq4_xs, {0}},
};

// Rows of random bytes with finite scales. They end where their memory ends, at an odd address.
class Weights {
 public:
  Weights(const Format& format, int rows, std::int64_t cols, std::mt19937& random)
      : row_bytes_(*bise::row_bytes(format.type, cols)),
        bytes_(1 + row_bytes_ * static_cast<std::size_t>(rows)) {
    for (std::byte& byte : bytes_) byte = static_cast<std::byte>(random());
    const auto block_bytes = static_cast<std::size_t>(facts(format.type).block_bytes);
    std::uniform_real_distribution<float> uniform(-0.1f, 0.1f);
    for (std::size_t at = 1; at < bytes_.size(); at += block_bytes) {
      for (const int half : format.halves) {
        // Now and then subnormal or zero.
        const float value = random() % 16 == 0 ? uniform(random) * 1e-5f : uniform(random);
        put_half(at + static_cast<std::size_t>(half), random() % 32 == 0 ? 0 : value);
      }
      if (format.type == ElementType::mxfp4) {
        bytes_[at] = static_cast<std::byte>(random() % 8 == 0 ? random() % 4 : 115 + random() % 8);
      }
    }
  }

  void put_half(std::size_t at, float value) {
    const std::uint16_t bits = float_to_half(value);
    std::memcpy(bytes_.data() + at, &bits, sizeof bits);
  }

  // Position of a row's block.
  std::size_t block(int row, std::size_t offset) const {
    return 1 + row_bytes_ * static_cast<std::size_t>(row) + offset;
  }

  const std::byte* data() const { return bytes_.data() + 1; }
  std::size_t row_bytes() const { return row_bytes_; }

 private:
  std::size_t row_bytes_;
  std::vector<std::byte> bytes_;
};

struct QuantizedTokens {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int16_t> sums;
  std::int64_t cols;
  int group;

  QuantizedTokens(int tokens, std::int64_t cols_in, int group_in, std::mt19937& random)
      : values(static_cast<std::size_t>(tokens * cols_in)),
        scales(static_cast<std::size_t>(tokens * cols_in / group_in)),
        sums(static_cast<std::size_t>(tokens * cols_in / 16)),
        cols(cols_in),
        group(group_in) {
    const KernelTable reference = select_kernels("reference").value();
    for (int t = 0; t < tokens; ++t) {
      std::vector<float> row = random_floats(random, static_cast<std::size_t>(cols));
      // The largest sums there can be, in some groups.
      if (t % 4 == 1) std::fill(row.begin(), row.begin() + cols / 2, 3.0f);
      if (t % 4 == 2) std::fill(row.begin() + cols / 2, row.end(), -3.0f);
      reference.quantize_row(row.data(), cols, group, values.data() + t * cols,
                             scales.data() + t * (cols / group), sums.data() + t * (cols / 16));
    }
  }

  QuantizedRows from(int token) const {
    return {.values = values.data() + token * cols,
            .scales = scales.data() + token * (cols / group),
            .sums = sums.data() + token * (cols / 16),
            .cols = cols,
            .group = group};
  }
};

constexpr float kUntouched = 12345.0f;

// The product of some rows and tokens. Around what it writes everything must stay as it was.
class Product {
 public:
  Product(const KernelTable& table, const Format& format)
      : matmul_(table.formats[static_cast<int>(format.type)].matmul) {}

  std::vector<float> operator()(const Weights& weights, int first_row, int rows,
                                const QuantizedTokens& activations, int first_token,
                                int tokens) const {
    const std::int64_t stride = rows + 3;
    std::vector<float> out(static_cast<std::size_t>(tokens * stride + 1), kUntouched);
    BytesAt scratch(matmul_scratch_bytes(activations.cols), 0);
    MatmulTask task = {};
    task.weights = weights.data() + static_cast<std::size_t>(first_row) * weights.row_bytes();
    task.row_bytes = weights.row_bytes();
    task.row_count = rows;
    task.cols = activations.cols;
    task.quantized = activations.from(first_token);
    task.token_count = tokens;
    task.out = out.data() + 1;
    task.out_stride = stride;
    task.scratch = scratch.data();
    matmul_(task);
    std::vector<float> dense;
    EXPECT_EQ(out[0], kUntouched);
    for (int t = 0; t < tokens; ++t) {
      const float* row = out.data() + 1 + t * stride;
      dense.insert(dense.end(), row, row + rows);
      for (int i = rows; i < stride; ++i) EXPECT_EQ(row[i], kUntouched);
    }
    return dense;
  }

 private:
  Matmul matmul_;
};

std::vector<float> part_of(const std::vector<float>& all, int all_rows, int first_row, int rows,
                           int first_token, int tokens) {
  std::vector<float> part;
  for (int t = first_token; t < first_token + tokens; ++t) {
    const float* row = all.data() + t * all_rows + first_row;
    part.insert(part.end(), row, row + rows);
  }
  return part;
}

std::vector<int> column_counts(ElementType type) {
  const int block = facts(type).block_elements;
  if (block == 256) return {256, 512, 768, 1280};
  if (block == 64) return {64, 192, 512, 576, 1088};
  return {32, 64, 96, 512, 544, 576, 1056};
}

int group_for(ElementType type) {
  return facts(type).block_elements == 256 ? 256 : 32;
}

class QuantizedMatmulParity : public testing::TestWithParam<KernelsUnderTest> {
 protected:
  static Product kernel(const Format& format) { return Product(GetParam().table, format); }
  static Product reference(const Format& format) {
    return Product(select_kernels("reference").value(), format);
  }
};

TEST_P(QuantizedMatmulParity, AgreesWithTheReference) {
  std::mt19937 random(21);
  constexpr int kRows = 19, kTokens = 64;
  for (const Format& format : kFormats) {
    for (const int cols : column_counts(format.type)) {
      const Weights weights(format, kRows, cols, random);
      const QuantizedTokens activations(kTokens, cols, group_for(format.type), random);
      const auto got = kernel(format)(weights, 0, kRows, activations, 0, kTokens);
      const auto expected = reference(format)(weights, 0, kRows, activations, 0, kTokens);
      EXPECT_LT(normalised_error(got, expected), 1e-12)
          << facts(format.type).name << ", " << cols << " columns";
    }
  }
}

TEST_P(QuantizedMatmulParity, SaysItsActivations) {
  for (const Format& format : kFormats) {
    EXPECT_EQ(GetParam().table.formats[static_cast<int>(format.type)].activation,
              group_for(format.type) == 256 ? ActivationKind::int8_256 : ActivationKind::int8_32);
  }
}

TEST_P(QuantizedMatmulParity, ARowAndATokenAreTheSameInAnyCompany) {
  std::mt19937 random(22);
  constexpr int kRows = 35, kTokens = 64;
  for (const Format& format : kFormats) {
    for (const int cols : column_counts(format.type)) {
      const Weights weights(format, kRows, cols, random);
      const QuantizedTokens activations(kTokens, cols, group_for(format.type), random);
      const Product product = kernel(format);
      const auto all = product(weights, 0, kRows, activations, 0, kTokens);
      const auto expect_same = [&](int first_row, int rows, int first_token, int tokens) {
        EXPECT_TRUE(same_bits(product(weights, first_row, rows, activations, first_token, tokens),
                              part_of(all, kRows, first_row, rows, first_token, tokens)))
            << facts(format.type).name << ", " << cols << " columns, rows " << first_row << " + "
            << rows << ", tokens " << first_token << " + " << tokens;
      };
      for (int rows = 1; rows <= 19; ++rows) expect_same(35 - rows, rows, rows, 1 + rows % 5);
      for (const int tokens : {1, 2, 3, 5, 8, 17, 64}) expect_same(0, 33, 64 - tokens, tokens);
    }
  }
}

TEST_P(QuantizedMatmulParity, ManyTokensAreTheSameAsFew) {
  std::mt19937 random(23);
  constexpr int kRows = 18, kTokens = 1031;
  for (const Format& format : kFormats) {
    const int cols = 768;
    const Weights weights(format, kRows, cols, random);
    const QuantizedTokens activations(kTokens, cols, group_for(format.type), random);
    const auto all = kernel(format)(weights, 0, kRows, activations, 0, kTokens);
    for (const int token : {0, 511, 512, 1023, 1024, 1029}) {
      EXPECT_TRUE(same_bits(kernel(format)(weights, 0, kRows, activations, token, 2),
                            part_of(all, kRows, 0, kRows, token, 2)))
          << facts(format.type).name << ", token " << token;
    }
  }
}

// The bits of the weakest set beside the reference are those of all.
TEST_P(QuantizedMatmulParity, EverySetGivesTheSameBits) {
  if (GetParam().name == "reference") GTEST_SKIP() << "it sums in double";
  std::mt19937 random(24);
  for (const Format& format : kFormats) {
    for (const int cols : column_counts(format.type)) {
      const Weights weights(format, 17, cols, random);
      const QuantizedTokens activations(9, cols, group_for(format.type), random);
      const auto got = kernel(format)(weights, 0, 17, activations, 0, 9);
      for (const KernelsUnderTest& other : kernels_under_test()) {
        if (other.name == "reference" || other.name == GetParam().name) continue;
        EXPECT_TRUE(same_bits(got, Product(other.table, format)(weights, 0, 17, activations, 0, 9)))
            << facts(format.type).name << ", " << cols << " columns, and " << other.name;
      }
    }
  }
}

TEST_P(QuantizedMatmulParity, ScalesThatAreNoNumbersStayInTheirRow) {
  std::mt19937 random(25);
  constexpr int kRows = 18, kTokens = 5, kBad = 6;
  for (const Format& format : kFormats) {
    for (const int half : format.halves) {
      for (const float bad :
           {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const int cols = 512;
        Weights weights(format, kRows, cols, random);
        weights.put_half(weights.block(kBad, static_cast<std::size_t>(half)), bad);
        const QuantizedTokens activations(kTokens, cols, group_for(format.type), random);
        const auto got = kernel(format)(weights, 0, kRows, activations, 0, kTokens);
        for (std::size_t i = 0; i < got.size(); ++i) {
          EXPECT_EQ(std::isfinite(got[i]), i % kRows != kBad) << facts(format.type).name;
        }
      }
    }
  }
}

TEST_P(QuantizedMatmulParity, AnExponentThatIsNoNumberStaysInItsRow) {
  std::mt19937 random(26);
  const Format& format = kFormats[6];
  ASSERT_EQ(format.type, ElementType::mxfp4);
  Weights weights(format, 3, 64, random);
  const_cast<std::byte*>(weights.data())[weights.row_bytes()] = std::byte{255};
  const QuantizedTokens activations(2, 64, 32, random);
  const auto got = kernel(format)(weights, 0, 3, activations, 0, 2);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(std::isnan(got[i]), i % 3 == 1);
}

TEST_P(QuantizedMatmulParity, ATokenWithoutNumbersStaysAlone) {
  std::mt19937 random(27);
  constexpr int kRows = 18, kTokens = 7, kBad = 2;
  for (const Format& format : kFormats) {
    const int cols = 512;
    const Weights weights(format, kRows, cols, random);
    QuantizedTokens activations(kTokens, cols, group_for(format.type), random);
    activations.scales[static_cast<std::size_t>(kBad * cols / activations.group)] =
        std::numeric_limits<float>::quiet_NaN();
    const auto got = kernel(format)(weights, 0, kRows, activations, 0, kTokens);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(std::isnan(got[i]), i / kRows == kBad) << facts(format.type).name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, QuantizedMatmulParity, testing::ValuesIn(kernels_under_test()),
                         kKernelsName);

}  // namespace
}  // namespace bise::cpu
