#pragma once

#include <string>
#include <vector>

#include "tokenizer/chat/chat_request.h"
#include "tokenizer/chat/mistral_rules.h"

namespace bise {

// A message as it will be laid out: of one role, neighbouring texts joined, so that content holds
// at most one text chunk unless others stand between.
struct MistralTurn {
  ChatMessage message;
  std::size_t first_message = 0;  // the first of those in the request that went into it
};

struct MistralConversation {
  std::vector<MistralTurn> turns;
  std::string system_prompt;  // only of layouts that put it into the last user turn
};

// Consecutive messages of the same role (and weight) merged, tool results in the order of their
// calls, as the layout wants it.
MistralConversation normalize_for_mistral(const MistralRules& rules,
                                          const std::vector<ChatMessage>& messages);

}  // namespace bise
