#pragma once

#include <string>

#include "base/result.h"
#include "formats/checkpoint.h"
#include "models/model_spec.h"
#include "tokenizer/load.h"

namespace bise {

// The user's --layout ("v13", or empty) goes before what a file says.
// Errors: invalid_argument for an unknown name.
Result<void> override_layout(PromptSettings& settings, const std::string& layout);

// load_model_tokenizer with the same override.
Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint,
                                             const std::string& layout);

// The same, for the model with this spec. Errors: corrupt_file when it has more tokens than that.
Result<LoadedTokenizer> load_fitting_tokenizer(const Checkpoint& checkpoint, const ModelSpec& spec,
                                               const std::string& layout);

}  // namespace bise
