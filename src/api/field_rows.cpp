// The table of all request fields. One row a field and shape; a field that differs between routes
// has a row for each.

#include <algorithm>

#include "api/field_table.h"

namespace bise::api {
namespace {

constexpr unsigned bit(Body body) {
  return 1u << static_cast<unsigned>(body);
}
constexpr unsigned kChat = bit(Body::chat);
constexpr unsigned kText = bit(Body::completions);
constexpr unsigned kFim = bit(Body::fim);
constexpr unsigned kMessages = bit(Body::messages);
constexpr unsigned kCount = bit(Body::count_tokens);
constexpr unsigned kTokenize = bit(Body::tokenize);
constexpr unsigned kDetokenize = bit(Body::detokenize);
constexpr unsigned kOpen = kChat | kText | kFim;  // OpenAI's and Mistral's generations
constexpr unsigned kAnthropic = kMessages | kCount;
constexpr unsigned kAll = kOpen | kAnthropic | kTokenize | kDetokenize;

constexpr auto kYes = FieldClass::honoured;
constexpr auto kNoEffect = FieldClass::no_effect;
constexpr auto kRefused = FieldClass::refused;

constexpr bool kRequired = true;
constexpr bool kOptional = false;

// What offends.

bool always(const Json&, const ServedModel&) {
  return true;
}
bool is_true(const Json& value, const ServedModel&) {
  return value.is_bool() && value.as_bool();
}
bool is_not_empty(const Json& value, const ServedModel&) {
  return !value.is_array() || !value.items().empty();
}
bool is_not_one(const Json& value, const ServedModel&) {
  return value != Json(1);
}
bool is_positive(const Json& value, const ServedModel&) {
  return value.to_double().value_or(1) > 0;
}
bool is_no_text_format(const Json& value, const ServedModel&) {
  const Json* type = value.find("type");
  return type != nullptr && !(type->is_string() && type->as_string() == "text");
}
bool needs_reasoning_effort(const Json&, const ServedModel& model) {
  return !model.has_reasoning_effort;
}
bool needs_reasoning_prompt(const Json&, const ServedModel& model) {
  return !model.has_reasoning_effort && !model.reasoning_system;
}
bool needs_tools(const Json& value, const ServedModel& model) {
  return !model.has_tools && is_not_empty(value, model);
}
bool needs_fim(const Json&, const ServedModel& model) {
  return !model.has_fim;
}
bool is_not_text_alone(const Json& value, const ServedModel&) {
  return !value.is_array() || std::any_of(value.items().begin(), value.items().end(),
                                          [](const Json& word) { return word != Json("text"); });
}
// auto, none, and allowed_tools in mode auto.
bool forces_a_call(const Json& value, const ServedModel&) {
  if (value.is_string()) return value.as_string() != "auto" && value.as_string() != "none";
  const Json* type = value.find("type");
  if (type == nullptr || !type->is_string()) return true;
  if (type->as_string() == "auto" || type->as_string() == "none") return false;  // Anthropic's
  const Json* allowed = value.find("allowed_tools");
  const Json* mode = allowed != nullptr ? allowed->find("mode") : nullptr;
  return mode == nullptr || *mode != Json("auto");
}
bool asks_to_think(const Json& value, const ServedModel& model) {
  const Json* type = value.find("type");
  return !model.has_thinking && type != nullptr && *type != Json("disabled");
}
bool has_output_setting(const Json& value, const ServedModel& model) {
  const Json* format = value.find("format");
  const Json* effort = value.find("effort");
  return (format != nullptr && !format->is_null()) ||
         (effort != nullptr && !effort->is_null() && !model.has_reasoning_effort);
}

constexpr std::string_view kAny = "{}";
constexpr std::string_view kBool = R"({"type":["boolean","null"]})";
constexpr std::string_view kString = R"({"type":["string","null"]})";
constexpr std::string_view kObject = R"({"type":["object","null"]})";
constexpr std::string_view kPenalty = R"({"type":["number","null"],"minimum":-2,"maximum":2})";
constexpr std::string_view kUnit = R"({"type":["number","null"],"minimum":0,"maximum":1})";
constexpr std::string_view kCountOf = R"({"type":["integer","null"],"minimum":1})";
constexpr std::string_view kStops =
    R"({"type":["string","array","null"],"maxLength":1024,"maxItems":64,)"
    R"("items":{"type":"string","maxLength":1024}})";

constexpr std::string_view kLater = "comes with constrained output; leave it out";
constexpr std::string_view kNoSuchModel = "this model's layout has no place for it; leave it out";

constexpr FieldRow kRows[] = {
    {"model", kAll, kYes, kOptional, kString,
     "id or alias of a model; may be left out where there is only one", nullptr},

    // What is said.
    {"messages", kChat, kYes, kRequired,
     R"({"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Message"}})", "",
     nullptr},
    {"messages", kAnthropic, kYes, kRequired,
     R"({"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/AnthropicMessage"}})",
     "", nullptr},
    {"messages", kTokenize, kYes, kOptional,
     R"({"type":["array","null"],"items":{"$ref":"#/components/schemas/Message"}})",
     "laid out as for a chat", nullptr},
    {"system", kAnthropic, kYes, kOptional,
     R"({"type":["string","array","null"],"items":{"$ref":"#/components/schemas/Part"}})", "",
     nullptr},
    {"prompt", kText, kYes, kRequired, R"({"type":["string","array"],"minItems":1})",
     "a text, texts, token ids, or lists of token ids", nullptr},
    {"prompt", kFim, kYes, kRequired, R"({"type":"string"})", "what stands before the cursor",
     nullptr},
    {"prompt", kTokenize, kYes, kOptional, kString, "", nullptr},
    {"content", kTokenize, kYes, kOptional, kString, "as prompt, without BOS by default", nullptr},
    {"suffix", kFim, kYes, kOptional, kString, "what stands after the cursor", nullptr},
    {"suffix", kText, kRefused, kOptional, kString,
     "this model's vocabulary has no tokens for fill-in-the-middle; leave it out", needs_fim},
    {"tokens", kDetokenize, kYes, kRequired, R"({"type":"array","items":{"type":"integer"}})", "",
     nullptr},
    {"continue_final_message", kChat | kTokenize, kYes, kOptional, kBool,
     "the last message is the assistant's, to be continued", nullptr},
    {"add_special_tokens", kTokenize, kYes, kOptional, kBool, "BOS before a prompt", nullptr},
    {"add_special", kTokenize, kYes, kOptional, kBool, "the same", nullptr},
    {"return_token_strs", kTokenize, kYes, kOptional, kBool, "", nullptr},
    {"with_pieces", kTokenize, kYes, kOptional, kBool, "the same", nullptr},

    // How tokens are chosen.
    {"temperature", kOpen | kMessages, kYes, kOptional,
     R"({"type":["number","null"],"minimum":0,"maximum":2})", "0: the likeliest token", nullptr},
    {"top_p", kOpen | kMessages, kYes, kOptional, kUnit, "", nullptr},
    {"top_k", kOpen | kMessages, kYes, kOptional,
     R"({"type":["integer","null"],"minimum":-1,"maximum":1000000})", "0 and -1: all", nullptr},
    {"min_p", kOpen | kMessages, kYes, kOptional, kUnit, "", nullptr},
    {"typical_p", kOpen | kMessages, kYes, kOptional, kUnit, "", nullptr},
    {"repetition_penalty", kOpen, kYes, kOptional,
     R"({"type":["number","null"],"minimum":0.01,"maximum":100})", "1: none", nullptr},
    {"frequency_penalty", kOpen, kYes, kOptional, kPenalty, "", nullptr},
    {"presence_penalty", kOpen, kYes, kOptional, kPenalty, "", nullptr},
    {"logit_bias", kChat | kText | kMessages, kYes, kOptional, kObject, "by token id, -100 to 100",
     nullptr},
    {"seed", kOpen | kMessages, kYes, kOptional, R"({"type":["integer","null"]})",
     "drawn where there is none, and returned", nullptr},
    {"random_seed", kOpen, kYes, kOptional, R"({"type":["integer","null"],"minimum":0})", "as seed",
     nullptr},

    // How much, and when it ends.
    {"max_tokens", kOpen, kYes, kOptional, kCountOf, "also ends at the end of the context",
     nullptr},
    {"max_tokens", kMessages, kYes, kRequired, R"({"type":"integer","minimum":1})",
     "also ends at the end of the context", nullptr},
    {"max_completion_tokens", kChat, kYes, kOptional, kCountOf, "goes before max_tokens", nullptr},
    {"min_tokens", kOpen | kMessages, kYes, kOptional, R"({"type":["integer","null"],"minimum":0})",
     "", nullptr},
    {"ignore_eos", kOpen | kMessages, kYes, kOptional, kBool, "", nullptr},
    {"stop", kOpen, kYes, kOptional, kStops, "at most 64 of 1,024 bytes", nullptr},
    {"stop_sequences", kMessages, kYes, kOptional,
     R"({"type":["array","null"],"maxItems":64,"items":{"type":"string","maxLength":1024}})", "",
     nullptr},
    {"n", kChat | kText, kYes, kOptional, R"({"type":["integer","null"],"minimum":1,"maximum":16})",
     "", nullptr},

    // What is told.
    {"stream", kOpen | kMessages, kYes, kOptional, kBool, "", nullptr},
    {"stream_options", kOpen, kYes, kOptional,
     R"({"type":["object","null"],"properties":{"include_usage":{"type":["boolean","null"]}}})",
     "include_usage; other members have no effect", nullptr},
    {"logprobs", kChat, kYes, kOptional, kBool, "", nullptr},
    {"logprobs", kText, kYes, kOptional, R"({"type":["integer","null"],"minimum":0,"maximum":20})",
     "", nullptr},
    {"top_logprobs", kChat, kYes, kOptional,
     R"({"type":["integer","null"],"minimum":0,"maximum":20})", "", nullptr},
    {"echo", kText, kYes, kOptional, kBool, "not together with logprobs", nullptr},
    {"cache_prompt", kOpen | kMessages, kYes, kOptional, kBool,
     "false: no pages of earlier prompts are reused", nullptr},

    // Tools and thoughts.
    {"tools", kChat | kTokenize, kRefused, kOptional,
     R"({"type":["array","null"],"maxItems":128,"items":{"$ref":"#/components/schemas/Tool"}})",
     kNoSuchModel, needs_tools},
    {"tools", kAnthropic, kRefused, kOptional,
     R"({"type":["array","null"],"maxItems":128,)"
     R"("items":{"$ref":"#/components/schemas/AnthropicTool"}})",
     kNoSuchModel, needs_tools},
    {"tool_choice", kChat, kRefused, kOptional, R"({"type":["string","object","null"]})",
     "only auto and none yet: a forced call comes with constrained output", forces_a_call},
    {"tool_choice", kAnthropic, kRefused, kOptional, kObject,
     "only auto and none yet: a forced call comes with constrained output", forces_a_call},
    {"parallel_tool_calls", kChat, kYes, kOptional, kBool, "false: one call at most", nullptr},
    {"reasoning_effort", kChat | kTokenize, kRefused, kOptional,
     R"({"type":["string","null"],)"
     R"("enum":["none","minimal","low","medium","high","xhigh","max"]})",
     kNoSuchModel, needs_reasoning_effort},
    {"prompt_mode", kChat, kRefused, kOptional,
     R"({"type":["string","null"],"enum":["reasoning"]})",
     "this model has no reasoning mode; leave it out", needs_reasoning_prompt},
    {"thinking", kAnthropic, kRefused, kOptional, kObject, kNoSuchModel, asks_to_think},
    {"output_config", kAnthropic, kRefused, kOptional, kObject,
     "this cannot be honoured for this model; leave it out", has_output_setting},

    // Refused by name.
    {"response_format", kChat | kText, kRefused, kOptional, kObject, kLater, is_no_text_format},
    {"guardrails", kOpen, kRefused, kOptional, R"({"type":["array","null"]})",
     "there is no moderation; leave it out", is_not_empty},
    {"safe_prompt", kOpen, kRefused, kOptional, kBool,
     "there is no such prompt; write a system message", is_true},
    {"modalities", kChat, kRefused, kOptional, R"({"type":["array","null"]})",
     "only text is made; leave it out", is_not_text_alone},
    {"audio", kChat, kRefused, kOptional, kObject, "only text is made; leave it out", always},
    {"web_search_options", kChat, kRefused, kOptional, kObject,
     "there is no web search; leave it out", always},
    {"functions", kChat, kRefused, kOptional, R"({"type":["array","null"]})",
     "superseded by tools; use them", is_not_empty},
    {"function_call", kChat, kRefused, kOptional, R"({"type":["string","object","null"]})",
     "superseded by tool_choice; use it", always},
    {"best_of", kText, kRefused, kOptional, R"({"type":["integer","null"]})",
     "only 1: choices are not ranked; use n", is_not_one},
    {"prompt_logprobs", kOpen, kRefused, kOptional, R"({"type":["boolean","integer","null"]})",
     "not told; leave it out",
     [](const Json& value, const ServedModel& model) {
       return value.is_bool() ? is_true(value, model) : true;
     }},
    {"top_prompt_logprobs", kOpen, kRefused, kOptional, R"({"type":["integer","null"]})",
     "not told; leave it out", is_positive},
    {"mcp_servers", kMessages, kRefused, kOptional, R"({"type":["array","null"]})",
     "there are no connectors yet; leave it out", is_not_empty},

    // Without effect on the text.
    {"prompt_cache_key", kOpen, kNoEffect, kOptional, kString, "prefixes are found without",
     nullptr},
    {"prompt_cache_options", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"prompt_cache_retention", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"cache_control", kAnthropic, kNoEffect, kOptional, kAny, "prefixes are found without",
     nullptr},
    {"user", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"store", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"metadata", kOpen | kAnthropic, kNoEffect, kOptional, kAny, "", nullptr},
    {"safety_identifier", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"service_tier", kOpen | kAnthropic, kNoEffect, kOptional, kAny, "", nullptr},
    {"prediction", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
    {"verbosity", kOpen, kNoEffect, kOptional, kAny, "", nullptr},
};

// Parts and blocks are told apart by their type, which the readers do.
constexpr std::string_view kComponents = R"({
"Part":{"type":"object","required":["type"],"properties":{
  "type":{"type":"string"},"text":{"type":["string","null"]}}},
"Message":{"type":"object","required":["role"],"properties":{
  "role":{"type":"string","enum":["system","developer","user","assistant","tool"]},
  "content":{"type":["string","array","null"],"items":{"$ref":"#/components/schemas/Part"}},
  "tool_calls":{"type":["array","null"],"items":{"$ref":"#/components/schemas/ToolCall"}},
  "tool_call_id":{"type":["string","null"]},"name":{"type":["string","null"]},
  "reasoning_content":{"type":["string","null"]},
  "prefix":{"type":["boolean","null"]}}},
"ToolCall":{"type":"object","required":["function"],"properties":{
  "id":{"type":["string","null"]},"type":{"type":["string","null"]},
  "function":{"type":"object","required":["name"],"properties":{
    "name":{"type":"string"},"arguments":{"type":["string","object","null"]}}}}},
"Tool":{"type":"object","properties":{"type":{"type":["string","null"]},
  "function":{"type":"object","required":["name"],"properties":{
    "name":{"type":"string"},"description":{"type":["string","null"]},
    "parameters":{"type":["object","null"]},"strict":{"type":["boolean","null"]}}}}},
"AnthropicMessage":{"type":"object","required":["role","content"],"properties":{
  "role":{"type":"string","enum":["user","assistant","system"]},
  "content":{"type":["string","array"],"items":{"$ref":"#/components/schemas/Part"}}}},
"AnthropicTool":{"type":"object","required":["name"],"properties":{
  "name":{"type":"string"},"type":{"type":["string","null"]},
  "description":{"type":["string","null"]},"input_schema":{"type":["object","null"]}}}
})";

}  // namespace

std::span<const FieldRow> field_rows() {
  return kRows;
}

std::string_view field_components() {
  return kComponents;
}

}  // namespace bise::api
