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

// For files that do not say it (GGUF, Hugging Face): what all released models of a layout have.
void assume_settings(PromptSettings& settings);

}  // namespace bise
