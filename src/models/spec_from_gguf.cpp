#include <cmath>

#include "base/text.h"
#include "models/read_spec.h"

// Keys: mistral3-models.md §5.7.

namespace bise {
namespace {

Result<RopeSpec> read_rope(const Fields& fields, int head_dim) {
  RopeSpec rope = {};
  rope.pairs = RopePairs::adjacent;
  rope.base = TRY(fields.number_or("rope.freq_base", 1.0001, 1e15, 10000));
  rope.rotated_channels =
      static_cast<int>(TRY(fields.integer_or("rope.dimension_count", 2, head_dim, head_dim)));
  if (rope.rotated_channels % 2 != 0) return fields.fail("rope.dimension_count", "is odd");
  if (!fields.has("rope.scaling.type")) return rope;
  const std::string type = TRY(fields.string("rope.scaling.type"));
  if (type == "none") return rope;
  if (type != "yarn") {
    return fields.unsupported("rope.scaling.type",
                              concat("is \"", quoted(type, 40), "\" (bise knows none and yarn)"));
  }
  YarnSpec yarn = {};
  yarn.factor = TRY(fields.number("rope.scaling.factor", 1, 1e6));
  yarn.original_tokens = static_cast<double>(
      TRY(fields.integer("rope.scaling.original_context_length", 1, kContextMax)));
  yarn.beta_fast = TRY(fields.number_or("rope.scaling.yarn_beta_fast", 1e-6, 1e6, 32));
  yarn.beta_slow = TRY(fields.number_or("rope.scaling.yarn_beta_slow", 1e-6, 1e6, 1));
  const double multiplier = TRY(fields.number_or("rope.scaling.yarn_log_multiplier", -1e3, 1e3, 0));
  yarn.attention_factor =
      multiplier != 0 ? yarn_magnitude(yarn.factor, 1) / yarn_magnitude(yarn.factor, multiplier)
                      : yarn_magnitude(yarn.factor, 1);
  rope.yarn = yarn;
  return rope;
}

}  // namespace

Result<ModelSpec> spec_from_gguf(const Checkpoint& checkpoint) {
  const Fields general(checkpoint.metadata(), checkpoint.path());
  ModelSpec spec;
  spec.architecture = TRY(general.string("general.architecture"));
  if (spec.architecture != "mistral3" && spec.architecture != "llama") {
    return general.unsupported(
        "general.architecture",
        concat("is \"", quoted(spec.architecture, 40), "\" (bise runs mistral3 and llama)"));
  }
  const Json* name = general.find("general.name");
  if (name != nullptr && name->is_string()) spec.name = name->as_string();

  const Fields fields(checkpoint.metadata(), checkpoint.path(), spec.architecture + ".");
  for (const char* key : {"expert_count", "attention.q_lora_rank", "attention.kv_lora_rank"}) {
    if (TRY(fields.integer_or(key, 0, kWidthMax, 0)) != 0) {
      return fields.unsupported(key,
                                "belongs to a mixture-of-experts or latent-attention model, which "
                                "bise does not run yet");
    }
  }
  const auto layer_count = TRY(fields.integer("block_count", 1, kLayersMax));
  spec.hidden_dim = static_cast<int>(TRY(fields.integer("embedding_length", 1, kWidthMax)));
  spec.context_tokens = TRY(fields.integer("context_length", 1, kContextMax));
  spec.rms_epsilon =
      static_cast<float>(TRY(fields.number("attention.layer_norm_rms_epsilon", 0, 1)));
  spec.vocab_size = static_cast<int>(TRY(fields.integer_or("vocab_size", 1, kContextMax - 1, 0)));

  LayerSpec layer = TRY(read_layer(fields,
                                   {.query_heads = "attention.head_count",
                                    .kv_heads = "attention.head_count_kv",
                                    .head_dim = "attention.key_length",
                                    .ffn_dim = "feed_forward_length"},
                                   spec.hidden_dim));
  if (TRY(fields.integer_or("attention.value_length", 1, kHeadDimMax, layer.head_dim)) !=
      layer.head_dim) {
    return fields.unsupported("attention.value_length",
                              "differs from attention.key_length, which bise "
                              "does not run");
  }
  layer.window_tokens =
      static_cast<int>(TRY(fields.integer_or("attention.sliding_window", 0, kContextMax - 1, 0)));
  spec.layers.assign(static_cast<std::size_t>(layer_count), layer);

  spec.rope = TRY(read_rope(fields, layer.head_dim));
  spec.query_scale_beta = TRY(fields.number_or("attention.temperature_scale", 0, 1e3, 0));
  spec.query_scale_original_tokens = spec.rope.yarn ? spec.rope.yarn->original_tokens : 0;
  if (spec.query_scale_beta != 0 && !spec.rope.yarn) {
    spec.query_scale_original_tokens = static_cast<double>(
        TRY(fields.integer("rope.scaling.original_context_length", 1, kContextMax)));
  }
  spec.tied_head = checkpoint.find("output.weight") == nullptr;
  return spec;
}

}  // namespace bise
