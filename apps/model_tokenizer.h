#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "formats/checkpoint.h"
#include "tokenizer/load.h"

namespace bise {

// The tokenizer that belongs to an opened model: of a GGUF the one inside, of a folder the
// tekken.json or tokenizer.json beside the weights. `layout` ("v13", or empty) overrides what the
// file says.
Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint,
                                             const std::string& layout);

// The same override for a tokenizer that was loaded in another way.
Result<void> override_layout(PromptSettings& settings, const std::string& layout);

}  // namespace bise
