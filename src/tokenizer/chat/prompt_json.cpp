#include "tokenizer/chat/prompt_json.h"

#include <algorithm>

#include "base/text.h"

namespace bise {
namespace {

// About what Python's reader takes before its recursion limit of 1,000.
constexpr int kArgumentsDepthMax = 960;

Result<std::string> reasoning_effort(const ReasoningEffortSetting& setting,
                                     const ChatRequest& request) {
  if (!request.reasoning_effort) return setting.default_value;
  const std::string& effort = *request.reasoning_effort;
  if (std::find(setting.values.begin(), setting.values.end(), effort) != setting.values.end()) {
    return effort;
  }
  std::string list;
  for (const std::string& value : setting.values) list += concat(list.empty() ? "" : ", ", value);
  return Error{ErrorCode::invalid_argument, concat("reasoning_effort: '", quoted(effort, 40),
                                                   "' is none of this model's: ", list)};
}

Json response_schema(const ResponseFormat& format) {
  switch (format.kind) {
    case ResponseFormat::Kind::text:
      break;
    case ResponseFormat::Kind::json_object:
      return Json::object({{"anyOf", Json(Json::Array{Json::object({{"type", "object"}}),
                                                      Json::object({{"type", "array"}})})}});
    case ResponseFormat::Kind::json_schema:
      return format.schema;
  }
  return Json();
}

}  // namespace

Json json_or_text(const std::string& text) {
  if (text.empty()) return Json::object();
  Result<Json> parsed = read_json(text, {.depth_max = kArgumentsDepthMax});
  return parsed.ok() ? std::move(parsed).value() : Json(text);
}

std::string tools_json(const std::vector<ToolDefinition>& tools) {
  Json list = Json::array();
  for (const ToolDefinition& tool : tools) {
    list.push(Json::object({{"type", "function"},
                            {"function", Json::object({{"name", tool.name},
                                                       {"description", tool.description},
                                                       {"parameters", tool.parameters}})}}));
  }
  return write_json(list);
}

std::string calls_json(const std::vector<ToolCall>& calls) {
  Json list = Json::array();
  for (const ToolCall& call : calls) {
    Json entry = Json::object({{"name", call.name}, {"arguments", json_or_text(call.arguments)}});
    if (!call.id.empty() && call.id != kNullToolCallId) entry.set("id", call.id);
    list.push(std::move(entry));
  }
  return write_json(list);
}

Result<std::string> model_settings_json(const ModelSettingsSpec& spec, const ChatRequest& request) {
  Json settings = Json::object();  // the names in the order of the alphabet
  if (spec.json_schema) {
    Json schema = response_schema(request.response_format);
    if (!schema.is_null()) settings.set("json_schema", std::move(schema));
  }
  if (spec.reasoning_effort) {
    settings.set("reasoning_effort", TRY(reasoning_effort(*spec.reasoning_effort, request)));
  }
  return settings.members().empty() ? std::string() : write_json(settings);
}

}  // namespace bise
