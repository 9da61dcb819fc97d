#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"
#include "formats/checkpoint.h"
#include "models/model_spec.h"

namespace bise {

struct LayerWeights {
  std::unique_ptr<Buffer> attention_norm, ffn_norm;  // [hidden_dim]
  std::unique_ptr<Weight> query;                     // [query_heads * head_dim, hidden_dim]
  std::unique_ptr<Weight> key;                       // [kv_heads * head_dim, hidden_dim]
  std::unique_ptr<Weight> value;                     // as key
  std::unique_ptr<Weight> output;                    // [hidden_dim, query_heads * head_dim]
  std::unique_ptr<Weight> gate;                      // [ffn_dim, hidden_dim]
  std::unique_ptr<Weight> up;                        // as gate
  std::unique_ptr<Weight> down;                      // [hidden_dim, ffn_dim]
};

struct ModelWeights {
  std::unique_ptr<Weight> embedding;   // [vocab_size, hidden_dim]
  std::unique_ptr<Weight> head;        // as embedding; null when tied to it
  std::unique_ptr<Buffer> final_norm;  // [hidden_dim]
  std::vector<LayerWeights> layers;
  std::vector<std::string> unused_tensors;  // of a vision tower, passed over
};

// Where the tensors of a layer stand in the file, for messages and reports.
struct TensorNames {
  std::string embedding, head, final_norm;
  // With "{}" for the layer.
  std::string attention_norm, ffn_norm, query, key, value, fused_qkv, output, gate, up, down;
};
TensorNames tensor_names(const Checkpoint& checkpoint);
std::string layer_name(const std::string& pattern, int layer);

// The tensors of the model this spec describes: all there, of the shapes the spec says, of formats
// that are weights, none left over that the forward pass would have to know. A vocab_size of 0 in
// the spec is filled in from the embedding first (settle_vocab_size).
Result<ModelWeights> load_weights(const Checkpoint& checkpoint, const ModelSpec& spec,
                                  Backend& backend);

// Fills in spec.vocab_size where the file leaves it to the embedding table.
Result<void> settle_vocab_size(const Checkpoint& checkpoint, ModelSpec& spec);

// The checks of load_weights without a backend.
Result<void> check_tensors(const Checkpoint& checkpoint, const ModelSpec& spec);

}  // namespace bise
