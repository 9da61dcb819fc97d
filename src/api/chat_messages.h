#pragma once

#include <vector>

#include "api/errors.h"
#include "api/model_catalog.h"
#include "base/json.h"
#include "tokenizer/chat/chat_request.h"

namespace bise::api {

// `messages`, `tools`, `tool_choice`, `reasoning_effort`, `prompt_mode` and
// `continue_final_message` of a body that the field table has checked, as OpenAI and Mistral write
// them.
ApiResult<ChatRequest> read_chat(const Json& body, const ServedModel& model);

// Ids of calls and results brought to the layouts' form; missing ones filled in by order.
void settle_call_ids(std::vector<ChatMessage>& messages);

// A part that no model here takes.
ApiError no_such_part(const std::string& path, const std::string& type);

}  // namespace bise::api
