#include "tokenizer/chat/read_message.h"

#include <utility>

#include "base/text.h"
#include "tokenizer/chat/data_url.h"
#include "tokenizer/chat/lax_fields.h"

namespace bise {
namespace {

Result<ChatRole> read_role(const Json& message, const std::string& path) {
  const std::string role =
      TRY(read_string_field(*TRY(required_member(message, path, "role")), path + ".role"));
  for (const ChatRole known :
       {ChatRole::system, ChatRole::user, ChatRole::assistant, ChatRole::tool}) {
    if (role == chat_role_name(known)) return known;
  }
  return field_error(path + ".role",
                     concat("'", quoted(role, 40), "' is none of system, user, assistant, tool"));
}

Result<ContentChunk> read_text_chunk(const Json& chunk, const std::string& path) {
  TRY_VOID(expect_object(chunk, path, {"type", "text"}));
  return ContentChunk(TextChunk{
      TRY(read_string_field(*TRY(required_member(chunk, path, "text")), path + ".text"))});
}

Result<ContentChunk> read_thinking_chunk(const Json& chunk, const std::string& path) {
  TRY_VOID(expect_object(chunk, path, {"type", "thinking", "closed"}));
  ThinkingChunk thinking;
  thinking.text =
      TRY(read_string_field(*TRY(required_member(chunk, path, "thinking")), path + ".thinking"));
  if (const Json* closed = chunk.find("closed")) {
    thinking.closed = TRY(read_bool_field(*closed, path + ".closed"));
  }
  return ContentChunk(std::move(thinking));
}

Result<ContentChunk> image_from_file(Result<std::string> file, const std::string& path) {
  if (!file.ok()) return std::move(file).error().in(path);
  Result<ImageSize> size = read_image_size(*file);
  if (!size.ok()) return std::move(size).error().in(path);
  return ContentChunk(ImageChunk{
      .size = *size, .file = std::make_shared<const std::string>(std::move(file).value())});
}

Result<ContentChunk> read_image_url_chunk(const Json& chunk, const std::string& path) {
  TRY_VOID(expect_object(chunk, path, {"type", "image_url"}));
  std::string inner = path + ".image_url";
  const Json* url = TRY(required_member(chunk, path, "image_url"));
  if (url->is_object()) {
    TRY_VOID(expect_object(*url, inner, {"url", "detail"}));
    TRY(read_optional_string(url->find("detail"), inner + ".detail"));
    url = TRY(required_member(*url, inner, "url"));
    inner += ".url";
  }
  return image_from_file(read_data_url(TRY(read_string_field(*url, inner))), inner);
}

// The image itself in base64, with or without "data:...;base64," in front.
Result<ContentChunk> read_image_chunk(const Json& chunk, const std::string& path) {
  TRY_VOID(expect_object(chunk, path, {"type", "image"}));
  const std::string inner = path + ".image";
  const std::string text =
      TRY(read_string_field(*TRY(required_member(chunk, path, "image")), inner));
  return image_from_file(
      text.starts_with("data:") ? read_data_url(text) : decode_base64_lenient(text), inner);
}

Result<ContentChunk> read_chunk(const Json& chunk, const std::string& path) {
  if (!chunk.is_object()) return wrong_kind(path, "an object", chunk);
  const std::string type =
      TRY(read_string_field(*TRY(required_member(chunk, path, "type")), path + ".type"));
  if (type == "text") return read_text_chunk(chunk, path);
  if (type == "thinking") return read_thinking_chunk(chunk, path);
  if (type == "image_url") return read_image_url_chunk(chunk, path);
  if (type == "image") return read_image_chunk(chunk, path);
  if (type == "input_audio" || type == "audio_url") {
    return Error{ErrorCode::not_supported,
                 concat(path, ": audio is not supported; leave the ", type, " chunk out")};
  }
  return field_error(path + ".type", concat("'", quoted(type, 40),
                                            "' is none of text, thinking, image_url, image"));
}

bool may_hold(ChatRole role, const ContentChunk& chunk) {
  if (std::holds_alternative<ImageChunk>(chunk)) {
    return role == ChatRole::user || role == ChatRole::tool;
  }
  if (std::holds_alternative<ThinkingChunk>(chunk)) {
    return role == ChatRole::system || role == ChatRole::assistant;
  }
  return true;
}

Result<std::vector<ContentChunk>> read_content(const Json& content, ChatRole role,
                                               const std::string& path) {
  std::vector<ContentChunk> chunks;
  if (content.is_string()) {
    if (!content.as_string().empty()) chunks.emplace_back(TextChunk{content.as_string()});
    return chunks;
  }
  if (!content.is_array()) return wrong_kind(path, "a string or an array of chunks", content);
  for (std::size_t i = 0; i < content.items().size(); ++i) {
    const std::string inner = concat(path, ".", i);
    ContentChunk chunk = TRY(read_chunk(content.items()[i], inner));
    if (!may_hold(role, chunk)) {
      return field_error(inner, concat("a chunk of this type cannot stand in a ",
                                       chat_role_name(role), " message"));
    }
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

Result<ToolCall> read_tool_call(const Json& value, const std::string& path) {
  TRY_VOID(expect_object(value, path, {"id", "type", "function"}));
  ToolCall call;
  const Json* id = value.find("id");
  call.id =
      id == nullptr ? std::string(kNullToolCallId) : TRY(read_string_field(*id, path + ".id"));
  if (const Json* type = value.find("type")) {
    if (TRY(read_string_field(*type, path + ".type")) != "function") {
      return field_error(path + ".type", "the only type of tool call is function");
    }
  }
  const Json& function = *TRY(required_member(value, path, "function"));
  const std::string inner = path + ".function";
  TRY_VOID(expect_object(function, inner, {"name", "arguments"}));
  call.name =
      TRY(read_string_field(*TRY(required_member(function, inner, "name")), inner + ".name"));
  const Json& arguments = *TRY(required_member(function, inner, "arguments"));
  if (arguments.is_object()) {
    call.arguments = write_json(arguments);
  } else if (arguments.is_null()) {
    call.arguments = "{}";
  } else {
    call.arguments = TRY(read_string_field(arguments, inner + ".arguments"));
  }
  return call;
}

Result<void> read_assistant_fields(const Json& json, const std::string& path,
                                   ChatMessage& message) {
  const Json* calls = json.find("tool_calls");
  if (calls != nullptr && !calls->is_null()) {
    const std::string inner = path + ".tool_calls";
    if (!calls->is_array()) return wrong_kind(inner, "an array", *calls);
    for (std::size_t i = 0; i < calls->items().size(); ++i) {
      message.tool_calls.push_back(TRY(read_tool_call(calls->items()[i], concat(inner, ".", i))));
    }
  }
  if (const Json* prefix = json.find("prefix")) {
    message.prefix = TRY(read_bool_field(*prefix, path + ".prefix"));
  }
  const Json* weight = json.find("weight");
  if (weight != nullptr && !weight->is_null()) {
    message.weight = TRY(read_number_field(*weight, path + ".weight"));
  }
  return {};
}

}  // namespace

std::string_view chat_role_name(ChatRole role) {
  switch (role) {
    case ChatRole::system:
      return "system";
    case ChatRole::user:
      return "user";
    case ChatRole::assistant:
      return "assistant";
    case ChatRole::tool:
      return "tool";
  }
  return "";
}

Result<ChatMessage> read_chat_message(const Json& json, const std::string& path) {
  if (!json.is_object()) return wrong_kind(path, "an object", json);
  ChatMessage message;
  message.role = TRY(read_role(json, path));
  const Json* content = json.find("content");
  if (message.role == ChatRole::assistant) {
    TRY_VOID(expect_object(json, path, {"role", "content", "tool_calls", "prefix", "weight"}));
    TRY_VOID(read_assistant_fields(json, path, message));
    if (content == nullptr || content->is_null()) return message;
  } else if (message.role == ChatRole::tool) {
    TRY_VOID(expect_object(json, path, {"role", "content", "tool_call_id", "name"}));
    message.tool_call_id =
        TRY(read_optional_string(json.find("tool_call_id"), path + ".tool_call_id"));
    message.tool_name = TRY(read_optional_string(json.find("name"), path + ".name"));
  } else {
    TRY_VOID(expect_object(json, path, {"role", "content"}));
  }
  content = TRY(required_member(json, path, "content"));
  message.content = TRY(read_content(*content, message.role, path + ".content"));
  return message;
}

}  // namespace bise
