#include "models/read_spec.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "models/model.h"

namespace bise {

std::string metadata_path(const Checkpoint& checkpoint) {
  switch (checkpoint.form()) {
    case CheckpointForm::gguf:
      break;
    case CheckpointForm::hf:
      return concat(checkpoint.folder(), "/config.json");
    case CheckpointForm::consolidated:
      return concat(checkpoint.folder(), "/params.json");
  }
  return checkpoint.path();
}

Result<LayerSpec> read_layer(const Fields& fields, const LayerKeys& keys, int hidden_dim) {
  LayerSpec layer = {};
  layer.query_heads = static_cast<int>(TRY(fields.integer(keys.query_heads, 1, kHeadsMax)));
  layer.kv_heads =
      static_cast<int>(TRY(fields.integer_or(keys.kv_heads, 1, kHeadsMax, layer.query_heads)));
  if (layer.query_heads % layer.kv_heads != 0 ||
      layer.query_heads / layer.kv_heads > kQueryHeadsPerKvHeadMax) {
    return fields.fail(keys.kv_heads, concat("is ", layer.kv_heads, ", which does not divide the ",
                                             layer.query_heads, " query heads into groups of 1 to ",
                                             kQueryHeadsPerKvHeadMax));
  }
  if (!fields.has(keys.head_dim) && hidden_dim % layer.query_heads != 0) {
    return fields.fail(keys.head_dim, "is missing and does not follow from width and heads");
  }
  layer.head_dim = static_cast<int>(
      TRY(fields.integer_or(keys.head_dim, 1, kHeadDimMax, hidden_dim / layer.query_heads)));
  layer.ffn_dim = static_cast<int>(TRY(fields.integer(keys.ffn_dim, 1, kWidthMax)));
  return layer;
}

double yarn_magnitude(double factor, double scale) {
  return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1;
}

std::vector<float> rope_frequencies(const RopeSpec& rope) {
  const double d = rope.rotated_channels;
  std::vector<float> frequencies(static_cast<std::size_t>(rope.rotated_channels / 2));
  double low = 0, high = 0;
  if (rope.yarn) {
    const auto pair_of_turns = [&](double turns) {
      return d * std::log(rope.yarn->original_tokens / (2 * M_PI * turns)) /
             (2 * std::log(rope.base));
    };
    low = std::max(std::floor(pair_of_turns(rope.yarn->beta_fast)), 0.0);
    high = std::min(std::ceil(pair_of_turns(rope.yarn->beta_slow)), d - 1);
    if (low == high) high += 0.001;
  }
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double extrapolated = std::pow(rope.base, -2.0 * static_cast<double>(i) / d);
    if (!rope.yarn) {
      frequencies[i] = static_cast<float>(extrapolated);
      continue;
    }
    const double interpolated = extrapolated / rope.yarn->factor;
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = static_cast<float>(interpolated * ramp + extrapolated * (1 - ramp));
  }
  return frequencies;
}

float query_scale(const ModelSpec& spec, std::int64_t position) {
  if (spec.query_scale_beta == 0) return 1;
  const double periods =
      std::floor(static_cast<double>(position) / spec.query_scale_original_tokens);
  return static_cast<float>(1 + spec.query_scale_beta * std::log(1 + periods));
}

}  // namespace bise
