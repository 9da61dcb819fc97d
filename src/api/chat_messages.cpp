#include "api/chat_messages.h"

#include <algorithm>

#include "api/body.h"
#include "api/ids.h"
#include "base/text.h"

namespace bise::api {
namespace {

ApiError wrong(const std::string& path, std::string_view what) {
  return {.status = 422, .message = concat(path, ": ", what), .param = path};
}

ChatRole role_of(const std::string& word) {
  if (word == "user") return ChatRole::user;
  if (word == "assistant") return ChatRole::assistant;
  if (word == "tool") return ChatRole::tool;
  return ChatRole::system;  // and developer
}

// Mistral's: a list of text parts, or (as mistral-common writes it) a text.
ApiResult<std::string> read_thought(const Json& part, const std::string& path) {
  const Json* thinking = member(part, "thinking");
  if (thinking == nullptr) return wrong(path + ".thinking", "the field is missing");
  if (thinking->is_string()) return thinking->as_string();
  if (!thinking->is_array()) return wrong(path + ".thinking", "expected an array or a string");
  std::string all;
  for (const Json& piece : thinking->items()) all += text(piece, "text");
  return all;
}

class MessageReader {
 public:
  explicit MessageReader(const ServedModel& model) : model_(model) {}

  ApiResult<ChatMessage> read(const Json& json, const std::string& path) const {
    ChatMessage message;
    message.role = role_of(text(json, "role"));
    const std::string reasoning = text(json, "reasoning_content");
    if (!reasoning.empty() && message.role == ChatRole::assistant && model_.has_thinking) {
      message.content.emplace_back(ThinkingChunk{reasoning, true});
    }
    if (const Json* content = member(json, "content")) {
      if (auto error = read_content(*content, path + ".content", message)) return *error;
    }
    if (message.role == ChatRole::assistant) {
      message.prefix = flag(json, "prefix", false);
      if (const Json* calls = member(json, "tool_calls")) read_calls(*calls, message);
    }
    if (message.role == ChatRole::tool) {
      message.tool_call_id = text(json, "tool_call_id");
      const std::string name = text(json, "name");
      if (!name.empty()) message.tool_name = name;
    }
    return message;
  }

 private:
  std::optional<ApiError> read_content(const Json& content, const std::string& path,
                                       ChatMessage& message) const {
    if (content.is_string()) {
      if (!content.as_string().empty())
        message.content.emplace_back(TextChunk{content.as_string()});
      return {};
    }
    for (std::size_t i = 0; i < content.items().size(); ++i) {
      if (auto error = read_part(content.items()[i], concat(path, ".", i), message)) return error;
    }
    return {};
  }

  std::optional<ApiError> read_part(const Json& part, const std::string& path,
                                    ChatMessage& message) const {
    const std::string type = text(part, "type");
    if (type == "text" || type == "refusal") {
      const Json* words = member(part, type);
      if (words == nullptr || !words->is_string()) {
        return wrong(concat(path, ".", type), "expected a string");
      }
      if (!words->as_string().empty()) message.content.emplace_back(TextChunk{words->as_string()});
      return {};
    }
    if (type != "thinking") return no_such_part(path, type);
    auto thought = read_thought(part, path);
    if (!thought.ok()) return thought.error();
    // As with reasoning_content: what a model has no place for, it does not see.
    if (!model_.has_thinking) return {};
    message.content.emplace_back(ThinkingChunk{*thought, flag(part, "closed", true)});
    return {};
  }

  static void read_calls(const Json& calls, ChatMessage& message) {
    for (const Json& json : calls.items()) {
      const Json& function = *json.find("function");
      ToolCall call;
      call.id = text(json, "id");
      call.name = text(function, "name");
      const Json* arguments = member(function, "arguments");
      if (arguments == nullptr) {
        call.arguments = "{}";
      } else {
        call.arguments = arguments->is_string() ? arguments->as_string() : write_json(*arguments);
      }
      message.tool_calls.push_back(std::move(call));
    }
  }

  const ServedModel& model_;
};

ApiResult<ToolDefinition> read_tool(const Json& json, const std::string& path) {
  const std::string type = text(json, "type");
  if (!type.empty() && type != "function") {
    return ApiError{.status = 400,
                    .message = concat(path, ".type: there are no built-in tools; '",
                                      quoted(type, 40), "' cannot be used"),
                    .param = path + ".type",
                    .code = "unsupported_value"};
  }
  const Json* function = member(json, "function");
  if (function == nullptr) {
    return ApiError{.status = 422,
                    .message = concat(path, ".function: the field is missing"),
                    .param = path + ".function",
                    .fault = "missing"};
  }
  ToolDefinition tool;
  tool.name = text(*function, "name");
  tool.description = text(*function, "description");
  if (const Json* parameters = member(*function, "parameters")) tool.parameters = *parameters;
  return tool;
}

// "none" keeps the tools in the prompt: the model is only kept from calling.
std::optional<ApiError> keep_allowed_tools(const Json& body, std::vector<ToolDefinition>& tools) {
  const Json* choice = member(body, "tool_choice");
  const Json* allowed = choice != nullptr ? choice->find("allowed_tools") : nullptr;
  const Json* list = allowed != nullptr ? allowed->find("tools") : nullptr;
  if (list == nullptr) return {};
  if (!list->is_array()) return wrong("tool_choice.allowed_tools.tools", "expected an array");
  std::erase_if(tools, [&](const ToolDefinition& tool) {
    return std::none_of(list->items().begin(), list->items().end(), [&](const Json& item) {
      const Json* function = item.find("function");
      const Json* name = (function != nullptr ? *function : item).find("name");
      return name != nullptr && *name == Json(tool.name);
    });
  });
  return {};
}

void apply_prompt_mode(const Json& body, const ServedModel& model, ChatRequest& request) {
  if (text(body, "prompt_mode") != "reasoning") return;
  if (model.has_reasoning_effort) {
    if (!request.reasoning_effort) request.reasoning_effort = "high";
    return;
  }
  const bool has_system = request.messages.front().role == ChatRole::system;
  if (!has_system) request.messages.insert(request.messages.begin(), *model.reasoning_system);
}

}  // namespace

ApiError no_such_part(const std::string& path, const std::string& type) {
  const bool image = type == "image_url" || type == "image";
  const bool audio = type == "input_audio" || type == "audio_url";
  const std::string_view what = image   ? "this model does not see images"
                                : audio ? "this model does not hear"
                                        : "a part of this type cannot be read";
  return {.status = 400,
          .message = concat(path, ".type: '", quoted(type, 40), "': ", what),
          .param = path + ".type",
          .code = "unsupported_value"};
}

void settle_call_ids(std::vector<ChatMessage>& messages) {
  std::vector<std::string> open;  // calls that have no result yet
  int made = 0;
  for (ChatMessage& message : messages) {
    if (message.role == ChatRole::assistant) open.clear();
    for (ToolCall& call : message.tool_calls) {
      const bool has_none = call.id.empty() || call.id == kNullToolCallId;
      call.id = short_call_id(has_none ? concat("call ", ++made) : call.id);
      open.push_back(call.id);
    }
    if (message.role != ChatRole::tool) continue;
    const std::string given = message.tool_call_id.value_or("");
    if (given.empty() || given == kNullToolCallId) {
      if (!open.empty()) message.tool_call_id = open.front();
    } else {
      message.tool_call_id = short_call_id(given);
    }
    std::erase(open, message.tool_call_id.value_or(""));
  }
}

ApiResult<ChatRequest> read_chat(const Json& body, const ServedModel& model) {
  ChatRequest request;
  request.model = model.id;
  const MessageReader reader(model);
  const Json::Array& messages = body.find("messages")->items();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto message = reader.read(messages[i], concat("messages.", i));
    if (!message.ok()) return message.error();
    request.messages.push_back(std::move(*message));
  }
  if (flag(body, "continue_final_message", false)) {
    if (request.messages.back().role != ChatRole::assistant) {
      return wrong("continue_final_message", "the last message is not the assistant's");
    }
    request.messages.back().prefix = true;
  }
  settle_call_ids(request.messages);
  if (const Json* tools = member(body, "tools")) {
    for (std::size_t i = 0; i < tools->items().size(); ++i) {
      auto tool = read_tool(tools->items()[i], concat("tools.", i));
      if (!tool.ok()) return tool.error();
      request.tools.push_back(std::move(*tool));
    }
  }
  if (auto error = keep_allowed_tools(body, request.tools)) return *error;
  const std::string effort = text(body, "reasoning_effort");
  if (!effort.empty()) request.reasoning_effort = effort;
  apply_prompt_mode(body, model, request);
  return request;
}

}  // namespace bise::api
