#pragma once

#include <memory>

#include "tokenizer/chat/chat_layout.h"

namespace bise {

// The layouts v3 to v15: [INST] ... [/INST] and what belongs to it.
Result<std::unique_ptr<const ChatLayout>> make_mistral_layout(Layout layout,
                                                              const Tokenizer& tokenizer,
                                                              const PromptSettings& settings);

}  // namespace bise
