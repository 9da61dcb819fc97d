#include "apps/chat/conversation.h"

#include <utility>

#include "base/text.h"
#include "tokenizer/chat/read_request.h"

namespace bise {
namespace {

ChatMessage text_message(ChatRole role, const std::string& text) {
  ChatMessage message;
  message.role = role;
  message.content.emplace_back(TextChunk{text});
  return message;
}

// The calls of an answer whose layout writes them as one JSON list (v3, v7).
void add_body_calls(const std::string& body, std::vector<ToolCall>& calls) {
  const auto list = read_json(body);
  if (!list.ok() || !list->is_array()) return;
  for (const Json& item : list->items()) {
    const Json* name = item.find("name");
    const Json* arguments = item.find("arguments");
    if (name == nullptr || !name->is_string()) continue;
    calls.push_back(
        {"", name->as_string(), arguments != nullptr ? write_json(*arguments) : std::string("{}")});
  }
}

Json content_json(const ChatMessage& message) {
  Json chunks = Json::array();
  for (const ContentChunk& chunk : message.content) {
    if (const auto* text = std::get_if<TextChunk>(&chunk)) {
      chunks.push(Json::object({{"type", "text"}, {"text", text->text}}));
    } else if (const auto* thinking = std::get_if<ThinkingChunk>(&chunk)) {
      chunks.push(Json::object(
          {{"type", "thinking"}, {"thinking", thinking->text}, {"closed", thinking->closed}}));
    }
  }
  const bool is_plain =
      chunks.items().size() == 1 && std::holds_alternative<TextChunk>(message.content.front());
  return is_plain ? *chunks.items()[0].find("text") : chunks;
}

Json message_json(const ChatMessage& message) {
  Json out = Json::object({{"role", chat_role_name(message.role)}});
  if (!message.content.empty()) out.set("content", content_json(message));
  if (!message.tool_calls.empty()) {
    Json calls = Json::array();
    for (const ToolCall& call : message.tool_calls) {
      calls.push(Json::object(
          {{"id", call.id},
           {"type", "function"},
           {"function", Json::object({{"name", call.name}, {"arguments", call.arguments}})}}));
    }
    out.set("tool_calls", std::move(calls));
  }
  if (message.tool_call_id) out.set("tool_call_id", *message.tool_call_id);
  if (message.tool_name) out.set("name", *message.tool_name);
  return out;
}

Json tools_json(const std::vector<ToolDefinition>& tools) {
  Json out = Json::array();
  for (const ToolDefinition& tool : tools) {
    out.push(Json::object({{"type", "function"},
                           {"function", Json::object({{"name", tool.name},
                                                      {"description", tool.description},
                                                      {"parameters", tool.parameters}})}}));
  }
  return out;
}

}  // namespace

void Conversation::add_user(const std::string& text) {
  messages_.push_back(text_message(ChatRole::user, text));
}

std::vector<ToolCall> Conversation::add_answer(const std::vector<AnswerSegment>& segments) {
  ChatMessage message;
  message.role = ChatRole::assistant;
  for (const AnswerSegment& segment : segments) {
    switch (segment.kind) {
      case AnswerSegment::Kind::text:
        message.content.emplace_back(TextChunk{segment.text});
        break;
      case AnswerSegment::Kind::thinking:
        // An answer that was stopped within a thought: closed, so that the next one begins anew.
        message.content.emplace_back(ThinkingChunk{segment.text, true});
        break;
      case AnswerSegment::Kind::call:
        if (segment.body) {
          add_body_calls(*segment.body, message.tool_calls);
        } else if (segment.name) {
          message.tool_calls.push_back(
              {segment.id.value_or(""), *segment.name, segment.arguments.value_or("{}")});
        }
        break;
    }
  }
  for (ToolCall& call : message.tool_calls) {
    // Nine letters and digits, which all versions of the layout take.
    if (call.id.empty()) {
      std::string number = concat(++calls_made_);
      call.id = concat("call", std::string(number.size() < 5 ? 5 - number.size() : 0, '0'), number);
    }
  }
  std::vector<ToolCall> calls = message.tool_calls;
  messages_.push_back(std::move(message));
  return calls;
}

void Conversation::add_tool_result(const ToolCall& call, const std::string& text) {
  ChatMessage message = text_message(ChatRole::tool, text);
  message.tool_call_id = call.id;
  message.tool_name = call.name;
  messages_.push_back(std::move(message));
}

void Conversation::drop_unanswered() {
  if (!messages_.empty() && messages_.back().role == ChatRole::user) messages_.pop_back();
}

bool Conversation::drop_answer() {
  if (messages_.empty() || messages_.back().role != ChatRole::assistant) return false;
  messages_.pop_back();
  return true;
}

bool Conversation::drop_exchange() {
  if (messages_.empty()) return false;
  while (!messages_.empty()) {
    const bool was_user = messages_.back().role == ChatRole::user;
    messages_.pop_back();
    if (was_user) break;
  }
  return true;
}

ChatRequest Conversation::request() const {
  ChatRequest request;
  if (system_) request.messages.push_back(*system_);
  request.messages.insert(request.messages.end(), messages_.begin(), messages_.end());
  request.tools = tools_;
  return request;
}

Json Conversation::to_json() const {
  Json messages = Json::array();
  if (system_) messages.push(message_json(*system_));
  for (const ChatMessage& message : messages_) messages.push(message_json(message));
  Json out = Json::object({{"messages", std::move(messages)}});
  if (!tools_.empty()) out.set("tools", tools_json(tools_));
  return out;
}

Result<Conversation> Conversation::from_json(const Json& json) {
  Json wanted = Json::object();
  for (const char* key : {"messages", "tools"}) {
    if (const Json* value = json.find(key)) wanted.set(key, *value);
  }
  ChatRequest request = TRY(read_chat_request(wanted));
  Conversation out;
  out.tools_ = std::move(request.tools);
  for (ChatMessage& message : request.messages) {
    if (message.role == ChatRole::system && out.messages_.empty() && !out.system_) {
      out.system_ = std::move(message);
    } else {
      out.calls_made_ += static_cast<int>(message.tool_calls.size());
      out.messages_.push_back(std::move(message));
    }
  }
  return out;
}

std::string message_text(const ChatMessage& message) {
  std::string text;
  for (const ContentChunk& chunk : message.content) {
    if (const auto* part = std::get_if<TextChunk>(&chunk)) text += part->text;
  }
  return text;
}

}  // namespace bise
