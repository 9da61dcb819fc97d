#include <gtest/gtest.h>

#include "api/test_service.h"

namespace bise::api {
namespace {

constexpr std::string_view kPath = "/v1/chat/completions";
constexpr std::string_view kMistral = "User-Agent: mistral-client-python/3.7.0";
constexpr std::string_view kHello = R"({"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kStream =
    R"({"model":"test","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kTools =
    R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],)"
    R"("messages":[{"role":"user","content":"hi"}])";

std::string with_tools(std::string_view more) {
  return concat("{", more, kTools, "}");
}

TEST(OpenAiChat, AnswersWhole) {
  TestService service;
  service.says("Hello");
  const http::Answer answer = service.post(kPath, kHello);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("content-type"), "application/json");
  EXPECT_FALSE(answer.headers.get("x-request-id").empty());
  EXPECT_EQ(answer.headers.get("request-id"), answer.headers.get("mistral-correlation-id"));
  EXPECT_EQ(
      settled(answer.body),
      R"({"id":"chatcmpl-*","object":"chat.completion","created":*,"model":"test","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"Hello","refusal":null},)"
      R"("logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,)"
      R"("completion_tokens":5,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":0},)"
      R"("completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"bise-9.9",)"
      R"("seed":*})");
}

TEST(OpenAiChat, StreamsRoleTextFinishAndUsage) {
  TestService service;
  service.says("Hi");
  const std::string body =
      R"({"stream":true,"stream_options":{"include_usage":true},"model":"test-latest",)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})";
  const http::Answer answer = service.post(kPath, body);
  EXPECT_EQ(answer.headers.get("content-type"), "text/event-stream");
  EXPECT_TRUE(answer.whole);
  const std::string head =
      R"(data: {"id":"chatcmpl-*","object":"chat.completion.chunk","created":*,)"
      R"("model":"test-latest","system_fingerprint":"bise-9.9",)";
  const auto chunk = [&](std::string_view delta, std::string_view finish) {
    return concat(head, R"("choices":[{"index":0,"delta":)", delta,
                  R"(,"logprobs":null,"finish_reason":)", finish, "}],\"usage\":null}\n\n");
  };
  EXPECT_EQ(settled(answer.body),
            chunk(R"({"role":"assistant","content":"","refusal":null})", "null") +
                chunk(R"({"content":"H"})", "null") + chunk(R"({"content":"i"})", "null") +
                chunk("{}", R"("stop")") + head +
                R"("seed":*,"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,)"
                R"("total_tokens":7,"prompt_tokens_details":{"cached_tokens":0},)"
                R"("completion_tokens_details":{"reasoning_tokens":0}}})"
                "\n\ndata: [DONE]\n\n");
}

TEST(OpenAiChat, TellsCallsWithNullContentAndIdsOfItsOwn) {
  TestService service;
  service.says(R"([THINK]so[/THINK][TOOL_CALLS]f[ARGS]{"a":1}[TOOL_CALLS]g[ARGS]{})");
  EXPECT_NE(settled(service.post(kPath, with_tools("")).body)
                .find(R"("message":{"role":"assistant","content":null,"refusal":null,)"
                      R"("reasoning_content":"so","tool_calls":[{"id":"call_*","type":"function",)"
                      R"("function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"call_*",)"
                      R"("type":"function","function":{"name":"g","arguments":"{}"}}]},)"
                      R"("logprobs":null,"finish_reason":"tool_calls"})"),
            std::string::npos);
  const std::string stream = settled(service.post(kPath, with_tools(R"("stream":true,)")).body);
  EXPECT_NE(stream.find(R"("delta":{"reasoning_content":"s"})"), std::string::npos);
  EXPECT_NE(stream.find(R"("delta":{"tool_calls":[{"index":0,"id":"call_*","type":"function",)"
                        R"("function":{"name":"f","arguments":""}}]})"),
            std::string::npos);
  EXPECT_NE(stream.find(R"("delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]})"),
            std::string::npos);
  EXPECT_NE(stream.find(R"("index":1,"id":"call_*")"), std::string::npos);
  const std::string one = service.post(kPath, with_tools(R"("parallel_tool_calls":false,)")).body;
  EXPECT_NE(one.find(R"("name":"f")"), std::string::npos);
  EXPECT_EQ(one.find(R"("name":"g")"), std::string::npos);
}

TEST(OpenAiChat, CountsAProbabilityForEachToken) {
  TestService service;
  service.says("ab");
  const http::Answer answer = service.post(
      kPath, R"({"logprobs":true,"top_logprobs":1,"messages":[{"role":"user","content":"hi"}]})");
  const Json json = read_json(answer.body).value();
  const Json& choice = json.find("choices")->items()[0];
  const Json::Array& entries = choice.find("logprobs")->find("content")->items();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(write_json(*entries[0].find("bytes")), "[97]");
  EXPECT_EQ(*entries[0].find("token_id"), Json(97));
  EXPECT_EQ(entries[0].find("top_logprobs")->items().size(), 1u);
}

TEST(OpenAiChat, EndsAtStopStringsAndLengths) {
  TestService service;
  service.says("one two three");
  const auto finish = [&](std::string_view more) {
    const http::Answer answer =
        service.post(kPath, concat("{", more, R"(,"messages":[{"role":"user","content":"hi"}]})"));
    const Json json = read_json(answer.body).value();
    const Json& choice = json.find("choices")->items()[0];
    return concat(choice.find("message")->find("content")->as_string(), "|",
                  choice.find("finish_reason")->as_string());
  };
  EXPECT_EQ(finish(R"("stop":[" thr","zzz"])"), "one two|stop");
  EXPECT_EQ(finish(R"("stop":" two","min_tokens":9)"), "one two three|stop");
  EXPECT_EQ(finish(R"("max_completion_tokens":3)"), "one|length");
  EXPECT_EQ(finish(R"("max_tokens":13)"), "one two three|length");
}

TEST(MistralChat, AnswersInItsOwnForm) {
  TestService service;
  service.says("[THINK]hm[/THINK]Hi[TOOL_CALLS]f[ARGS]{}");
  EXPECT_EQ(settled(service.post(kPath, with_tools(""), kMistral).body),
            R"({"id":"*","object":"chat.completion","created":*,"model":"test","choices":[)"
            R"({"index":0,"message":{"role":"assistant","content":[{"type":"thinking",)"
            R"("thinking":[{"type":"text","text":"hm"}],"closed":true},)"
            R"({"type":"text","text":"Hi"}],"tool_calls":[{"id":"*","type":"function","index":0,)"
            R"("function":{"name":"f","arguments":"{}"}}],"prefix":false},)"
            R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":109,)"
            R"("completion_tokens":11,"total_tokens":120,)"
            R"("prompt_tokens_details":{"cached_tokens":0}},"seed":*})");
}

TEST(MistralChat, StreamsThoughtsAsChunksAndUsageOnTheLast) {
  TestService service;
  service.says("[THINK]h[/THINK]Hi");
  const http::Answer answer = service.post(kPath, kStream, kMistral);
  const std::string head =
      R"(data: {"id":"*","object":"chat.completion.chunk","created":*,"model":"test",)";
  const auto chunk = [&](std::string_view delta) {
    return concat(head, R"("choices":[{"index":0,"delta":)", delta, R"(,"finish_reason":null}]})",
                  "\n\n");
  };
  EXPECT_EQ(settled(answer.body),
            chunk(R"({"role":"assistant","content":""})") +
                chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"}],)"
                      R"("closed":false}]})") +
                chunk(R"({"content":[{"type":"thinking","thinking":[],"closed":true},)"
                      R"({"type":"text","text":"H"}]})") +
                chunk(R"({"content":"i"})") + head +
                R"("choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],)"
                R"("usage":{"prompt_tokens":5,"completion_tokens":5,"total_tokens":10,)"
                R"("prompt_tokens_details":{"cached_tokens":0}},"seed":*})"
                "\n\ndata: [DONE]\n\n");
}

TEST(MistralChat, ContinuesAPrefixAndRepeatsIt) {
  TestService service;
  service.says("Hello");
  const http::Answer answer =
      service.post(kPath, R"({"messages":[{"role":"user","content":"hi"},)"
                          R"({"role":"assistant","content":"Hel","prefix":true}]})");
  EXPECT_NE(answer.body.find(R"("content":"Hello")"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find(R"("completion_tokens":2)"), std::string::npos);
}

TEST(Chat, TakesBackResultsUnderTheIdsOfAnyFamily) {
  TestService service(Layout::v11);  // whose prompts hold the ids
  service.says("ok");
  for (const char* id : {"call_AbCdEf123", "AbCdEf123", "toolu_01A09q90qw90lq917835lq9"}) {
    const http::Answer answer = service.post(
        kPath, concat(R"({"messages":[{"role":"user","content":"hi"},{"role":"assistant",)",
                      R"("content":null,"tool_calls":[{"id":")", id,
                      R"(","type":"function","function":{"name":"f","arguments":"{}"}}]},)",
                      R"({"role":"tool","tool_call_id":")", id, R"(","content":"42"}]})"));
    EXPECT_EQ(answer.status, 200) << answer.body;
  }
}

TEST(Chat, NumbersChoicesAndDrawsThemAgainFromTheSeed) {
  TestService service;
  service.says("x");
  const http::Answer answer =
      service.post(kPath, R"({"n":2,"seed":7,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_NE(answer.body.find(R"("index":1)"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("completion_tokens":2)"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("seed":7)"), std::string::npos);
  EXPECT_EQ(answer.headers.get("x-bise-seed"), "7");
}

}  // namespace
}  // namespace bise::api
