#pragma once

#include "base/result.h"
#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/chat/chat_request.h"
#include "tokenizer/chat/mistral_rules.h"

namespace bise {

// Whether mistral-common's validator and encoder accept the conversation in this mode
// (mistral3-models.md §6.7). The error names the message and says what to do.
Result<void> validate_mistral_request(const MistralRules& rules, const ChatRequest& request,
                                      ChatMode mode);

}  // namespace bise
