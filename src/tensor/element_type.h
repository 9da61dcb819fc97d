#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bise {

// How numbers of a tensor are stored: plain element types, and quant formats whose blocks hold
// several weights with common scales (block layouts: tensor/quant_blocks.h).
enum class ElementType : std::uint8_t {
  f32,
  f16,
  bf16,
  f8_e4m3,
  i8,
  i16,
  i32,
  i64,
  u8,
  f64,
  boolean,  // metadata tensors only, never weights
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  nvfp4,
};
inline constexpr int kElementTypeCount = static_cast<int>(ElementType::nvfp4) + 1;

struct ElementTypeFacts {
  std::string_view name;  // "q4_k", "bf16"
  int block_elements;     // 1 for plain types
  int block_bytes;
  bool is_weight;  // may be the type of a matrix that is multiplied
};

const ElementTypeFacts& facts(ElementType type);

// By its name in lower or upper case ("q4_k", "Q4_K"); nothing for an unknown one.
std::optional<ElementType> element_type_named(std::string_view name);

// Bytes of a row of `elements` numbers; nothing when `elements` is no multiple of the block or the
// product does not fit in 63 bits.
std::optional<std::size_t> row_bytes(ElementType type, std::int64_t elements);

}  // namespace bise
