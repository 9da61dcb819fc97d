#include <gtest/gtest.h>

#include "backends/cpu/kernels/kernels_under_test.h"
#include "tensor/dequantize.h"
#include "tensor/element_type.h"

namespace bise::cpu {
namespace {

class UnpackRowParity : public testing::TestWithParam<KernelsUnderTest> {};

void expect_same(const KernelTable& table, ElementType type, std::span<const std::byte> bytes,
                 std::int64_t elements) {
  BytesAt row(bytes.size(), 1);  // a row may begin anywhere
  std::copy(bytes.begin(), bytes.end(), row.data());
  std::vector<float> got(static_cast<std::size_t>(elements) + 16, 5.0f);
  std::vector<float> expected(got);
  table.unpack_row[static_cast<int>(type)](row.data(), elements, got.data());
  dequantize_row(type)(row.data(), elements, expected.data());
  EXPECT_TRUE(same_bits(got, expected)) << facts(type).name << ", " << elements << " elements";
}

TEST_P(UnpackRowParity, EveryFormatIsDecodedBitForBit) {
  std::mt19937 random(21);
  for (int i = 0; i < kElementTypeCount; ++i) {
    const auto type = static_cast<ElementType>(i);
    if (!facts(type).is_weight) continue;
    for (const int blocks : {0, 1, 2, 3, 7, 8, 9, 100}) {
      const std::int64_t elements = std::int64_t{blocks} * facts(type).block_elements;
      std::vector<std::byte> bytes(*row_bytes(type, elements));
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
      expect_same(GetParam().table, type, bytes, elements);
    }
  }
}

TEST_P(UnpackRowParity, EveryCodeOfThePlainTypes) {
  std::vector<std::byte> bytes(2 * 65536);
  for (int code = 0; code < 65536; ++code) {
    const auto bits = static_cast<std::uint16_t>(code);
    std::memcpy(bytes.data() + code * 2, &bits, 2);
  }
  expect_same(GetParam().table, ElementType::f16, bytes, 65536);
  expect_same(GetParam().table, ElementType::bf16, bytes, 65536);
  expect_same(GetParam().table, ElementType::f8_e4m3, bytes, 2 * 65536);
}

INSTANTIATE_TEST_SUITE_P(Isa, UnpackRowParity, testing::ValuesIn(kernels_under_test()),
                         kKernelsName);

}  // namespace
}  // namespace bise::cpu
