#include "apps/tensor_parts.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(TensorPart, IsToldByTheNamesOfAllForms) {
  const std::pair<const char*, TensorPart> names[] = {
      {"token_embd.weight", TensorPart::embedding},
      {"model.embed_tokens.weight", TensorPart::embedding},
      {"language_model.model.embed_tokens.weight", TensorPart::embedding},
      {"tok_embeddings.weight", TensorPart::embedding},
      {"output.weight", TensorPart::head},
      {"lm_head.weight", TensorPart::head},
      {"language_model.lm_head.weight", TensorPart::head},
      {"output_norm.weight", TensorPart::norms},
      {"model.norm.weight", TensorPart::norms},
      {"norm.weight", TensorPart::norms},
      {"blk.3.attn_norm.weight", TensorPart::norms},
      {"blk.3.ffn_norm.weight", TensorPart::norms},
      {"blk.3.attn_output.weight", TensorPart::attention},
      {"blk.3.attn_q.weight", TensorPart::attention},
      {"model.layers.0.self_attn.o_proj.weight", TensorPart::attention},
      {"layers.0.attention.wq.weight", TensorPart::attention},
      {"blk.3.ffn_down.weight", TensorPart::ffn},
      {"model.layers.0.mlp.up_proj.weight", TensorPart::ffn},
      {"layers.0.feed_forward.w1.weight", TensorPart::ffn},
      {"model.layers.0.input_layernorm.weight", TensorPart::norms},
      {"vision_tower.transformer.layers.0.attention.q_proj.weight", TensorPart::vision},
      {"model.vision_tower.ln_pre.weight", TensorPart::vision},
      {"multi_modal_projector.norm.weight", TensorPart::vision},
      {"vision_encoder.ln_pre.weight", TensorPart::vision},
      {"v.blk.0.attn_q.weight", TensorPart::vision},
      {"mm.input_projection.weight", TensorPart::vision},
      {"rope_freqs.weight", TensorPart::other}};
  for (const auto& [name, part] : names) {
    EXPECT_EQ(tensor_part(name), part) << name << " is " << tensor_part_name(tensor_part(name));
  }
}

}  // namespace
}  // namespace bise
