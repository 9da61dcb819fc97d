#pragma once

#include <memory>

#include "tokenizer/chat/chat_layout.h"

namespace bise {

// <|im_start|>ROLE\nTEXT<|im_end|>\n, the starter's layout. Roles system, user and assistant; no
// modes, no tools, no images. Without a system message one with the starter's own words comes
// first.
Result<std::unique_ptr<const ChatLayout>> make_chatml_layout(Layout layout,
                                                             const Tokenizer& tokenizer,
                                                             const PromptSettings& settings);

}  // namespace bise
