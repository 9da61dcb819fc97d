#include "base/text.h"
#include "models/read_spec.h"

// Keys: mistral3-models.md §5.2; how they map to a forward pass: §1.5.

namespace bise {
namespace {

Result<void> read_yarn(const Json& object, std::string_view where, ModelSpec& spec) {
  const Fields fields(object, where, "");
  YarnSpec yarn = {};
  yarn.factor = TRY(fields.number("factor", 1, 1e6));
  yarn.original_tokens =
      static_cast<double>(TRY(fields.integer("original_max_position_embeddings", 1, kContextMax)));
  yarn.beta_fast = TRY(fields.number_or("beta", 1e-6, 1e6, 32));
  yarn.beta_slow = TRY(fields.number_or("alpha", 1e-6, 1e6, 1));
  const bool apply_scale = TRY(fields.boolean_or("apply_scale", true));
  yarn.attention_factor = apply_scale ? yarn_magnitude(yarn.factor, 1) : 1;
  spec.rope.yarn = yarn;
  return {};
}

}  // namespace

Result<ModelSpec> spec_from_params(const Checkpoint& checkpoint) {
  const std::string where = metadata_path(checkpoint);
  const Fields params(checkpoint.metadata(), where);
  for (const char* key : {"moe", "q_lora_rank", "kv_lora_rank"}) {
    if (params.has(key)) {
      return params.unsupported(key,
                                "belongs to a mixture-of-experts or latent-attention model, which "
                                "bise does not run yet");
    }
  }
  if (params.has("quantization_config")) {
    return params.unsupported("quantization_config",
                              "describes a format bise does not read yet; use a "
                              "BF16, FP8 per-tensor or GGUF form of this model");
  }
  ModelSpec spec;
  spec.architecture = "mistral";
  const auto layer_count = TRY(params.integer("n_layers", 1, kLayersMax));
  spec.hidden_dim = static_cast<int>(TRY(params.integer("dim", 1, kWidthMax)));
  spec.vocab_size = static_cast<int>(TRY(params.integer("vocab_size", 1, kContextMax - 1)));
  // What older files do not say: as long as the pages last.
  spec.context_tokens = TRY(params.integer_or("max_position_embeddings", 1, kContextMax, 0));
  if (spec.context_tokens == 0) {
    spec.context_tokens = TRY(params.integer_or("max_seq_len", 1, kContextMax, 32768));
  }
  spec.rms_epsilon = static_cast<float>(TRY(params.number("norm_eps", 0, 1)));
  LayerSpec layer = TRY(read_layer(params,
                                   {.query_heads = "n_heads",
                                    .kv_heads = "n_kv_heads",
                                    .head_dim = "head_dim",
                                    .ffn_dim = "hidden_dim"},
                                   spec.hidden_dim));
  const Json* window = params.find("sliding_window");
  if (window != nullptr && window->is_array()) {
    return params.unsupported("sliding_window", "is a list, which bise does not run");
  }
  layer.window_tokens =
      static_cast<int>(TRY(params.integer_or("sliding_window", 1, kContextMax - 1, 0)));
  spec.layers.assign(static_cast<std::size_t>(layer_count), layer);

  spec.rope.pairs = RopePairs::adjacent;
  spec.rope.base = TRY(params.number_or("rope_theta", 1.0001, 1e15, 10000));
  spec.rope.rotated_channels = layer.head_dim;
  if (layer.head_dim % 2 != 0) return params.fail("head_dim", "is odd");
  if (const Json* yarn = params.find("yarn")) {
    if (!yarn->is_object()) return params.fail("yarn", "is not an object");
    spec.architecture = "ministral3";
    TRY_VOID(read_yarn(*yarn, where, spec));
  }
  if (const Json* scaling = params.find("llama_4_scaling")) {
    if (!scaling->is_object()) return params.fail("llama_4_scaling", "is not an object");
    const Fields fields(*scaling, where, "");
    spec.query_scale_beta = TRY(fields.number("beta", 0, 1e3));
    spec.query_scale_original_tokens = static_cast<double>(
        TRY(fields.integer("original_max_position_embeddings", 1, kContextMax)));
  }
  const bool has_head = checkpoint.find("output.weight") != nullptr;
  spec.tied_head = TRY(params.boolean_or("tied_embeddings", !has_head));
  return spec;
}

}  // namespace bise
