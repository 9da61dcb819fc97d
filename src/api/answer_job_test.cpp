// How answers end before their end: the client goes away, reads slowly, or the server stops.

#include <gtest/gtest.h>

#include "api/test_service.h"

namespace bise::api {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kStream =
    R"({"stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kWhole = R"({"messages":[{"role":"user","content":"hi"}]})";

// So long that the buffers on the way to a client who does not read hold no answer of this length.
constexpr int kEndless = 1 << 20;

TEST(Answers, EndWhenTheClientGoesAway) {
  for (const std::string_view body : {kStream, kWhole}) {
    TestService service(Layout::v13, kEndless);
    service.says_endlessly();
    {
      http::TestClient client(service.port());
      client.send(TestService::request(kChat, body));
      if (body == kStream) {
        EXPECT_TRUE(client.receive_until("\"a\""));
      } else {
        EXPECT_TRUE(http::comes_true([&] { return service.engine().request_count() > 0; }));
      }
    }
    EXPECT_TRUE(http::comes_true([&] { return service.engine().request_count() == 0; }));
    EXPECT_TRUE(http::comes_true([&] { return service.records().size() == 1; }));
    EXPECT_EQ(service.records()[0].outcome, "cancelled");
  }
}

// More than the buffers on the way hold, so that the engine has to wait.
TEST(Answers, WaitForASlowReaderAndLoseNothing) {
  constexpr std::size_t kTokens = 3000;
  TestService service(Layout::v13, 4000);
  service.says_endlessly();
  http::TestClient client(service.port());
  client.send(TestService::request(
      kChat, R"({"stream":true,"max_tokens":3000,"logprobs":true,"top_logprobs":20,)"
             R"("messages":[{"role":"user","content":"hi"}]})"));
  const auto generated = [&] { return service.engine().stats().models.front().generated_tokens; };
  std::uint64_t before = 0;
  int still = 0;
  ASSERT_TRUE(http::comes_true([&] {
    const std::uint64_t now = generated();
    still = now > 0 && now == std::exchange(before, now) ? still + 1 : 0;
    return still == 100;
  }));
  const http::Answer answer = client.answer();
  EXPECT_TRUE(answer.whole);
  std::size_t count = 0;
  constexpr std::string_view kToken = R"("delta":{"content":"a"})";
  for (std::size_t at = 0; (at = answer.body.find(kToken, at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, kTokens);
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
}

TEST(Answers, SayThatTheServerStops) {
  TestService service(Layout::v13, kEndless);
  service.says_endlessly();
  const auto stream = [&](std::string_view path, std::string_view body, std::string_view header) {
    auto client = std::make_unique<http::TestClient>(service.port());
    client->send(TestService::request(path, body, header));
    EXPECT_TRUE(client->receive_until("data: "));
    return client;
  };
  const auto openai = stream(kChat, kStream, "");
  const auto mistral = stream(kChat, kStream, "User-Agent: mistral-client-x");
  const auto anthropic =
      stream("/v1/messages", concat(R"({"max_tokens":999999,)", kStream.substr(1)), "");
  service.server().drain(std::chrono::milliseconds(0));
  const std::string first = openai->receive_all();
  EXPECT_NE(first.find(R"(data: {"error":{"message":"the server stops")"), std::string::npos);
  EXPECT_EQ(first.find("[DONE]"), std::string::npos);
  EXPECT_NE(mistral->receive_all().find(R"("finish_reason":"error")"), std::string::npos);
  EXPECT_NE(anthropic->receive_all().find("event: error\n"), std::string::npos);
  EXPECT_TRUE(http::comes_true([&] { return service.engine().request_count() == 0; }));
}

TEST(Answers, AreRefusedWhileTheEngineDrains) {
  TestService service;
  service.engine().drain();
  const http::Answer answer = service.post(kChat, kWhole);
  EXPECT_EQ(answer.status, 429);
  EXPECT_FALSE(answer.headers.get("retry-after").empty());
  EXPECT_EQ(service.post("/v1/messages", concat(R"({"max_tokens":9,)", kWhole.substr(1))).status,
            529);
}

}  // namespace
}  // namespace bise::api
