#include "models/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "base/check.h"
#include "base/text.h"
#include "tensor/dequantize.h"

namespace bise {
namespace {

// A backend that keeps nothing: runs the checks of loading only.
struct NoWeight final : Weight {
  std::int64_t rows() const override { return 0; }
  std::int64_t cols() const override { return 0; }
};

class Loader {
 public:
  Loader(const Checkpoint& checkpoint, const ModelSpec& spec, Backend* backend)
      : checkpoint_(checkpoint), spec_(spec), backend_(backend), names_(tensor_names(checkpoint)) {}

  Result<ModelWeights> load();

 private:
  Error fail(std::string_view tensor, std::string_view what) const {
    return Error{ErrorCode::corrupt_file,
                 concat(quoted(checkpoint_.path(), 400), ": tensor ", quoted(tensor), " ", what)};
  }

  Result<const FileTensor*> take(const std::string& name) {
    const FileTensor* tensor = checkpoint_.find(name);
    if (tensor == nullptr) return fail(name, "is missing");
    used_.insert(tensor->name);
    return tensor;
  }

  Result<const FileTensor*> take_matrix(const std::string& name, std::int64_t rows,
                                        std::int64_t cols);
  Result<std::unique_ptr<Weight>> matrix(const std::string& name, std::int64_t rows,
                                         std::int64_t cols);
  Result<std::unique_ptr<Weight>> slice(const FileTensor& tensor, std::int64_t first_row,
                                        std::int64_t rows);
  Result<std::unique_ptr<Buffer>> norm(const std::string& name);
  Result<float> scale_of(const FileTensor& tensor);
  Result<std::vector<float>> vector_of(const FileTensor& tensor);
  Result<LayerWeights> layer(int index);
  Result<std::vector<std::string>> unused() const;

  const Checkpoint& checkpoint_;
  const ModelSpec& spec_;
  Backend* backend_;
  TensorNames names_;
  std::unordered_set<std::string_view> used_;
};

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += concat(i == 0 ? "" : ", ", shape[i]);
  }
  return text + "]";
}

// The shape without dimensions of 1.
std::vector<std::int64_t> squeezed(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> kept;
  for (const std::int64_t n : shape) {
    if (n != 1) kept.push_back(n);
  }
  return kept;
}

Result<const FileTensor*> Loader::take_matrix(const std::string& name, std::int64_t rows,
                                              std::int64_t cols) {
  const FileTensor* tensor = TRY(take(name));
  std::vector<std::int64_t> shape = tensor->shape;
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  if (shape != std::vector<std::int64_t>{rows, cols}) {
    return fail(name, concat("has the shape ", shape_text(tensor->shape), ", expected [", rows,
                             ", ", cols, "] as the model's metadata says"));
  }
  if (!facts(tensor->type).is_weight) {
    return fail(name, concat("is of type ", facts(tensor->type).name,
                             ", which is no format for a weight matrix"));
  }
  return tensor;
}

// The companion of an FP8 or NVFP4 matrix; 1 where the format needs none.
Result<float> Loader::scale_of(const FileTensor& tensor) {
  const bool fp8 = tensor.type == ElementType::f8_e4m3;
  if (!fp8 && tensor.type != ElementType::nvfp4) return 1.0f;
  std::string_view base = tensor.name;
  constexpr std::string_view kWeight = ".weight";
  if (base.ends_with(kWeight)) base.remove_suffix(kWeight.size());
  const FileTensor* scale = nullptr;
  for (const char* ending : {".weight_scale_inv", ".qscale_weight", ".weight_scale", ".scale"}) {
    if (scale == nullptr) scale = checkpoint_.find(concat(base, ending));
  }
  if (scale == nullptr) {
    if (!fp8) return 1.0f;
    return fail(tensor.name, "is FP8 and its scale (weight_scale_inv or qscale_weight) is missing");
  }
  if (!squeezed(scale->shape).empty()) {
    return fail(scale->name, concat("has the shape ", shape_text(scale->shape),
                                    ", but bise reads FP8 with one scale a tensor"));
  }
  used_.insert(scale->name);
  const std::vector<float> value = TRY(vector_of(*scale));
  return value.front();
}

// A small tensor of floats, all finite.
Result<std::vector<float>> Loader::vector_of(const FileTensor& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t n : tensor.shape) count *= n;
  const DequantizeRow unpack = dequantize_row(tensor.type);
  if (unpack == nullptr || facts(tensor.type).block_elements != 1) {
    return fail(tensor.name,
                concat("is of type ", facts(tensor.type).name, ", expected f32, f16 or bf16"));
  }
  std::vector<float> values(static_cast<std::size_t>(count));
  unpack(tensor.bytes.data(), count, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return fail(tensor.name, concat("holds a value that is not a finite number, at index ", i));
    }
  }
  return values;
}

Result<std::unique_ptr<Buffer>> Loader::norm(const std::string& name) {
  const FileTensor* tensor = TRY(take(name));
  const std::vector<std::int64_t> wanted = spec_.hidden_dim == 1
                                               ? std::vector<std::int64_t>{}
                                               : std::vector<std::int64_t>{spec_.hidden_dim};
  if (squeezed(tensor->shape) != wanted) {
    return fail(name, concat("has the shape ", shape_text(tensor->shape), ", expected [",
                             spec_.hidden_dim, "]"));
  }
  const std::vector<float> values = TRY(vector_of(*tensor));
  if (backend_ == nullptr) return std::unique_ptr<Buffer>();
  return backend_->load_vector(values);
}

Result<std::unique_ptr<Weight>> Loader::slice(const FileTensor& tensor, std::int64_t first_row,
                                              std::int64_t rows) {
  const std::int64_t cols = tensor.shape.back();
  const float scale = TRY(scale_of(tensor));
  if (backend_ == nullptr) return std::unique_ptr<Weight>(std::make_unique<NoWeight>());
  const std::size_t bytes = *row_bytes(tensor.type, cols);
  return backend_->load_weight(
      {.name = tensor.name,
       .type = tensor.type,
       .rows = rows,
       .cols = cols,
       .bytes = tensor.bytes.data() + static_cast<std::size_t>(first_row) * bytes,
       .scale = scale});
}

Result<std::unique_ptr<Weight>> Loader::matrix(const std::string& name, std::int64_t rows,
                                               std::int64_t cols) {
  const FileTensor* tensor = TRY(take_matrix(name, rows, cols));
  return slice(*tensor, 0, rows);
}

Result<LayerWeights> Loader::layer(int index) {
  const LayerSpec& spec = spec_.layers[static_cast<std::size_t>(index)];
  const std::int64_t width = spec_.hidden_dim;
  const std::int64_t query = std::int64_t{spec.query_heads} * spec.head_dim;
  const std::int64_t kv = std::int64_t{spec.kv_heads} * spec.head_dim;
  const auto name = [&](const std::string& pattern) { return layer_name(pattern, index); };
  LayerWeights weights;
  weights.attention_norm = TRY(norm(name(names_.attention_norm)));
  const std::string fused = names_.fused_qkv.empty() ? "" : name(names_.fused_qkv);
  if (!fused.empty() && checkpoint_.find(fused) != nullptr) {
    const FileTensor* tensor = TRY(take_matrix(fused, query + 2 * kv, width));
    weights.query = TRY(slice(*tensor, 0, query));
    weights.key = TRY(slice(*tensor, query, kv));
    weights.value = TRY(slice(*tensor, query + kv, kv));
  } else {
    weights.query = TRY(matrix(name(names_.query), query, width));
    weights.key = TRY(matrix(name(names_.key), kv, width));
    weights.value = TRY(matrix(name(names_.value), kv, width));
  }
  weights.output = TRY(matrix(name(names_.output), width, query));
  weights.ffn_norm = TRY(norm(name(names_.ffn_norm)));
  weights.gate = TRY(matrix(name(names_.gate), spec.ffn_dim, width));
  weights.up = TRY(matrix(name(names_.up), spec.ffn_dim, width));
  weights.down = TRY(matrix(name(names_.down), width, spec.ffn_dim));
  return weights;
}

// Tensors nobody asked for are fine when they belong to a vision tower or change nothing; any other
// would change the result, so the model is not the one the metadata describes.
Result<std::vector<std::string>> Loader::unused() const {
  static constexpr std::string_view kVision[] = {"vision_tower.",
                                                 "multi_modal_projector.",
                                                 "model.vision_tower.",
                                                 "model.multi_modal_projector.",
                                                 "vision_encoder.",
                                                 "vision_language_adapter.",
                                                 "pre_mm_projector_norm.",
                                                 "patch_merger.",
                                                 "v.",
                                                 "mm."};
  static constexpr std::string_view kHarmless[] = {".activation_scale", ".qscale_act",
                                                   ".input_scale", "rotary_emb.inv_freq"};
  std::vector<std::string> vision;
  for (const FileTensor& tensor : checkpoint_.tensors()) {
    if (used_.contains(tensor.name)) continue;
    const std::string_view name = tensor.name;
    const auto starts = [&](std::string_view prefix) { return name.starts_with(prefix); };
    const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
    if (std::any_of(std::begin(kVision), std::end(kVision), starts)) {
      vision.push_back(tensor.name);
    } else if (std::none_of(std::begin(kHarmless), std::end(kHarmless), ends) &&
               !(spec_.tied_head && name == names_.head)) {
      return fail(name,
                  "is not part of a model of this architecture as bise knows it, and running "
                  "without it would give wrong answers");
    }
  }
  return vision;
}

Result<ModelWeights> Loader::load() {
  ModelWeights weights;
  weights.embedding = TRY(matrix(names_.embedding, spec_.vocab_size, spec_.hidden_dim));
  weights.final_norm = TRY(norm(names_.final_norm));
  if (!spec_.tied_head) {
    weights.head = TRY(matrix(names_.head, spec_.vocab_size, spec_.hidden_dim));
  }
  for (int index = 0; index < static_cast<int>(spec_.layers.size()); ++index) {
    weights.layers.push_back(TRY(layer(index)));
  }
  weights.unused_tensors = TRY(unused());
  return weights;
}

}  // namespace

TensorNames tensor_names(const Checkpoint& checkpoint) {
  if (checkpoint.form() == CheckpointForm::gguf) {
    return {.embedding = "token_embd.weight",
            .head = "output.weight",
            .final_norm = "output_norm.weight",
            .attention_norm = "blk.{}.attn_norm.weight",
            .ffn_norm = "blk.{}.ffn_norm.weight",
            .query = "blk.{}.attn_q.weight",
            .key = "blk.{}.attn_k.weight",
            .value = "blk.{}.attn_v.weight",
            .fused_qkv = "blk.{}.attn_qkv.weight",
            .output = "blk.{}.attn_output.weight",
            .gate = "blk.{}.ffn_gate.weight",
            .up = "blk.{}.ffn_up.weight",
            .down = "blk.{}.ffn_down.weight"};
  }
  if (checkpoint.form() == CheckpointForm::consolidated) {
    return {.embedding = "tok_embeddings.weight",
            .head = "output.weight",
            .final_norm = "norm.weight",
            .attention_norm = "layers.{}.attention_norm.weight",
            .ffn_norm = "layers.{}.ffn_norm.weight",
            .query = "layers.{}.attention.wq.weight",
            .key = "layers.{}.attention.wk.weight",
            .value = "layers.{}.attention.wv.weight",
            .fused_qkv = "",
            .output = "layers.{}.attention.wo.weight",
            .gate = "layers.{}.feed_forward.w1.weight",
            .up = "layers.{}.feed_forward.w3.weight",
            .down = "layers.{}.feed_forward.w2.weight"};
  }
  // Hugging Face: the prefix of the hub's files, of newer module paths, or of text-only models.
  std::string prefix = "model.";
  for (const char* candidate : {"language_model.model.", "model.language_model."}) {
    if (checkpoint.find(std::string(candidate) + "embed_tokens.weight") != nullptr) {
      prefix = candidate;
    }
  }
  const std::string head = checkpoint.find("language_model.lm_head.weight") != nullptr
                               ? "language_model.lm_head.weight"
                               : "lm_head.weight";
  const std::string layers = prefix + "layers.{}.";
  return {.embedding = prefix + "embed_tokens.weight",
          .head = head,
          .final_norm = prefix + "norm.weight",
          .attention_norm = layers + "input_layernorm.weight",
          .ffn_norm = layers + "post_attention_layernorm.weight",
          .query = layers + "self_attn.q_proj.weight",
          .key = layers + "self_attn.k_proj.weight",
          .value = layers + "self_attn.v_proj.weight",
          .fused_qkv = "",
          .output = layers + "self_attn.o_proj.weight",
          .gate = layers + "mlp.gate_proj.weight",
          .up = layers + "mlp.up_proj.weight",
          .down = layers + "mlp.down_proj.weight"};
}

std::string layer_name(const std::string& pattern, int layer) {
  const std::size_t place = pattern.find("{}");
  CHECK(place != std::string::npos);
  return concat(pattern.substr(0, place), layer, pattern.substr(place + 2));
}

Result<ModelWeights> load_weights(const Checkpoint& checkpoint, const ModelSpec& spec,
                                  Backend& backend) {
  return Loader(checkpoint, spec, &backend).load();
}

Result<void> check_tensors(const Checkpoint& checkpoint, const ModelSpec& spec) {
  TRY(Loader(checkpoint, spec, nullptr).load());
  return {};
}

Result<void> settle_vocab_size(const Checkpoint& checkpoint, ModelSpec& spec) {
  if (spec.vocab_size != 0) return {};
  const std::string name = tensor_names(checkpoint).embedding;
  const FileTensor* embedding = checkpoint.find(name);
  if (embedding == nullptr || embedding->shape.size() != 2 || embedding->shape[0] > INT32_MAX) {
    return Error{ErrorCode::corrupt_file, concat(quoted(checkpoint.path(), 400), ": tensor ", name,
                                                 " is missing or no matrix")};
  }
  spec.vocab_size = static_cast<int>(embedding->shape[0]);
  return {};
}

}  // namespace bise
