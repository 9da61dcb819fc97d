#include <array>

#include "base/check.h"
#include "tensor/dequantize.h"
#include "tensor/quant/rows.h"

namespace bise {
namespace {

struct Format {
  ElementType type;
  DequantizeRow row;
};

constexpr Format kFormats[] = {
    {ElementType::f32, quant::f32_row},       {ElementType::f16, quant::f16_row},
    {ElementType::bf16, quant::bf16_row},     {ElementType::f8_e4m3, quant::f8_e4m3_row},
    {ElementType::q4_0, quant::q4_0_row},     {ElementType::q4_1, quant::q4_1_row},
    {ElementType::q5_0, quant::q5_0_row},     {ElementType::q5_1, quant::q5_1_row},
    {ElementType::q8_0, quant::q8_0_row},     {ElementType::q2_k, quant::q2_k_row},
    {ElementType::q3_k, quant::q3_k_row},     {ElementType::q4_k, quant::q4_k_row},
    {ElementType::q5_k, quant::q5_k_row},     {ElementType::q6_k, quant::q6_k_row},
    {ElementType::iq4_nl, quant::iq4_nl_row}, {ElementType::iq4_xs, quant::iq4_xs_row},
    {ElementType::mxfp4, quant::mxfp4_row},   {ElementType::nvfp4, quant::nvfp4_row},
};

}  // namespace

DequantizeRow dequantize_row(ElementType type) {
  for (const Format& format : kFormats) {
    if (format.type == type) return format.row;
  }
  return nullptr;
}

}  // namespace bise
