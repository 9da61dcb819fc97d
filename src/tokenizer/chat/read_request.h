#pragma once

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/chat/chat_request.h"

namespace bise {

// Requests as mistral-common's ChatCompletionRequest and FIMRequest take them: the same fields,
// kinds and tolerance, anything else refused by an error that names the field. What a layout makes
// of a well-formed request is the layout's matter. Sampling fields are checked and left out: they
// do not shape the prompt. Audio is refused. `weight` on assistant messages is known, as it is to
// mistral-common's fine-tuning messages.
Result<ChatRequest> read_chat_request(const Json& json);
Result<FimRequest> read_fim_request(const Json& json);

}  // namespace bise
