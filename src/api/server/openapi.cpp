#include "api/server/openapi.h"

#include <optional>

#include "api/endpoints.h"
#include "base/check.h"
#include "base/text.h"

namespace bise::api {
namespace {

enum class Answers { json, json_or_stream, text };

// What a route may answer beside 200.
enum class Errors {
  of_the_server,  // asks for no credentials
  without_body,
  with_body,
  with_shape,     // and 422
  with_overload,  // and 529
};
std::vector<int> statuses(Errors errors) {
  switch (errors) {
    case Errors::of_the_server:
      return {400, 500, 503};
    case Errors::without_body:
      return {400, 401, 403, 404, 429, 500, 503};
    case Errors::with_body:
      return {400, 401, 403, 404, 408, 413, 429, 500, 503};
    case Errors::with_shape:
      return {400, 401, 403, 404, 408, 413, 422, 429, 500, 503};
    case Errors::with_overload:
      break;
  }
  return {400, 401, 403, 404, 408, 413, 429, 500, 503, 529};
}

struct Operation {
  const char* path;
  const char* method;
  const char* id;
  const char* tag;
  const char* summary;
  std::optional<Body> body;
  Answers answers;
  const char* schema;  // of the answer, in kAnswers; null: none is given
  Errors errors;
};

const Operation kOperations[] = {
    {"/v1/models",
     "get",
     "listModels",
     "models",
     "The models that are served",
     {},
     Answers::json,
     "ModelList",
     Errors::without_body},
    {"/v1/models/{id}",
     "get",
     "getModel",
     "models",
     "One model, by id or alias",
     {},
     Answers::json,
     "Model",
     Errors::without_body},
    {"/v1/chat/completions", "post", "chat", "chat", "OpenAI's and Mistral's chat", Body::chat,
     Answers::json_or_stream, "ChatCompletion", Errors::with_shape},
    {"/v1/completions", "post", "complete", "completions", "OpenAI's text completions",
     Body::completions, Answers::json_or_stream, "TextCompletion", Errors::with_body},
    {"/v1/fim/completions", "post", "fim", "completions", "Mistral's fill-in-the-middle", Body::fim,
     Answers::json_or_stream, "ChatCompletion", Errors::with_shape},
    {"/v1/messages", "post", "message", "chat", "Anthropic's messages", Body::messages,
     Answers::json_or_stream, "AnthropicAnswer", Errors::with_overload},
    {"/v1/messages/count_tokens", "post", "countTokens", "chat", "How long a prompt is",
     Body::count_tokens, Answers::json, "TokenCount", Errors::with_body},
    {"/tokenize", "post", "tokenize", "tokens", "Text or a chat to token ids", Body::tokenize,
     Answers::json, "Tokens", Errors::with_shape},
    {"/detokenize", "post", "detokenize", "tokens", "Token ids to text", Body::detokenize,
     Answers::json, "Text", Errors::with_body},
    {"/health",
     "get",
     "health",
     "server",
     "Whether requests are taken",
     {},
     Answers::json,
     "Status",
     Errors::of_the_server},
    {"/ready",
     "get",
     "ready",
     "server",
     "The same",
     {},
     Answers::json,
     "Status",
     Errors::of_the_server},
    {"/metrics",
     "get",
     "metrics",
     "server",
     "Prometheus' text or OpenMetrics",
     {},
     Answers::text,
     nullptr,
     Errors::without_body},
    {"/openapi.json",
     "get",
     "openapi",
     "server",
     "This document",
     {},
     Answers::json,
     nullptr,
     Errors::without_body},
};

constexpr std::string_view kAnswers = R"({
"Error":{"type":"object","required":["object","message","type","error"],"properties":{
  "object":{"type":"string"},"message":{"type":"string"},"type":{"type":"string"},
  "param":{"type":["string","null"]},"code":{"type":["string","null"]},
  "error":{"type":"object","required":["message","type"]},"detail":{"type":"array"}}},
"AnthropicError":{"type":"object","required":["type","error","request_id"],"properties":{
  "type":{"type":"string","enum":["error"]},"request_id":{"type":"string"},
  "error":{"type":"object","required":["type","message"]}}},
"Status":{"type":"object","required":["status"],"properties":{"status":{"type":"string"}}},
"Model":{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}},
"ModelList":{"type":"object","required":["data"],"properties":{
  "data":{"type":"array","items":{"$ref":"#/components/schemas/Model"}}}},
"Usage":{"type":"object","required":["prompt_tokens","completion_tokens","total_tokens"],
  "properties":{"prompt_tokens":{"type":"integer"},"completion_tokens":{"type":"integer"},
  "total_tokens":{"type":"integer"}}},
"ChatCompletion":{"type":"object","required":["id","object","created","model","choices","usage"],
  "properties":{"id":{"type":"string"},"object":{"type":"string"},"created":{"type":"integer"},
  "model":{"type":"string"},"seed":{"type":"integer"},
  "usage":{"$ref":"#/components/schemas/Usage"},
  "choices":{"type":"array","items":{"type":"object",
    "required":["index","message","finish_reason"]}}}},
"TextCompletion":{"type":"object","required":["id","object","created","model","choices","usage"],
  "properties":{"id":{"type":"string"},"seed":{"type":"integer"},
  "usage":{"$ref":"#/components/schemas/Usage"},
  "choices":{"type":"array","items":{"type":"object",
    "required":["index","text","logprobs","finish_reason"]}}}},
"AnthropicAnswer":{"type":"object",
  "required":["id","type","role","model","content","stop_reason","usage"],"properties":{
  "id":{"type":"string"},"content":{"type":"array"},"stop_reason":{"type":["string","null"]}}},
"TokenCount":{"type":"object","required":["input_tokens"],"properties":{
  "input_tokens":{"type":"integer"}}},
"Tokens":{"type":"object","required":["count","max_model_len","tokens"],"properties":{
  "count":{"type":"integer"},"tokens":{"type":"array","items":{"type":"integer"}}}},
"Text":{"type":"object","required":["prompt","content"],"properties":{
  "prompt":{"type":"string"},"content":{"type":"string"}}}
})";

constexpr const char* kBodyNames[kBodyCount] = {
    "ChatRequest",  "CompletionRequest", "FimRequest",       "MessagesRequest",
    "CountRequest", "TokenizeRequest",   "DetokenizeRequest"};

Json reference(std::string_view name) {
  return Json::object({{"$ref", concat("#/components/schemas/", name)}});
}

Json content(std::string_view type, Json schema) {
  return Json::object({{std::string(type), Json::object({{"schema", std::move(schema)}})}});
}

Json success_json(const Operation& operation) {
  Json types = Json::object();
  if (operation.answers == Answers::text) {
    for (const char* type : {"text/plain", "application/openmetrics-text"}) {
      types.set(type, Json::object({{"schema", Json::object({{"type", "string"}})}}));
    }
  } else {
    types = content("application/json",
                    operation.schema != nullptr ? reference(operation.schema) : Json::object());
  }
  if (operation.answers == Answers::json_or_stream) {
    types.set("text/event-stream", Json::object({{"schema", Json::object({{"type", "string"}})}}));
  }
  return Json::object({{"description", "the answer"}, {"content", std::move(types)}});
}

Json operation_json(const Operation& operation) {
  Json responses = Json::object({{"200", success_json(operation)}});
  const bool anthropic = std::string_view(operation.path).starts_with("/v1/messages");
  const bool open = operation.errors == Errors::of_the_server;
  for (const int status : statuses(operation.errors)) {
    const bool status_only = open && status == 503;
    const char* schema = status_only ? "Status" : anthropic ? "AnthropicError" : "Error";
    responses.set(concat(status),
                  Json::object({{"description", http::status_words(status)},
                                {"content", content("application/json", reference(schema))}}));
  }
  Json out = Json::object({{"operationId", operation.id},
                           {"tags", Json(Json::Array{operation.tag})},
                           {"summary", operation.summary},
                           {"responses", std::move(responses)}});
  if (open) out.set("security", Json::array());
  if (operation.body) {
    const char* name = kBodyNames[static_cast<std::size_t>(*operation.body)];
    out.set("requestBody",
            Json::object(
                {{"required", true}, {"content", content("application/json", reference(name))}}));
  }
  if (std::string_view(operation.path).find("{id}") != std::string_view::npos) {
    Json schema = Json::object({{"type", "string"}});
    out.set(
        "parameters",
        Json(Json::Array{Json::object(
            {{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", std::move(schema)}})}));
  }
  return out;
}

Json schemas_json(const FieldTable& table) {
  Json schemas = table.components();
  for (int i = 0; i < kBodyCount; ++i) {
    schemas.set(kBodyNames[i], table.schema(static_cast<Body>(i)));
  }
  auto answers = read_json(kAnswers);
  CHECK(answers.ok());
  for (const Json::Member& member : answers->members()) schemas.set(member.first, member.second);
  return schemas;
}

}  // namespace

Json openapi_document(const FieldTable& table, std::string_view version) {
  Json paths = Json::object();
  for (const Operation& operation : kOperations) {
    Json methods = Json::object();
    if (const Json* there = paths.find(operation.path)) methods = *there;
    methods.set(operation.method, operation_json(operation));
    paths.set(operation.path, std::move(methods));
  }
  const Json schemes = Json::object(
      {{"bearer", Json::object({{"type", "http"}, {"scheme", "bearer"}})},
       {"key", Json::object({{"type", "apiKey"}, {"in", "header"}, {"name", "x-api-key"}})}});
  const Json security(Json::Array{Json::object({{"bearer", Json::array()}}),
                                  Json::object({{"key", Json::array()}})});
  return Json::object(
      {{"openapi", "3.1.0"},
       {"info",
        Json::object({{"title", "bise"},
                      {"version", version},
                      {"description",
                       "Bodies hold at most 32 MB and 64 levels. What is no request of a route is "
                       "answered, in the same form, with 405 (another method), 408, 414 or 431 (a "
                       "head that is late or too long), 417, 421 (another host), 403 (a page of "
                       "another origin), 501 or 505. Fields marked x-bise-class "
                       "no_effect are taken and change nothing, as unknown ones are; refused ones "
                       "are 400 where they would change the text and cannot be honoured."}})},
       {"security", security},
       {"paths", std::move(paths)},
       {"components",
        Json::object({{"schemas", schemas_json(table)}, {"securitySchemes", schemes}})}});
}

void serve_openapi(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  exchange->respond(json_response(openapi_document(services->table, services->context.version)));
}

}  // namespace bise::api
