#include "tensor/element_type.h"

#include <array>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "tensor/quant_blocks.h"

namespace bise {
namespace {

// Written out rather than taken from the structs: blocks and this table check each other.
constexpr std::array<ElementTypeFacts, kElementTypeCount> kFacts = {{
    {"f32", 1, 4, true},      {"f16", 1, 2, true},        {"bf16", 1, 2, true},
    {"f8_e4m3", 1, 1, true},  {"i8", 1, 1, false},        {"i16", 1, 2, false},
    {"i32", 1, 4, false},     {"i64", 1, 8, false},       {"u8", 1, 1, false},
    {"f64", 1, 8, false},     {"bool", 1, 1, false},      {"q4_0", 32, 18, true},
    {"q4_1", 32, 20, true},   {"q5_0", 32, 22, true},     {"q5_1", 32, 24, true},
    {"q8_0", 32, 34, true},   {"q2_k", 256, 84, true},    {"q3_k", 256, 110, true},
    {"q4_k", 256, 144, true}, {"q5_k", 256, 176, true},   {"q6_k", 256, 210, true},
    {"iq4_nl", 32, 18, true}, {"iq4_xs", 256, 136, true}, {"mxfp4", 32, 17, true},
    {"nvfp4", 64, 36, true},
}};

constexpr int block_bytes(ElementType type) {
  return kFacts[static_cast<int>(type)].block_bytes;
}
static_assert(block_bytes(ElementType::q4_0) == sizeof(Q4_0Block));
static_assert(block_bytes(ElementType::q4_1) == sizeof(Q4_1Block));
static_assert(block_bytes(ElementType::q5_0) == sizeof(Q5_0Block));
static_assert(block_bytes(ElementType::q5_1) == sizeof(Q5_1Block));
static_assert(block_bytes(ElementType::q8_0) == sizeof(Q8_0Block));
static_assert(block_bytes(ElementType::q2_k) == sizeof(Q2_KBlock));
static_assert(block_bytes(ElementType::q3_k) == sizeof(Q3_KBlock));
static_assert(block_bytes(ElementType::q4_k) == sizeof(Q4_KBlock));
static_assert(block_bytes(ElementType::q5_k) == sizeof(Q5_KBlock));
static_assert(block_bytes(ElementType::q6_k) == sizeof(Q6_KBlock));
static_assert(block_bytes(ElementType::iq4_nl) == sizeof(Iq4_NlBlock));
static_assert(block_bytes(ElementType::iq4_xs) == sizeof(Iq4_XsBlock));
static_assert(block_bytes(ElementType::mxfp4) == sizeof(Mxfp4Block));
static_assert(block_bytes(ElementType::nvfp4) == sizeof(Nvfp4Block));

}  // namespace

const ElementTypeFacts& facts(ElementType type) {
  const auto index = static_cast<std::size_t>(type);
  CHECK(index < kFacts.size());
  return kFacts[index];
}

std::optional<ElementType> element_type_named(std::string_view name) {
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (equal_without_case(name, kFacts[i].name)) return static_cast<ElementType>(i);
  }
  return std::nullopt;
}

std::optional<std::size_t> row_bytes(ElementType type, std::int64_t elements) {
  const ElementTypeFacts& its = facts(type);
  if (elements < 0 || elements % its.block_elements != 0) return std::nullopt;
  const std::int64_t blocks = elements / its.block_elements;
  if (blocks > std::numeric_limits<std::int64_t>::max() / its.block_bytes) return std::nullopt;
  return static_cast<std::size_t>(blocks * its.block_bytes);
}

}  // namespace bise
