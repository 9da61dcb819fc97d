#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"

namespace bise {

// YaRN (arXiv 2309.00071) as the family uses it: mistral3-models.md §2.3.
struct YarnSpec {
  double factor;
  double original_tokens;
  double beta_fast;
  double beta_slow;
  double attention_factor;  // on cosines and sines
};

struct RopeSpec {
  double base;
  int rotated_channels;  // of each head, from its first; even
  RopePairs pairs;
  std::optional<YarnSpec> yarn;
};

struct LayerSpec {
  int query_heads;
  int kv_heads;
  int head_dim;
  int ffn_dim;
  int window_tokens;  // last keys a query sees, its own included; 0: all
};

// Facts of a model file that decide the forward pass.
struct ModelSpec {
  std::string architecture;  // as the file calls it: "mistral3", "llama", "ministral3"
  std::string name;          // "" when the file has none
  int hidden_dim = 0;
  int vocab_size = 0;
  std::int64_t context_tokens = 0;
  float rms_epsilon = 0;
  std::vector<LayerSpec> layers;
  RopeSpec rope = {};
  // Queries at position p are multiplied with 1 + beta * ln(1 + floor(p / original)); 0: off.
  double query_scale_beta = 0;
  double query_scale_original_tokens = 0;
  bool tied_head = false;
};

// Frequencies of the rotated pairs, [rotated_channels / 2].
std::vector<float> rope_frequencies(const RopeSpec& rope);

// What a query at this position is multiplied with.
float query_scale(const ModelSpec& spec, std::int64_t position);

}  // namespace bise
