#pragma once

#include "base/result.h"
#include "formats/checkpoint.h"
#include "tokenizer/load.h"

namespace bise {

// The tokenizer of a model: out of a GGUF's metadata, or tekken.json or tokenizer.json in its
// folder. A GGUF without one takes a tekken.json or tokenizer.json beside it.
// Errors: not_found saying where it was looked for and how to give one; not_supported for
// SentencePiece.
Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint);

// What can be said of a GGUF's tokenizer without loading it: a known kind, and as many tokens as
// the embedding table has rows. A model may be scored without its tokenizer, but not if its file
// contradicts itself.
Result<void> check_gguf_tokenizer(const Checkpoint& checkpoint, int vocab_size);

}  // namespace bise
