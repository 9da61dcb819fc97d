#include <cstring>

#include "tensor/convert.h"
#include "tensor/quant/rows.h"

namespace bise::quant {
namespace {

template <class Bits, class Convert>
void convert_row(const std::byte* row, std::int64_t elements, float* out, Convert convert) {
  for (std::int64_t i = 0; i < elements; ++i) {
    Bits bits;
    std::memcpy(&bits, row + i * static_cast<std::int64_t>(sizeof bits), sizeof bits);
    out[i] = convert(bits);
  }
}

}  // namespace

void f32_row(const std::byte* row, std::int64_t elements, float* out) {
  if (elements > 0) std::memcpy(out, row, static_cast<std::size_t>(elements) * sizeof(float));
}

void f16_row(const std::byte* row, std::int64_t elements, float* out) {
  convert_row<std::uint16_t>(row, elements, out, half_to_float);
}

void bf16_row(const std::byte* row, std::int64_t elements, float* out) {
  convert_row<std::uint16_t>(row, elements, out, bf16_to_float);
}

void f8_e4m3_row(const std::byte* row, std::int64_t elements, float* out) {
  convert_row<std::uint8_t>(row, elements, out, e4m3_to_float);
}

}  // namespace bise::quant
