#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "tokenizer/chat/image_size.h"

namespace bise {

// A conversation to continue, in our own terms. Readers of wire formats fill it; layouts turn it
// into token ids. A text given as a plain string is one TextChunk, an empty or absent one is none.

enum class ChatRole { system, user, assistant, tool };

std::string_view chat_role_name(ChatRole role);

struct TextChunk {
  std::string text;
};

struct ThinkingChunk {
  std::string text;
  bool closed = true;  // false: the thought goes on where the text ends
};

struct ImageChunk {
  ImageSize size;
  std::shared_ptr<const std::string> file;  // the bytes of the PNG, JPEG, ... file
};

using ContentChunk = std::variant<TextChunk, ThinkingChunk, ImageChunk>;

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON, or whatever the model wrote in its place
};

// The id of a call that was given none.
inline constexpr std::string_view kNullToolCallId = "null";

struct ChatMessage {
  ChatRole role = ChatRole::user;
  std::vector<ContentChunk> content;

  // Of assistants.
  std::vector<ToolCall> tool_calls;
  bool prefix = false;           // to be continued; only the last message
  std::optional<double> weight;  // of the training loss: messages of different weight stay apart

  // Of tools.
  std::optional<std::string> tool_call_id;
  std::optional<std::string> tool_name;
};

struct ToolDefinition {
  std::string name;
  std::string description;
  Json parameters = Json::object();  // a JSON schema (draft 7)
};

struct ResponseFormat {
  enum class Kind { text, json_object, json_schema };
  Kind kind = Kind::text;
  Json schema;  // of json_schema
};

struct ChatRequest {
  std::optional<std::string> model;
  std::vector<ChatMessage> messages;
  std::vector<ToolDefinition> tools;
  ResponseFormat response_format;
  std::optional<std::string> reasoning_effort;
  bool truncate_for_context_length = false;
};

// Fill-in-the-middle: what stands before and after the cursor.
struct FimRequest {
  std::string prompt;
  std::string suffix;
};

}  // namespace bise
