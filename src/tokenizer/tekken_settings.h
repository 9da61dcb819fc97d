#pragma once

#include <string_view>

#include "base/result.h"
#include "tokenizer/prompt_settings.h"

namespace bise {

// The parts of a tekken.json beside its tokens, as JSON; empty where the file has none.
struct TekkenSections {
  Layout layout;
  std::string_view image, multimodal, audio, model_settings;
};
Result<PromptSettings> read_tekken_settings(const TekkenSections& sections);

// For files that say less (GGUF, Hugging Face): the layout from what is there, and for images and
// model settings what all released models of that layout have.
PromptSettings settings_from_hints(const Tokenizer& tokenizer, const LayoutHints& hints);

}  // namespace bise
