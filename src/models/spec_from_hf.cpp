#include "base/text.h"
#include "models/read_spec.h"

// Keys: mistral3-models.md §1.1, §2.6, §5.1, §5.3; defaults are those of transformers.

namespace bise {
namespace {

Result<void> check_supported(const Fields& config) {
  const Json* quantization = config.find("quantization_config");
  if (quantization != nullptr && quantization->is_object()) {
    const Json* method = quantization->find("quant_method");
    const std::string name =
        method != nullptr && method->is_string() ? method->as_string() : "without a quant_method";
    const Json* block = quantization->find("weight_block_size");
    if (name != "fp8" || (block != nullptr && !block->is_null())) {
      return config.unsupported(
          "quantization_config",
          concat("is ", quoted(name, 40), block != nullptr && !block->is_null() ? " in blocks" : "",
                 "; bise reads fp8 with one scale a tensor; use a BF16 or GGUF form "
                 "of this model"));
    }
  }
  return {};
}

Result<YarnSpec> read_yarn(const Fields& rope) {
  YarnSpec yarn = {};
  yarn.factor = TRY(rope.number("factor", 1, 1e6));
  yarn.original_tokens =
      static_cast<double>(TRY(rope.integer("original_max_position_embeddings", 1, kContextMax)));
  yarn.beta_fast = TRY(rope.number_or("beta_fast", 1e-6, 1e6, 32));
  yarn.beta_slow = TRY(rope.number_or("beta_slow", 1e-6, 1e6, 1));
  if (!TRY(rope.boolean_or("truncate", true))) {
    return rope.unsupported("truncate", "is false, which bise does not run");
  }
  const double mscale = TRY(rope.number_or("mscale", -1e3, 1e3, 0));
  const double mscale_all = TRY(rope.number_or("mscale_all_dim", -1e3, 1e3, 0));
  const double otherwise =
      mscale != 0 && mscale_all != 0
          ? yarn_magnitude(yarn.factor, mscale) / yarn_magnitude(yarn.factor, mscale_all)
          : yarn_magnitude(yarn.factor, 1);
  yarn.attention_factor = TRY(rope.number_or("attention_factor", 1e-3, 1e3, otherwise));
  return yarn;
}

// rope_parameters, or in older files rope_theta beside rope_scaling.
Result<void> read_rope(const Json& config, std::string_view where, ModelSpec& spec) {
  static const Json kNothing = Json::object();
  const Fields top(config, where);
  const Json* parameters = top.find("rope_parameters");
  if (parameters == nullptr) parameters = top.find("rope_scaling");
  if (parameters != nullptr && !parameters->is_object()) {
    return top.fail("rope_parameters", concat("is ", parameters->kind_name(), ", not an object"));
  }
  const Fields rope(parameters != nullptr ? *parameters : kNothing, where, "");
  const int head_dim = spec.layers.front().head_dim;
  spec.rope.pairs = RopePairs::halves;
  const double theta = TRY(top.number_or("rope_theta", 1.0001, 1e15, 10000));
  spec.rope.base = TRY(rope.number_or("rope_theta", 1.0001, 1e15, theta));
  const double outer_part = TRY(top.number_or("partial_rotary_factor", 0.001, 1, 1));
  const double part = TRY(rope.number_or("partial_rotary_factor", 0.001, 1, outer_part));
  spec.rope.rotated_channels = static_cast<int>(head_dim * part);
  if (spec.rope.rotated_channels < 2 || spec.rope.rotated_channels % 2 != 0) {
    return top.fail("head_dim", concat("gives ", spec.rope.rotated_channels,
                                       " rotated channels, not an even number"));
  }
  std::string type = "default";
  for (const char* key : {"type", "rope_type"}) {
    if (rope.has(key)) type = TRY(rope.string(key));
  }
  if (type == "yarn") {
    spec.rope.yarn = TRY(read_yarn(rope));
  } else if (type != "default") {
    return rope.unsupported("rope_type",
                            concat("is \"", quoted(type, 40), "\" (bise knows default and yarn)"));
  }
  spec.query_scale_beta = TRY(rope.number_or("llama_4_scaling_beta", 0, 1e3, 0));
  if (spec.query_scale_beta != 0) {
    spec.query_scale_original_tokens =
        static_cast<double>(TRY(rope.integer("original_max_position_embeddings", 1, kContextMax)));
  }
  return {};
}

Result<void> read_windows(const Fields& config, ModelSpec& spec) {
  constexpr std::int64_t kDefaultWindow = 4096;
  const bool slides = spec.architecture == "mistral" || spec.architecture == "ministral";
  std::int64_t window = 0;
  if (config.has("sliding_window")) {
    window = TRY(config.integer("sliding_window", 1, kContextMax - 1));
  } else if (slides && !config.named("sliding_window")) {
    window = kDefaultWindow;
  }
  for (LayerSpec& layer : spec.layers) layer.window_tokens = static_cast<int>(window);
  const Json* types = config.find("layer_types");
  if (types == nullptr) return {};
  if (!types->is_array() || types->items().size() != spec.layers.size()) {
    return config.fail("layer_types", "is no list with one entry a layer");
  }
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const Json& type = types->items()[i];
    if (type == Json("full_attention")) {
      spec.layers[i].window_tokens = 0;
    } else if (!(type == Json("sliding_attention"))) {
      return config.fail("layer_types",
                         "holds an entry other than full_attention and "
                         "sliding_attention");
    }
  }
  return {};
}

}  // namespace

Result<ModelSpec> spec_from_hf(const Checkpoint& checkpoint) {
  const std::string where = metadata_path(checkpoint);
  const Fields outer(checkpoint.metadata(), where);
  TRY_VOID(check_supported(outer));
  const Json* text = outer.find("text_config");
  if (text != nullptr && !text->is_object()) {
    return outer.fail("text_config", concat("is ", text->kind_name(), ", not an object"));
  }
  const Json& inner = text != nullptr ? *text : checkpoint.metadata();
  const Fields config(inner, where, "");

  ModelSpec spec;
  spec.architecture = TRY(config.string("model_type"));
  if (spec.architecture != "ministral3" && spec.architecture != "mistral" &&
      spec.architecture != "ministral" && spec.architecture != "llama") {
    return config.unsupported("model_type",
                              concat("is \"", quoted(spec.architecture, 40),
                                     "\" (bise runs ministral3, mistral, ministral and llama)"));
  }
  if (config.has("hidden_act") && TRY(config.string("hidden_act")) != "silu") {
    return config.unsupported("hidden_act", "is not silu, the only one bise runs");
  }
  const auto layer_count = TRY(config.integer("num_hidden_layers", 1, kLayersMax));
  spec.hidden_dim = static_cast<int>(TRY(config.integer("hidden_size", 1, kWidthMax)));
  spec.vocab_size = static_cast<int>(TRY(config.integer("vocab_size", 1, kContextMax - 1)));
  spec.context_tokens = TRY(config.integer("max_position_embeddings", 1, kContextMax));
  spec.rms_epsilon = static_cast<float>(TRY(config.number_or("rms_norm_eps", 0, 1, 1e-6)));
  const LayerSpec layer = TRY(read_layer(config,
                                         {.query_heads = "num_attention_heads",
                                          .kv_heads = "num_key_value_heads",
                                          .head_dim = "head_dim",
                                          .ffn_dim = "intermediate_size"},
                                         spec.hidden_dim));
  spec.layers.assign(static_cast<std::size_t>(layer_count), layer);
  TRY_VOID(read_windows(config, spec));
  TRY_VOID(read_rope(inner, where, spec));

  const bool has_head = checkpoint.find("lm_head.weight") != nullptr ||
                        checkpoint.find("language_model.lm_head.weight") != nullptr;
  const bool outer_tied = TRY(outer.boolean_or("tie_word_embeddings", !has_head));
  spec.tied_head = TRY(config.boolean_or("tie_word_embeddings", outer_tied));
  return spec;
}

}  // namespace bise
