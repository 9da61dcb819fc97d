#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/chat/chat_request.h"
#include "tokenizer/prompt_settings.h"

namespace bise {

// The JSON that stands in prompts.

// A text as a JSON value: what it says if it is JSON, {} if it is empty, else the text as a string.
Json json_or_text(const std::string& text);

// [{"type": "function", "function": {"name", "description", "parameters"}}, ...]
std::string tools_json(const std::vector<ToolDefinition>& tools);

// [{"name", "arguments", "id"}, ...], ids left out where there are none.
std::string calls_json(const std::vector<ToolCall>& calls);

// What stands in [MODEL_SETTINGS]; empty where nothing is set. Fails for an effort that the file's
// settings do not list.
Result<std::string> model_settings_json(const ModelSettingsSpec& spec, const ChatRequest& request);

}  // namespace bise
