#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"

namespace bise {
namespace {

std::vector<std::byte> from_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(DequantizeRow, GivesTheBitsOfTheReferenceDecoder) {
  const Result<std::string> text = read_text_file("tests/golden/quant_vectors.json", 1 << 20);
  ASSERT_TRUE(text.ok()) << text.error().message;
  const Result<Json> vectors = read_json(*text);
  ASSERT_TRUE(vectors.ok());
  std::set<ElementType> seen;
  for (const Json& vector : vectors->items()) {
    const std::string& name = vector.find("type")->as_string();
    const auto type = element_type_named(name);
    if (!type) continue;
    seen.insert(*type);
    // One byte off: rows of a file may lie at any address.
    std::vector<std::byte> bytes = from_hex(vector.find("hex")->as_string());
    bytes.insert(bytes.begin(), std::byte{0});
    const Json::Array& expected = vector.find("f32")->items();
    const auto elements = static_cast<std::int64_t>(expected.size());
    ASSERT_EQ(row_bytes(*type, elements), bytes.size() - 1) << name;
    std::vector<float> row(expected.size());
    dequantize_row (*type)(bytes.data() + 1, elements, row.data());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto value = static_cast<float>(*expected[i].to_double());
      ASSERT_EQ(row[i], value) << name << " " << i;
    }
  }
  for (int i = static_cast<int>(ElementType::q4_0); i < kElementTypeCount; ++i) {
    EXPECT_TRUE(seen.contains(static_cast<ElementType>(i))) << facts(ElementType(i)).name;
  }
}

TEST(DequantizeRow, ConvertsPlainRows) {
  const std::vector<std::byte> f16 = from_hex("003c00c0ff7b0100");
  std::vector<float> out(4);
  dequantize_row(ElementType::f16)(f16.data(), 4, out.data());
  EXPECT_EQ(out, (std::vector<float>{1.0f, -2.0f, 65504.0f, 0x1p-24f}));
  const std::vector<std::byte> bf16 = from_hex("803f00c0");
  dequantize_row(ElementType::bf16)(bf16.data(), 2, out.data());
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(out[1], -2.0f);
  const std::vector<std::byte> f8 = from_hex("38fe");
  dequantize_row(ElementType::f8_e4m3)(f8.data(), 2, out.data());
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(out[1], -448.0f);
  const std::vector<std::byte> f32 = from_hex("0000803f");
  dequantize_row(ElementType::f32)(f32.data(), 1, out.data());
  EXPECT_EQ(out[0], 1.0f);
}

TEST(DequantizeRow, ExistsForWeightsAndOnlyForThem) {
  for (int i = 0; i < kElementTypeCount; ++i) {
    const auto type = static_cast<ElementType>(i);
    EXPECT_EQ(dequantize_row(type) != nullptr, facts(type).is_weight) << facts(type).name;
  }
}

TEST(ElementType, IsFoundByNameInAnyCase) {
  EXPECT_EQ(element_type_named("Q4_K"), ElementType::q4_k);
  EXPECT_EQ(element_type_named("iq4_xs"), ElementType::iq4_xs);
  EXPECT_EQ(element_type_named("F8_E4M3"), ElementType::f8_e4m3);
  EXPECT_EQ(element_type_named("q9_z"), std::nullopt);
  EXPECT_EQ(element_type_named(""), std::nullopt);
  for (int i = 0; i < kElementTypeCount; ++i) {
    EXPECT_EQ(element_type_named(facts(ElementType(i)).name), ElementType(i));
  }
}

TEST(RowBytes, AreGivenForWholeBlocksThatFit) {
  EXPECT_EQ(row_bytes(ElementType::f32, 3), 12u);
  EXPECT_EQ(row_bytes(ElementType::q4_k, 512), 288u);
  EXPECT_EQ(row_bytes(ElementType::q4_k, 0), 0u);
  EXPECT_EQ(row_bytes(ElementType::q4_k, 128), std::nullopt);
  EXPECT_EQ(row_bytes(ElementType::f32, -4), std::nullopt);
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(row_bytes(ElementType::f32, kMax), std::nullopt);
  EXPECT_EQ(row_bytes(ElementType::f32, kMax / 4), static_cast<std::size_t>(kMax / 4 * 4));
  EXPECT_EQ(row_bytes(ElementType::u8, kMax), static_cast<std::size_t>(kMax));
}

}  // namespace
}  // namespace bise
