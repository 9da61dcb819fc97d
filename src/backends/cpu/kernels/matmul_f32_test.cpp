#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/kernels_under_test.h"
#include "backends/cpu/select_kernels.h"
#include "tensor/convert.h"
#include "tensor/element_type.h"

namespace bise::cpu {
namespace {

constexpr ElementType kPlainTypes[] = {ElementType::f32, ElementType::f16, ElementType::bf16,
                                       ElementType::f8_e4m3};

// A matrix of a plain type and activations for it, and room for the product.
struct Product {
  ElementType type;
  int rows, tokens;
  std::int64_t cols;
  std::size_t row_bytes;
  BytesAt weights;
  std::vector<float> activations;
  BytesAt scratch;
  std::int64_t out_stride;

  Product(ElementType type_in, int rows_in, int tokens_in, std::int64_t cols_in,
          std::mt19937& random)
      : type(type_in),
        rows(rows_in),
        tokens(tokens_in),
        cols(cols_in),
        row_bytes(*bise::row_bytes(type_in, cols_in)),
        // float32 rows that matmul_f32 takes are aligned, those of a file need not be.
        weights(row_bytes * static_cast<std::size_t>(rows_in), type_in == ElementType::f32 ? 4 : 1),
        activations(random_floats(random, static_cast<std::size_t>(tokens_in * cols_in))),
        scratch(matmul_scratch_bytes(cols_in), 0),
        out_stride(rows_in + 3) {
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows * cols); ++i) {
      put(i, normal(random));
    }
  }

  void put(std::size_t index, float value) {
    if (type == ElementType::f32) {
      std::memcpy(weights.data() + index * 4, &value, 4);
    } else if (type == ElementType::f8_e4m3) {
      weights.data()[index] = static_cast<std::byte>(float_to_e4m3(value));
    } else {
      const std::uint16_t bits =
          type == ElementType::f16 ? float_to_half(value) : float_to_bf16(value);
      std::memcpy(weights.data() + index * 2, &bits, 2);
    }
  }

  // Rows [row, row + row_count) against tokens [token, token + token_count), into `out` of all.
  void run(Matmul kernel, std::vector<float>& out, int row, int row_count, int token,
           int token_count) {
    kernel({.weights = weights.data() + static_cast<std::size_t>(row) * row_bytes,
            .row_bytes = row_bytes,
            .row_count = row_count,
            .cols = cols,
            .activations = activations.data() + token * cols,
            .quantized = {},
            .token_count = token_count,
            .out = out.data() + token * out_stride + row,
            .out_stride = out_stride,
            .scratch = scratch.data()});
  }

  std::vector<float> result(Matmul kernel) {
    std::vector<float> out(static_cast<std::size_t>(tokens * out_stride), 7.0f);
    run(kernel, out, 0, rows, 0, tokens);
    return out;
  }
};

class MatmulPlainParity : public testing::TestWithParam<KernelsUnderTest> {
 protected:
  static std::vector<Matmul> kernels(const KernelTable& table, ElementType type) {
    std::vector<Matmul> all = {table.formats[static_cast<int>(type)].matmul};
    if (type == ElementType::f32) all.push_back(table.matmul_f32);
    return all;
  }
  const KernelTable reference_ = select_kernels("reference").value();
};

TEST_P(MatmulPlainParity, AgreesWithTheReference) {
  std::mt19937 random(31);
  for (const ElementType type : kPlainTypes) {
    for (const std::int64_t cols : {1, 7, 8, 31, 64, 515, 1100}) {
      for (const int tokens : {1, 2, 3, 4, 5, 11}) {
        Product product(type, 37, tokens, cols, random);
        const auto expected = product.result(reference_.formats[static_cast<int>(type)].matmul);
        for (const Matmul kernel : kernels(GetParam().table, type)) {
          EXPECT_LT(normalised_error(product.result(kernel), expected), 1e-12)
              << facts(type).name << " cols " << cols << " tokens " << tokens;
        }
      }
    }
  }
}

TEST_P(MatmulPlainParity, AnOutputIsTheSameWhateverItsCompany) {
  std::mt19937 random(32);
  for (const ElementType type : kPlainTypes) {
    for (const std::int64_t cols : {64, 1027}) {
      Product product(type, 35, 9, cols, random);
      for (const Matmul kernel : kernels(GetParam().table, type)) {
        const auto together = product.result(kernel);
        for (const int tokens : {1, 2, 3, 6}) {
          for (const int rows : {1, 3, 5, 35}) {
            std::vector<float> apart(together.size(), 7.0f);
            for (int token = 0; token < product.tokens; token += tokens) {
              for (int row = 0; row < product.rows; row += rows) {
                product.run(kernel, apart, row, std::min(rows, product.rows - row), token,
                            std::min(tokens, product.tokens - token));
              }
            }
            EXPECT_TRUE(same_bits(together, apart)) << facts(type).name << " by " << tokens;
          }
        }
      }
    }
  }
}

TEST_P(MatmulPlainParity, ATypesProductIsThatOfItsUnpackedRows) {
  std::mt19937 random(33);
  const KernelTable& table = GetParam().table;
  for (const ElementType type : kPlainTypes) {
    Product product(type, 6, 2, 203, random);
    std::vector<float> unpacked(static_cast<std::size_t>(product.rows * product.cols));
    for (int row = 0; row < product.rows; ++row) {
      table.unpack_row[static_cast<int>(type)](
          product.weights.data() + static_cast<std::size_t>(row) * product.row_bytes, product.cols,
          unpacked.data() + row * product.cols);
    }
    Product plain = product;
    plain.type = ElementType::f32;
    plain.row_bytes = static_cast<std::size_t>(product.cols) * 4;
    plain.weights = BytesAt(unpacked.size() * 4, 0);
    std::memcpy(plain.weights.data(), unpacked.data(), unpacked.size() * 4);
    EXPECT_TRUE(same_bits(product.result(table.formats[static_cast<int>(type)].matmul),
                          plain.result(table.matmul_f32)));
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, MatmulPlainParity, testing::ValuesIn(kernels_under_test()),
                         kKernelsName);

}  // namespace
}  // namespace bise::cpu
