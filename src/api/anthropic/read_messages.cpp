#include "api/anthropic/read_messages.h"

#include "api/body.h"
#include "api/chat_messages.h"
#include "base/text.h"

namespace bise::api::anthropic {
namespace {

using Fault = std::optional<ApiError>;

ApiError wrong(const std::string& path, std::string_view what) {
  return {.status = 400, .message = concat(path, ": ", what), .param = path};
}

class Reader {
 public:
  Reader(const ServedModel& model, ChatRequest& request) : model_(model), request_(request) {}

  Fault add_system(const Json& system) {
    ChatMessage message;
    message.role = ChatRole::system;
    if (auto fault = read_texts(system, "system", message.content)) return fault;
    if (!message.content.empty()) request_.messages.push_back(std::move(message));
    return {};
  }

  // Results of tools stand in the user's messages here; in the layouts they are messages of their
  // own, before what the user says to them.
  Fault add_message(const Json& json, const std::string& path) {
    const std::string role = text(json, "role");
    ChatMessage message;
    message.role = role == "assistant" ? ChatRole::assistant
                   : role == "system"  ? ChatRole::system
                                       : ChatRole::user;
    const Json& content = *json.find("content");
    bool has_results = false;
    if (content.is_string()) {
      if (!content.as_string().empty())
        message.content.emplace_back(TextChunk{content.as_string()});
    } else {
      for (std::size_t i = 0; i < content.items().size(); ++i) {
        const Json& block = content.items()[i];
        const std::string inner = concat(path, ".content.", i);
        const bool is_result = text(block, "type") == "tool_result";
        has_results |= is_result;
        if (auto fault = is_result ? add_result(block, inner) : add_block(block, inner, message)) {
          return fault;
        }
      }
    }
    const bool only_results = has_results && message.content.empty();
    if (!only_results) request_.messages.push_back(std::move(message));
    return {};
  }

 private:
  static Fault read_texts(const Json& content, const std::string& path,
                          std::vector<ContentChunk>& chunks) {
    if (content.is_string()) {
      if (!content.as_string().empty()) chunks.emplace_back(TextChunk{content.as_string()});
      return {};
    }
    if (!content.is_array()) return wrong(path, "expected a string or an array");
    for (std::size_t i = 0; i < content.items().size(); ++i) {
      const Json& block = content.items()[i];
      const std::string inner = concat(path, ".", i);
      const std::string type = text(block, "type");
      if (type != "text") return no_such_part(inner, type);
      if (const std::string words = text(block, "text"); !words.empty()) {
        chunks.emplace_back(TextChunk{words});
      }
    }
    return {};
  }

  Fault add_result(const Json& block, const std::string& path) {
    ChatMessage result;
    result.role = ChatRole::tool;
    result.tool_call_id = text(block, "tool_use_id");
    if (result.tool_call_id->empty()) return wrong(path + ".tool_use_id", "the field is missing");
    if (const Json* content = member(block, "content")) {
      if (auto fault = read_texts(*content, path + ".content", result.content)) return fault;
    }
    request_.messages.push_back(std::move(result));
    return {};
  }

  Fault add_block(const Json& block, const std::string& path, ChatMessage& message) const {
    const std::string type = text(block, "type");
    if (type == "text") {
      const std::string words = text(block, "text");
      if (!words.empty()) message.content.emplace_back(TextChunk{words});
      return {};
    }
    if (type == "thinking" || type == "redacted_thinking") {
      // What a model has no place for, it does not see.
      const std::string thought = text(block, "thinking");
      if (model_.has_thinking && !thought.empty()) {
        message.content.emplace_back(ThinkingChunk{thought, true});
      }
      return {};
    }
    if (type == "tool_use" && message.role == ChatRole::assistant) {
      const Json* input = member(block, "input");
      message.tool_calls.push_back({text(block, "id"), text(block, "name"),
                                    input != nullptr ? write_json(*input) : std::string("{}")});
      return {};
    }
    if (type == "document") {
      const Json* source = member(block, "source");
      const std::string words = source != nullptr ? text(*source, "data") : std::string();
      if (source != nullptr && text(*source, "type") == "text" && !words.empty()) {
        message.content.emplace_back(TextChunk{words});
        return {};
      }
    }
    return no_such_part(path, type);
  }

  const ServedModel& model_;
  ChatRequest& request_;
};

Fault read_tools(const Json& body, ChatRequest& request) {
  const Json* tools = member(body, "tools");
  if (tools == nullptr) return {};
  for (std::size_t i = 0; i < tools->items().size(); ++i) {
    const Json& json = tools->items()[i];
    const std::string type = text(json, "type");
    if (!type.empty() && type != "custom") {
      const std::string path = concat("tools.", i, ".type");
      return wrong(path,
                   concat("there are no built-in tools; '", quoted(type, 40), "' cannot be used"));
    }
    ToolDefinition tool;
    tool.name = text(json, "name");
    tool.description = text(json, "description");
    if (const Json* schema = member(json, "input_schema")) tool.parameters = *schema;
    request.tools.push_back(std::move(tool));
  }
  return {};
}

// The layouts that have the setting know none and high.
void read_thinking(const Json& body, const ServedModel& model, ChatRequest& request) {
  if (!model.has_reasoning_effort) return;
  const Json* config = member(body, "output_config");
  const std::string effort = config != nullptr ? text(*config, "effort") : std::string();
  if (effort == "high" || effort == "xhigh" || effort == "max") request.reasoning_effort = "high";
  if (const Json* thinking = member(body, "thinking")) {
    request.reasoning_effort = text(*thinking, "type") == "disabled" ? "none" : "high";
  }
}

}  // namespace

ApiResult<ChatRequest> read_messages(const Json& body, const ServedModel& model) {
  ChatRequest request;
  request.model = model.id;
  Reader reader(model, request);
  if (const Json* system = member(body, "system")) {
    if (auto fault = reader.add_system(*system)) return *fault;
  }
  const Json::Array& messages = body.find("messages")->items();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (auto fault = reader.add_message(messages[i], concat("messages.", i))) return *fault;
  }
  if (!request.messages.empty() && request.messages.back().role == ChatRole::assistant) {
    request.messages.back().prefix = true;
  }
  settle_call_ids(request.messages);
  if (auto fault = read_tools(body, request)) return *fault;
  read_thinking(body, model, request);
  return request;
}

}  // namespace bise::api::anthropic
