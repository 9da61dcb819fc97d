#pragma once

#include "api/generation_fields.h"
#include "tokenizer/chat/chat_request.h"

namespace bise::api {

// A conversation laid out. Errors name the message, as the layout does.
ApiResult<ChatPrompt> lay_out_chat(const ServedModel& model, const ChatRequest& chat);

// What chats of all families have in common once they are laid out: how their tokens are read, and
// whether there may be calls.
void plan_reading(const Asked& asked, const ChatRequest& chat, const ChatPrompt& prompt,
                  bool may_call, GenerationRequest& generation, AnswerPlan& plan);

// What an answer repeats of a message that it continues.
std::vector<AnswerPiece> lead_of(const ChatMessage& message);

}  // namespace bise::api
