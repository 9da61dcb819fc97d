#include "base/remedy.h"
#include "models/decoder.h"
#include "models/model.h"
#include "models/model_tokenizer.h"
#include "models/read_spec.h"
#include "models/weights.h"

namespace bise {
namespace {

// Every form of checkpoint and who reads its metadata.
Result<ModelSpec> read_metadata(const Checkpoint& checkpoint) {
  switch (checkpoint.form()) {
    case CheckpointForm::gguf:
      return spec_from_gguf(checkpoint);
    case CheckpointForm::hf:
      return spec_from_hf(checkpoint);
    case CheckpointForm::consolidated:
      return spec_from_params(checkpoint);
  }
  return Error{ErrorCode::not_supported, "unknown form of checkpoint"};
}

Result<ModelSpec> read_settled(const Checkpoint& checkpoint) {
  ModelSpec spec = TRY(read_metadata(checkpoint));
  TRY_VOID(settle_vocab_size(checkpoint, spec));
  TRY_VOID(check_gguf_tokenizer(checkpoint, spec.vocab_size));
  return spec;
}

Result<ModelSpec> read_checked(const Checkpoint& checkpoint) {
  ModelSpec spec = TRY(read_settled(checkpoint));
  TRY_VOID(check_tensors(checkpoint, spec));
  return spec;
}

Result<std::unique_ptr<Model>> load_decoder(const Checkpoint& checkpoint, Backend& backend) {
  ModelSpec spec = TRY(read_settled(checkpoint));
  return Decoder::create(checkpoint, std::move(spec), backend);
}

// What is said of a model that does not load ends in what to do.
template <class T>
Result<T> advised(Result<T> result, const Checkpoint& checkpoint) {
  if (result.ok()) return result;
  return with_remedy(std::move(result).error(), checkpoint.path(),
                     "take a dense Mistral 3, Ministral, Mistral or Llama model");
}

}  // namespace

Result<ModelSpec> read_spec(const Checkpoint& checkpoint) {
  return advised(read_checked(checkpoint), checkpoint);
}

Result<std::unique_ptr<Model>> Model::load(const Checkpoint& checkpoint, Backend& backend) {
  return advised(load_decoder(checkpoint, backend), checkpoint);
}

}  // namespace bise
