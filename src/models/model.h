#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"
#include "formats/checkpoint.h"
#include "kv/kv_cache.h"
#include "models/model_spec.h"

namespace bise {

enum class LogitRows : std::uint8_t { none, last, all };

// A run of tokens that continues one sequence.
struct SequenceChunk {
  PageTable* table;                      // grows by the chunk's tokens
  std::span<const std::int32_t> tokens;  // at least one, all within the vocabulary
  LogitRows logits;
};

// Weights on a backend and the forward pass over them. One step at a time; the object itself holds
// no sequence.
class Model {
 public:
  // Checks that tensors and spec fit each other, and hands the weights to the backend, which must
  // outlive the model, as must the checkpoint (its mapped bytes are used in place).
  static Result<std::unique_ptr<Model>> load(const Checkpoint& checkpoint, Backend& backend);

  virtual ~Model() = default;
  virtual const ModelSpec& spec() const = 0;

  // The shape of a KV cache for this model.
  virtual KvShape kv_shape(KvElement element) const = 0;

  // Rows a step may have (its activations are allocated for that many).
  virtual int step_rows_max() const = 0;

  // Runs the chunks as one ragged batch, at most step_rows_max() tokens in all, and writes the
  // logits asked for, row after row in order of the chunks, to `logits` [rows, vocab_size].
  // Errors: overloaded when the KV cache has too few pages (nothing has happened then);
  // invalid_argument for a token outside the vocabulary or a position beyond the context;
  // internal when logits are not finite numbers, naming layer and tensor.
  virtual Result<void> step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) = 0;

  // Tensors in the file that this model does not use yet (vision), for `show`.
  virtual const std::vector<std::string>& unused_tensors() const = 0;
  // Bytes the model itself allocated beside the mapped weights (activations, converted norms).
  virtual std::size_t private_bytes() const = 0;
};

// Facts only, checked against the tensors, nothing loaded: for `show`.
Result<ModelSpec> read_spec(const Checkpoint& checkpoint);

}  // namespace bise
