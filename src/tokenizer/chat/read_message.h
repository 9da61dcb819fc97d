#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/chat/chat_request.h"

namespace bise {

// One element of a request's `messages`, strictly (see read_request.h). `path` names it in errors.
Result<ChatMessage> read_chat_message(const Json& json, const std::string& path);

}  // namespace bise
