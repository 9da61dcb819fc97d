#pragma once

#include "base/result.h"
#include "formats/checkpoint.h"
#include "models/fields.h"
#include "models/model_spec.h"

namespace bise {

// One reader a form of checkpoint. They check each value by itself and against the others; whether
// the tensors agree is checked where they are loaded.
Result<ModelSpec> spec_from_gguf(const Checkpoint& checkpoint);
Result<ModelSpec> spec_from_hf(const Checkpoint& checkpoint);
Result<ModelSpec> spec_from_params(const Checkpoint& checkpoint);

// The file that metadata() is read from, for messages.
std::string metadata_path(const Checkpoint& checkpoint);

// Bounds of plausible models, far beyond the family's own: they keep products within 63 bits and
// allocations in proportion.
inline constexpr std::int64_t kLayersMax = 1024;
inline constexpr std::int64_t kWidthMax = 1 << 20;
inline constexpr std::int64_t kHeadsMax = 4096;
inline constexpr std::int64_t kHeadDimMax = 1024;
inline constexpr std::int64_t kQueryHeadsPerKvHeadMax = 64;
inline constexpr std::int64_t kContextMax = std::int64_t{1} << 31;

// The dense layer all layers of a model share, from its metadata under these names.
struct LayerKeys {
  const char* query_heads;
  const char* kv_heads;
  const char* head_dim;
  const char* ffn_dim;
};
Result<LayerSpec> read_layer(const Fields& fields, const LayerKeys& keys, int hidden_dim);

// m(s, t) of mistral3-models.md §2.3.
double yarn_magnitude(double factor, double scale);

}  // namespace bise
