#include <gtest/gtest.h>

#include "api/schema_check.h"
#include "api/test_service.h"

namespace bise::api {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";

std::string hello(std::string_view more) {
  return concat("{", more, more.empty() ? "" : ",",
                R"("messages":[{"role":"user","content":"hi"}]})");
}

// "422 temperature", with the parameter's name.
std::string outcome(const http::Answer& answer) {
  const auto json = read_json(answer.body);
  if (answer.status == 200) return "200";
  const Json& param = *json->find("param");
  return concat(answer.status, " ", param.is_string() ? param.as_string() : std::string("-"));
}

TEST(Refusals, OneBodyForBothFamilies) {
  TestService service;
  const http::Answer answer = service.post(kChat, hello(R"("temperature":"warm")"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body,
            R"({"object":"error","message":"temperature: expected a number, found a string",)"
            R"("type":"invalid_request_error","param":"temperature","code":null,"error":{)"
            R"("message":"temperature: expected a number, found a string",)"
            R"("type":"invalid_request_error","param":"temperature","code":null},)"
            R"("detail":[{"type":"float_type","loc":["body","temperature"],)"
            R"("msg":"temperature: expected a number, found a string"}]})");
}

TEST(Refusals, ByShapeRangeAndName) {
  TestService service;
  service.says("ok");
  const auto chat = [&](std::string_view more) {
    return outcome(service.post(kChat, hello(more)));
  };
  EXPECT_EQ(chat(""), "200");
  EXPECT_EQ(chat(R"("temperature":2.5)"), "422 temperature");
  EXPECT_EQ(chat(R"("n":0)"), "422 n");
  EXPECT_EQ(chat(R"("n":17)"), "422 n");
  EXPECT_EQ(chat(R"("n":1.0)"), "200");
  EXPECT_EQ(chat(R"("top_logprobs":21)"), "422 top_logprobs");
  EXPECT_EQ(chat(R"("top_logprobs":2)"), "422 top_logprobs");
  EXPECT_EQ(chat(R"("logit_bias":{"x":1})"), "422 logit_bias");
  EXPECT_EQ(chat(R"("logit_bias":{"97":101})"), "422 logit_bias");
  EXPECT_EQ(chat(R"("min_tokens":5,"max_tokens":4)"), "422 min_tokens");
  EXPECT_EQ(chat(R"("response_format":{"type":"text"})"), "200");
  EXPECT_EQ(chat(R"("response_format":{"type":"json_object"})"), "400 response_format");
  EXPECT_EQ(chat(R"("tool_choice":"auto")"), "200");
  EXPECT_EQ(chat(R"("tool_choice":"required")"), "400 tool_choice");
  EXPECT_EQ(chat(R"("tool_choice":{"type":"function","function":{"name":"f"}})"),
            "400 tool_choice");
  EXPECT_EQ(chat(R"("guardrails":[{}])"), "400 guardrails");
  EXPECT_EQ(chat(R"("safe_prompt":true)"), "400 safe_prompt");
  EXPECT_EQ(chat(R"("safe_prompt":false)"), "200");
  EXPECT_EQ(chat(R"("modalities":["text","audio"])"), "400 modalities");
  EXPECT_EQ(chat(R"("web_search_options":{})"), "400 web_search_options");
  EXPECT_EQ(chat(R"("reasoning_effort":"high")"), "400 reasoning_effort");
  EXPECT_EQ(chat(R"("tools":[{"type":"web_search"}])"), "400 tools.0.type");
  EXPECT_EQ(chat(R"("model":"nobody")"), "404 model");
  EXPECT_EQ(chat(R"("stop":null,"seed":null,"tools":null,"n":null,"user":"u","zzz":1)"), "200");
}

TEST(Refusals, NotOfFieldsWithoutEffectWhichAreRecorded) {
  TestService service;
  service.says("ok");
  service.post(kChat, hello(R"("user":"u","zzz":1,"n":1)"));
  EXPECT_EQ(service.record(0).without_effect, "user,zzz");
  EXPECT_EQ(service.record(0).outcome, "stop");
}

TEST(Refusals, OfMessages) {
  TestService service;
  const auto messages = [&](std::string_view list) {
    return outcome(service.post(kChat, concat(R"({"messages":)", list, "}")));
  };
  EXPECT_EQ(messages("[]"), "422 messages");
  EXPECT_EQ(messages("5"), "422 messages");
  EXPECT_EQ(messages(R"([{"content":"x"}])"), "422 messages.0.role");
  EXPECT_EQ(messages(R"([{"role":"poet","content":"x"}])"), "422 messages.0.role");
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"image_url","image_url":"x"}]}])"),
            "400 messages.0.content.0.type");
  EXPECT_EQ(messages(R"([{"role":"user","content":"x"},{"role":"tool","content":"y"}])"),
            "400 messages.1");
  EXPECT_EQ(outcome(service.post(kChat, "{}")), "422 messages");
}

TEST(Refusals, OfWhatIsNoJson) {
  TestService service;
  for (const std::string_view body :
       {"", "{", "[1,]", R"({"messages":NaN})", R"({"messages":[1e999]})", "\xff"}) {
    EXPECT_EQ(service.post(kChat, body).status, 400) << body;
  }
  const std::string deep =
      concat(R"({"messages":)", std::string(70, '['), std::string(70, ']'), "}");
  EXPECT_EQ(service.post(kChat, deep).status, 400);
  EXPECT_EQ(service.post("/v1/completions", R"({"prompt":5})").status, 400);
}

TEST(Refusals, NamesBothNumbersWhereThePromptFillsTheContext) {
  TestService service(Layout::v13, 64);
  const http::Answer answer = service.post(
      kChat,
      concat(R"({"messages":[{"role":"user","content":")", std::string(100, 'x'), R"("}]})"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("103"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("64"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("code":"context_length_exceeded")"), std::string::npos);
}

TEST(Refusals, ByTheServerItself) {
  TestService service;
  const http::Answer unknown = service.get("/v1/nothing");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find(R"("object":"error")"), std::string::npos);
  const http::Answer method = service.get("/v1/messages");
  EXPECT_EQ(method.status, 405);
  EXPECT_NE(method.body.find(R"("type":"error")"), std::string::npos);
}

TEST(Refusals, OfHeadsAreInTheFormOfTheirPath) {
  TestService service;
  for (const std::string_view target : {"/v1/messages?a=%ff", "/v1/messages/count_tokens?a=%00"}) {
    const http::Answer answer = service.get(target);
    EXPECT_EQ(answer.status, 400);
    const auto body = read_json(answer.body);
    ASSERT_TRUE(body.ok()) << answer.body;
    ASSERT_NE(body->find("request_id"), nullptr) << answer.body;
    EXPECT_EQ(body->find("request_id")->as_string(), *answer.headers.find("request-id"));
  }
  const http::Answer chat = service.get("/v1/chat/completions?a=%ff");
  EXPECT_EQ(chat.status, 400);
  EXPECT_NE(chat.body.find(R"("object":"error")"), std::string::npos);
}

TEST(Families, AreToldByHeadersThenByKeys) {
  TestService service;
  service.says("ok");
  std::size_t asked = 0;
  const auto family = [&](std::string_view more, std::string_view header) {
    service.post(kChat, hello(more), header);
    return service.record(asked++).family;
  };
  EXPECT_EQ(family("", ""), Family::openai);
  EXPECT_EQ(family(R"("random_seed":1)", ""), Family::mistral);
  EXPECT_EQ(family(R"("random_seed":1)", "X-Stainless-Lang: js"), Family::openai);
  EXPECT_EQ(family("", "User-Agent: mistral-client-typescript/2.7.0"), Family::mistral);
}

TEST(SchemaCheck, NamesPlaceAndFault) {
  const Json schema = read_json(R"({"type":"object","required":["a"],"properties":{)"
                                R"("a":{"type":["array","null"],"items":{"type":"integer"}}}})")
                          .value();
  const auto fault = [&](std::string_view text) {
    const auto found = find_fault(schema, read_json(text).value(), "", Json::object());
    return found ? concat(found->path, " ", found->kind) : std::string("none");
  };
  EXPECT_EQ(fault("{}"), "a missing");
  EXPECT_EQ(fault(R"({"a":null})"), "none");
  EXPECT_EQ(fault(R"({"a":[1,2.0,"x"]})"), "a.2 int_type");
  EXPECT_EQ(fault("[]"), " dict_type");
}

}  // namespace
}  // namespace bise::api
