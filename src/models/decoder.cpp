#include "models/decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace bise {
namespace {

// Logit rows computed at a time, so that a long prompt whose logits are all wanted needs no more
// memory than a short one.
constexpr int kLogitRowsMax = 32;

bool all_finite(const float* values, std::int64_t count) {
  // One sum over the exponents: no branch in the loop. A sum of finite halves could overflow, so
  // products with zero are added instead: 0 for finite values, NaN for the others.
  float sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i] * 0.0f;
  return sum == 0;
}

}  // namespace

Decoder::Decoder(ModelSpec spec, ModelWeights weights, Backend& backend, TensorNames names)
    : spec_(std::move(spec)),
      weights_(std::move(weights)),
      backend_(backend),
      names_(std::move(names)),
      frequencies_(rope_frequencies(spec_.rope)) {}

Result<std::unique_ptr<Model>> Decoder::create(const Checkpoint& checkpoint, ModelSpec spec,
                                               Backend& backend) {
  ModelWeights weights = TRY(load_weights(checkpoint, spec, backend));
  auto decoder = std::unique_ptr<Decoder>(
      new Decoder(std::move(spec), std::move(weights), backend, tensor_names(checkpoint)));
  TRY_VOID(decoder->allocate());
  return std::unique_ptr<Model>(std::move(decoder));
}

Result<void> Decoder::allocate() {
  std::int64_t query = 0, kv = 0, ffn = 0;
  for (const LayerSpec& layer : spec_.layers) {
    query = std::max(query, std::int64_t{layer.query_heads} * layer.head_dim);
    kv = std::max(kv, std::int64_t{layer.kv_heads} * layer.head_dim);
    ffn = std::max<std::int64_t>(ffn, layer.ffn_dim);
  }
  const auto make = [&](std::int64_t rows, std::int64_t cols) -> Result<std::unique_ptr<Buffer>> {
    const auto bytes = static_cast<std::size_t>(rows * cols) * sizeof(float);
    private_bytes_ += bytes;
    return backend_.allocate(bytes);
  };
  residual_ = TRY(make(kStepRowsMax, spec_.hidden_dim));
  query_ = TRY(make(kStepRowsMax, query));
  attention_ = TRY(make(kStepRowsMax, query));
  key_ = TRY(make(kStepRowsMax, kv));
  value_ = TRY(make(kStepRowsMax, kv));
  inner_ = TRY(make(kStepRowsMax, ffn));
  picked_ = TRY(make(kLogitRowsMax, spec_.hidden_dim));
  logits_ = TRY(make(kLogitRowsMax, spec_.vocab_size));
  return {};
}

KvShape Decoder::kv_shape(KvElement element) const {
  const LayerSpec& layer = spec_.layers.front();
  return {.layer_count = static_cast<int>(spec_.layers.size()),
          .kv_heads = layer.kv_heads,
          .head_dim = layer.head_dim,
          .element = element};
}

Result<void> Decoder::check(std::span<SequenceChunk> chunks, KvCache& cache) const {
  std::int64_t rows = 0;
  int pages = 0;
  for (const SequenceChunk& chunk : chunks) {
    const auto count = static_cast<std::int64_t>(chunk.tokens.size());
    CHECK(count > 0);
    rows += count;
    CHECK(rows <= kStepRowsMax);
    for (const std::int32_t token : chunk.tokens) {
      if (token < 0 || token >= spec_.vocab_size) {
        return Error{ErrorCode::invalid_argument,
                     concat("token ", token, " is outside the vocabulary of ", spec_.vocab_size)};
      }
    }
    if (chunk.table->length() + count > spec_.context_tokens) {
      return Error{ErrorCode::invalid_argument,
                   concat("position ", chunk.table->length() + count - 1,
                          " is beyond the model's context of ", spec_.context_tokens, " tokens")};
    }
    pages += chunk.table->pages_needed(static_cast<int>(count));
  }
  if (pages > cache.pool().free_count()) {
    return Error{ErrorCode::overloaded,
                 concat("the KV cache is full: ", pages, " pages of ", kPageSlots,
                        " positions wanted, ", cache.pool().free_count(), " free")};
  }
  return {};
}

Decoder::Step Decoder::lay_out(std::span<SequenceChunk> chunks) const {
  Step step;
  const std::size_t pairs = frequencies_.size();
  const double factor = spec_.rope.yarn ? spec_.rope.yarn->attention_factor : 1;
  for (const SequenceChunk& chunk : chunks) {
    const int first_row = static_cast<int>(step.tokens.size());
    const int count = static_cast<int>(chunk.tokens.size());
    const int first_position = chunk.table->length() - count;  // already reserved
    step.chunks.push_back({first_row, count, first_position, chunk.table->pages()});
    step.tokens.insert(step.tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    for (int i = 0; i < count; ++i) {
      const auto position = static_cast<float>(first_position + i);
      for (std::size_t pair = 0; pair < pairs; ++pair) {
        // The angle is a product of floats, as the reference computes it; only the functions of it
        // are taken in double.
        const float angle = position * frequencies_[pair];
        step.cosines.push_back(static_cast<float>(factor * std::cos(static_cast<double>(angle))));
        step.sines.push_back(static_cast<float>(factor * std::sin(static_cast<double>(angle))));
      }
      step.query_scales.push_back(query_scale(spec_, first_position + i));
      if (chunk.logits == LogitRows::all || (chunk.logits == LogitRows::last && i + 1 == count)) {
        step.logit_rows.push_back(first_row + i);
      }
    }
  }
  return step;
}

void Decoder::run_layer(int index, const StepLayout& layout, int rows, KvCache& cache) {
  const LayerSpec& layer = spec_.layers[static_cast<std::size_t>(index)];
  const LayerWeights& weights = weights_.layers[static_cast<std::size_t>(index)];
  const Activations residual = view(*residual_, rows, spec_.hidden_dim);
  const Activations query = view(*query_, rows, layer.query_heads * layer.head_dim);
  const Activations attention = view(*attention_, rows, query.cols);
  const Activations key = view(*key_, rows, layer.kv_heads * layer.head_dim);
  const Activations value = view(*value_, rows, key.cols);
  const Activations inner = view(*inner_, rows, layer.ffn_dim);
  const AttentionShape shape = {
      .layer = index,
      .query_heads = layer.query_heads,
      .kv_heads = layer.kv_heads,
      .head_dim = layer.head_dim,
      .window_tokens = layer.window_tokens,
      .score_scale = static_cast<float>(1 / std::sqrt(static_cast<double>(layer.head_dim))),
      .rope_pairs = spec_.rope.pairs};

  const Backend::Product qkv[] = {
      {weights.query.get(), query}, {weights.key.get(), key}, {weights.value.get(), value}};
  backend_.linear({residual, weights.attention_norm.get(), spec_.rms_epsilon}, qkv);
  backend_.rotate_and_store(layout, shape, query, key, value, cache.storage());
  backend_.attend(layout, shape, query, cache.storage(), attention);
  backend_.linear_add({attention}, {weights.output.get(), residual});
  backend_.linear_swiglu({residual, weights.ffn_norm.get(), spec_.rms_epsilon}, *weights.gate,
                         *weights.up, inner);
  backend_.linear_add({inner}, {weights.down.get(), residual});
}

void Decoder::run_layers(const Step& step, KvCache& cache) {
  const int rows = static_cast<int>(step.tokens.size());
  backend_.gather(*weights_.embedding, step.tokens, view(*residual_, rows, spec_.hidden_dim));
  const StepLayout layout = step.layout();
  for (int index = 0; index < static_cast<int>(spec_.layers.size()); ++index) {
    run_layer(index, layout, rows, cache);
  }
}

Result<void> Decoder::step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) {
  if (chunks.empty()) return {};
  TRY_VOID(check(chunks, cache));
  for (const SequenceChunk& chunk : chunks) {
    TRY_VOID(chunk.table->reserve(static_cast<int>(chunk.tokens.size())));
  }
  const Step step = lay_out(chunks);
  run_layers(step, cache);

  const Activations residual =
      view(*residual_, static_cast<std::int64_t>(step.tokens.size()), spec_.hidden_dim);
  const std::span<const int> rows = step.logit_rows;
  for (std::size_t first = 0; first < rows.size(); first += kLogitRowsMax) {
    const std::size_t count = std::min<std::size_t>(kLogitRowsMax, rows.size() - first);
    const Activations picked = view(*picked_, static_cast<std::int64_t>(count), spec_.hidden_dim);
    const Activations out = view(*logits_, picked.rows, spec_.vocab_size);
    backend_.select_rows(residual, rows.subspan(first, count), picked);
    const Backend::Product product[] = {{&head(), out}};
    backend_.linear({picked, weights_.final_norm.get(), spec_.rms_epsilon}, product);
    backend_.read(out, logits + first * static_cast<std::size_t>(spec_.vocab_size));
  }
  return check_finite(step, cache, logits);
}

Result<void> Decoder::check_finite(const Step& step, KvCache& cache, const float* logits) {
  const std::int64_t count = static_cast<std::int64_t>(step.logit_rows.size()) * spec_.vocab_size;
  if (all_finite(logits, count)) return {};
  return find_not_finite(step, cache);
}

// Runs the step again, looking at each operation's result, to say where the numbers went wrong.
Error Decoder::find_not_finite(const Step& step, KvCache& cache) {
  const auto rows = static_cast<std::int64_t>(step.tokens.size());
  const auto broken = [&](Buffer& buffer, std::int64_t cols) {
    std::vector<float> host(static_cast<std::size_t>(rows * cols));
    backend_.read(view(buffer, rows, cols), host.data());
    return !all_finite(host.data(), rows * cols);
  };
  const auto error = [&](int layer, const std::string& tensor) {
    const std::string place = layer < 0 ? std::string() : concat("in layer ", layer, ", ");
    return Error{ErrorCode::internal,
                 concat("the model computes values that are not finite numbers, first ", place,
                        "at tensor ", tensor,
                        "; the file is damaged or its format cannot hold these weights, take "
                        "another copy or format")};
  };
  backend_.gather(*weights_.embedding, step.tokens, view(*residual_, rows, spec_.hidden_dim));
  if (broken(*residual_, spec_.hidden_dim)) return error(-1, names_.embedding);
  const StepLayout layout = step.layout();
  for (int index = 0; index < static_cast<int>(spec_.layers.size()); ++index) {
    run_layer(index, layout, static_cast<int>(rows), cache);
    if (!broken(*residual_, spec_.hidden_dim)) continue;
    // The buffers still hold what this layer computed, in the order of its operations.
    const LayerSpec& layer = spec_.layers[static_cast<std::size_t>(index)];
    const std::int64_t query = layer.query_heads * layer.head_dim;
    const std::int64_t kv = layer.kv_heads * layer.head_dim;
    if (broken(*query_, query)) return error(index, layer_name(names_.query, index));
    if (broken(*key_, kv)) return error(index, layer_name(names_.key, index));
    if (broken(*value_, kv)) return error(index, layer_name(names_.value, index));
    if (broken(*attention_, query)) return error(index, "attention");
    if (broken(*inner_, layer.ffn_dim)) {
      return error(index,
                   concat(layer_name(names_.gate, index), " or ", layer_name(names_.up, index)));
    }
    return error(index,
                 concat(layer_name(names_.output, index), " or ", layer_name(names_.down, index)));
  }
  return error(-1, weights_.head ? names_.head : names_.embedding);
}

}  // namespace bise
