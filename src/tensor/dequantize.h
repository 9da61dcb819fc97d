#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/element_type.h"

namespace bise {

// One row of weights as floats, bit for bit as ggml's reference decoder: a block's scale times a
// sub-block's first, then times the integer, then the minimum, each rounded to float. `elements`
// is a multiple of the block; `row` may lie at any address.
using DequantizeRow = void (*)(const std::byte* row, std::int64_t elements, float* out);

// Null for types that are never weights.
DequantizeRow dequantize_row(ElementType type);

}  // namespace bise
