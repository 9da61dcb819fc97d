#include "apps/tensor_parts.h"

#include <algorithm>
#include <iterator>

namespace bise {
namespace {

bool has_any(std::string_view name, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [name](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  });
}

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [name](std::string_view word) { return name.starts_with(word); });
}

}  // namespace

// Names: GGUF, Hugging Face and consolidated (mistral3-models.md §5).
TensorPart tensor_part(std::string_view name) {
  if (has_any(name, {"vision_tower.", "multi_modal_projector.", "vision_encoder.",
                     "vision_language_adapter.", "pre_mm_projector_norm.", "patch_merger."}) ||
      begins_with_any(name, {"v.", "mm."})) {
    return TensorPart::vision;
  }
  if (has_any(name, {"norm"})) return TensorPart::norms;
  if (has_any(name, {"attn_", "self_attn.", ".attention."})) return TensorPart::attention;
  if (has_any(name, {"ffn_", ".mlp.", ".feed_forward."})) return TensorPart::ffn;
  if (has_any(name, {"token_embd", "embed_tokens", "tok_embeddings"})) return TensorPart::embedding;
  if (begins_with_any(name, {"output.", "lm_head.", "language_model.lm_head.", "model.lm_head."})) {
    return TensorPart::head;
  }
  return TensorPart::other;
}

const char* tensor_part_name(TensorPart part) {
  static constexpr const char* kNames[] = {"embedding", "attention", "ffn",  "norms",
                                           "head",      "vision",    "other"};
  static_assert(std::size(kNames) == kTensorPartCount);
  return kNames[static_cast<int>(part)];
}

}  // namespace bise
