#pragma once

#include <string_view>

namespace bise {

// Which part of a model a tensor belongs to, by its name in any of the file forms.
enum class TensorPart { embedding, attention, ffn, norms, head, vision, other };
inline constexpr int kTensorPartCount = 7;

TensorPart tensor_part(std::string_view name);
const char* tensor_part_name(TensorPart part);

}  // namespace bise
