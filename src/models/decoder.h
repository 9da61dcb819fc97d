#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/weights.h"

namespace bise {

// The dense decoder all text models of the family share (mistral3-models.md §2): a straight line
// of operations on a ragged batch.
class Decoder final : public Model {
 public:
  static Result<std::unique_ptr<Model>> create(const Checkpoint& checkpoint, ModelSpec spec,
                                               Backend& backend);

  const ModelSpec& spec() const override { return spec_; }
  KvShape kv_shape(KvElement element) const override;
  int step_rows_max() const override { return kStepRowsMax; }
  Result<void> step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) override;
  const std::vector<std::string>& unused_tensors() const override {
    return weights_.unused_tensors;
  }
  std::size_t private_bytes() const override { return private_bytes_; }

 private:
  // Enough rows that a weight's bytes are read once for many tokens; the activations of more would
  // leave the caches.
  static constexpr int kStepRowsMax = 512;

  // What one step needs on the host, and where its logits go.
  struct Step {
    std::vector<std::int32_t> tokens;
    std::vector<Chunk> chunks;
    std::vector<float> cosines, sines, query_scales;
    std::vector<int> logit_rows;
    StepLayout layout() const { return {chunks, cosines, sines, query_scales}; }
  };

  Decoder(ModelSpec spec, ModelWeights weights, Backend& backend, TensorNames names);

  Result<void> allocate();
  Result<void> check(std::span<SequenceChunk> chunks, KvCache& cache) const;
  Step lay_out(std::span<SequenceChunk> chunks) const;
  void run_layers(const Step& step, KvCache& cache);
  void run_layer(int index, const StepLayout& layout, int rows, KvCache& cache);
  Result<void> check_finite(const Step& step, KvCache& cache, const float* logits);
  Error find_not_finite(const Step& step, KvCache& cache);

  Activations view(Buffer& buffer, std::int64_t rows, std::int64_t cols) const {
    return {static_cast<float*>(buffer.data()), rows, cols};
  }
  const Weight& head() const { return weights_.head ? *weights_.head : *weights_.embedding; }

  ModelSpec spec_;
  ModelWeights weights_;
  Backend& backend_;
  TensorNames names_;
  std::vector<float> frequencies_;
  std::size_t private_bytes_ = 0;
  // Activations of a step: the residual stream, query (and its attention), key, value, the inner
  // row of the feed-forward layer, the rows logits are asked for, and their logits.
  std::unique_ptr<Buffer> residual_, query_, attention_, key_, value_, inner_, picked_, logits_;
};

}  // namespace bise
