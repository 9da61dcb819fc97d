#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "formats/checkpoint.h"
#include "tokenizer/chat/chat_request.h"
#include "tokenizer/layout.h"

namespace bise {

// Instructions as a message. Where the layout knows thoughts, [THINK]…[/THINK] in them is one:
// reasoning models are shown in this way how to begin.
ChatMessage system_message(std::string_view text, Layout layout);

// The instructions that the model's makers put beside it (SYSTEM_PROMPT.txt in a folder), with
// {name}, {today} and {yesterday} filled in. Nothing where there are none.
std::optional<std::string> shipped_system_prompt(const Checkpoint& checkpoint,
                                                 const std::string& model_name, std::time_t now);

}  // namespace bise
