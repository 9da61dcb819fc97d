#pragma once

#include "api/errors.h"
#include "api/model_catalog.h"
#include "base/json.h"
#include "tokenizer/chat/chat_request.h"

namespace bise::api::anthropic {

// `system`, `messages`, `tools` and `thinking` of a body that the field table has checked. A last
// message of the assistant's is continued.
ApiResult<ChatRequest> read_messages(const Json& body, const ServedModel& model);

}  // namespace bise::api::anthropic
