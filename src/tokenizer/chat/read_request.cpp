#include "tokenizer/chat/read_request.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "tokenizer/chat/json_schema.h"
#include "tokenizer/chat/lax_fields.h"
#include "tokenizer/chat/read_message.h"

namespace bise {
namespace {

constexpr std::array<std::string_view, 7> kReasoningEfforts = {"none", "minimal", "low", "medium",
                                                               "high", "xhigh",   "max"};
constexpr std::array<std::string_view, 4> kToolChoices = {"auto", "none", "any", "required"};

// One of `words`.
Result<std::string> read_word(const Json& value, std::string_view path,
                              std::span<const std::string_view> words) {
  std::string word = TRY(read_string_field(value, path));
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  std::string list;
  for (const std::string_view known : words) list += concat(list.empty() ? "" : ", ", known);
  return field_error(path, concat("'", quoted(word, 40), "' is none of ", list));
}

Result<void> check_function_type(const Json& object, std::string_view path) {
  const Json* type = object.find("type");
  if (type == nullptr) return {};
  constexpr std::array<std::string_view, 1> kFunction = {"function"};
  TRY(read_word(*type, concat(path, ".type"), kFunction));
  return {};
}

// temperature, top_p, max_tokens, random_seed: known, checked, not kept.
Result<void> check_sampling_fields(const Json& request) {
  for (const std::string_view key : {"temperature", "top_p"}) {
    const Json* value = request.find(key);
    if (value == nullptr) continue;
    const double number = TRY(read_number_field(*value, key));
    if (!(number >= 0 && number <= 1)) return field_error(key, "expected a number from 0 to 1");
  }
  for (const std::string_view key : {"max_tokens", "random_seed"}) {
    const Json* value = request.find(key);
    if (value == nullptr || value->is_null()) continue;
    if (TRY(read_integer_field(*value, key)) == IntegerSign::negative) {
      return field_error(key, "expected an integer that is not negative");
    }
  }
  return {};
}

Result<ToolDefinition> read_tool(const Json& value, const std::string& path) {
  TRY_VOID(expect_object(value, path, {"type", "function"}));
  TRY_VOID(check_function_type(value, path));
  const Json& function = *TRY(required_member(value, path, "function"));
  const std::string inner = path + ".function";
  TRY_VOID(expect_object(function, inner, {"name", "description", "parameters", "strict"}));
  ToolDefinition tool;
  tool.name =
      TRY(read_string_field(*TRY(required_member(function, inner, "name")), inner + ".name"));
  if (const Json* description = function.find("description")) {
    tool.description = TRY(read_string_field(*description, inner + ".description"));
  }
  const Json& parameters = *TRY(required_member(function, inner, "parameters"));
  if (!parameters.is_object()) return wrong_kind(inner + ".parameters", "an object", parameters);
  tool.parameters = parameters;
  if (const Json* strict = function.find("strict")) {
    TRY(read_bool_field(*strict, inner + ".strict"));
  }
  return tool;
}

Result<std::vector<ToolDefinition>> read_tools(const Json* value) {
  std::vector<ToolDefinition> tools;
  if (value == nullptr || value->is_null()) return tools;
  if (!value->is_array()) return wrong_kind("tools", "an array", *value);
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    tools.push_back(TRY(read_tool(value->items()[i], concat("tools.", i))));
  }
  return tools;
}

Result<void> check_tool_choice(const Json* value) {
  if (value == nullptr) return {};
  if (value->is_object()) {
    TRY_VOID(expect_object(*value, "tool_choice", {"type", "function"}));
    TRY_VOID(check_function_type(*value, "tool_choice"));
    const Json& function = *TRY(required_member(*value, "tool_choice", "function"));
    TRY_VOID(expect_object(function, "tool_choice.function", {"name"}));
    TRY(read_string_field(*TRY(required_member(function, "tool_choice.function", "name")),
                          "tool_choice.function.name"));
    return {};
  }
  TRY(read_word(*value, "tool_choice", kToolChoices));
  return {};
}

// The schema itself stands under "schema", or under "custom_schema", its name in the library.
Result<Json> read_json_schema(const Json& value) {
  const std::string path = "response_format.json_schema";
  TRY_VOID(
      expect_object(value, path, {"name", "description", "schema", "custom_schema", "strict"}));
  TRY(read_string_field(*TRY(required_member(value, path, "name")), path + ".name"));
  TRY(read_optional_string(value.find("description"), path + ".description"));
  if (const Json* strict = value.find("strict")) TRY(read_bool_field(*strict, path + ".strict"));
  const Json* custom = value.find("custom_schema");
  if (custom != nullptr && value.find("schema") != nullptr) {
    return field_error(path, "give either schema or custom_schema, not both");
  }
  const Json* schema = custom != nullptr ? custom : TRY(required_member(value, path, "schema"));
  const std::string inner = path + ".schema";
  if (!schema->is_object()) return wrong_kind(inner, "an object", *schema);
  TRY_VOID(check_draft7_schema(*schema, inner));
  return *schema;
}

Result<ResponseFormat> read_response_format(const Json* value) {
  ResponseFormat format;
  if (value == nullptr) return format;
  TRY_VOID(expect_object(*value, "response_format", {"type", "json_schema"}));
  if (const Json* type = value->find("type")) {
    constexpr std::array<std::string_view, 3> kTypes = {"text", "json_object", "json_schema"};
    const std::string word = TRY(read_word(*type, "response_format.type", kTypes));
    if (word == "json_object") format.kind = ResponseFormat::Kind::json_object;
    if (word == "json_schema") format.kind = ResponseFormat::Kind::json_schema;
  }
  const Json* schema = value->find("json_schema");
  if (schema != nullptr && !schema->is_null()) {
    format.schema = TRY(read_json_schema(*schema));
  } else if (format.kind == ResponseFormat::Kind::json_schema) {
    return field_error("response_format", "the type json_schema needs the field 'json_schema'");
  }
  return format;
}

// The old way to say `prefix` of the last message.
Result<void> apply_continue_final_message(const Json* value, std::vector<ChatMessage>& messages) {
  if (value == nullptr || !TRY(read_bool_field(*value, "continue_final_message"))) return {};
  if (messages.empty() || messages.back().role != ChatRole::assistant) {
    return field_error("continue_final_message",
                       "the last message is not the assistant's; add the text to continue");
  }
  messages.back().prefix = true;
  return {};
}

}  // namespace

Result<ChatRequest> read_chat_request(const Json& json) {
  TRY_VOID(
      expect_object(json, "request",
                    {"messages", "model", "tools", "tool_choice", "parallel_tool_calls",
                     "temperature", "top_p", "max_tokens", "random_seed", "response_format",
                     "truncate_for_context_length", "reasoning_effort", "continue_final_message"}));
  TRY_VOID(check_sampling_fields(json));
  TRY_VOID(check_tool_choice(json.find("tool_choice")));
  if (const Json* parallel = json.find("parallel_tool_calls")) {
    TRY(read_bool_field(*parallel, "parallel_tool_calls"));
  }
  ChatRequest request;
  request.model = TRY(read_optional_string(json.find("model"), "model"));
  request.tools = TRY(read_tools(json.find("tools")));
  request.response_format = TRY(read_response_format(json.find("response_format")));
  const Json* effort = json.find("reasoning_effort");
  if (effort != nullptr && !effort->is_null()) {
    request.reasoning_effort = TRY(read_word(*effort, "reasoning_effort", kReasoningEfforts));
  }
  if (const Json* truncate = json.find("truncate_for_context_length")) {
    request.truncate_for_context_length =
        TRY(read_bool_field(*truncate, "truncate_for_context_length"));
  }
  const Json& messages = *TRY(required_member(json, "request", "messages"));
  if (!messages.is_array()) return wrong_kind("messages", "an array", messages);
  for (std::size_t i = 0; i < messages.items().size(); ++i) {
    request.messages.push_back(TRY(read_chat_message(messages.items()[i], concat("messages.", i))));
  }
  TRY_VOID(apply_continue_final_message(json.find("continue_final_message"), request.messages));
  return request;
}

Result<FimRequest> read_fim_request(const Json& json) {
  TRY_VOID(expect_object(
      json, "request", {"prompt", "suffix", "temperature", "top_p", "max_tokens", "random_seed"}));
  TRY_VOID(check_sampling_fields(json));
  FimRequest request;
  request.prompt =
      TRY(read_string_field(*TRY(required_member(json, "request", "prompt")), "prompt"));
  request.suffix = TRY(read_optional_string(json.find("suffix"), "suffix")).value_or("");
  return request;
}

}  // namespace bise
