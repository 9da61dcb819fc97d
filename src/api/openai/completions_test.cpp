#include <gtest/gtest.h>

#include "api/test_service.h"

namespace bise::api {
namespace {

TEST(Completions, AnswerPromptsInARow) {
  TestService service;
  service.says("xyz");
  const http::Answer answer = service.post(
      "/v1/completions", R"({"prompt":["a",[98]],"echo":true,"max_tokens":2,"seed":3})");
  EXPECT_EQ(settled(answer.body),
            R"({"id":"cmpl-*","object":"text_completion","created":*,"model":"test","choices":[)"
            R"({"index":0,"text":"axy","logprobs":null,"finish_reason":"length"},)"
            R"({"index":1,"text":"bxy","logprobs":null,"finish_reason":"length"}],)"
            R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,)"
            R"("prompt_tokens_details":{"cached_tokens":0},)"
            R"("completion_tokens_details":{"reasoning_tokens":0}},)"
            R"("system_fingerprint":"bise-9.9","seed":*})");
}

TEST(Completions, StreamWithProbabilitiesAndStops) {
  TestService service;
  service.says("xyz");
  const http::Answer answer =
      service.post("/v1/completions", R"({"prompt":"a","stream":true,"logprobs":0,"stop":"z"})");
  const std::string head =
      R"(data: {"id":"cmpl-*","object":"text_completion","created":*,"model":"test","choices":[)";
  const auto chunk = [&](std::string_view text, std::string_view token, int offset) {
    return concat(head, R"({"index":0,"text":")", text, R"(","logprobs":{"tokens":[")", token,
                  R"("],"token_logprobs":[0.0],"top_logprobs":[{}],"text_offset":[)", offset,
                  "]},\"finish_reason\":null}]}\n\n");
  };
  std::string body = settled(answer.body);
  EXPECT_EQ(body, chunk("x", "x", 0) + chunk("y", "y", 1) + chunk("", "z", 2) + head +
                      R"({"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]})"
                      "\n\ndata: [DONE]\n\n");
}

TEST(Completions, FillInTheMiddle) {
  TestService service;
  service.says("mid");
  const http::Answer text = service.post("/v1/completions", R"({"prompt":"a","suffix":"b"})");
  EXPECT_NE(text.body.find(R"("text":"mid")"), std::string::npos) << text.body;
  const http::Answer fim =
      service.post("/v1/fim/completions", R"({"model":"test","prompt":"a","suffix":"b"})");
  EXPECT_NE(fim.body.find(R"("message":{"role":"assistant","content":"mid")"), std::string::npos)
      << fim.body;
  EXPECT_EQ(service.record(0).lane, Lane::completion);
  EXPECT_EQ(service.record(1).lane, Lane::completion);
}

TEST(Tokens, ThereAndBack) {
  TestService service;
  EXPECT_EQ(service.post("/tokenize", R"({"content":"ab"})").body,
            R"({"count":2,"max_model_len":1024,"tokens":[97,98]})");
  EXPECT_EQ(service.post("/tokenize", R"({"prompt":"a","return_token_strs":true})").body,
            R"({"count":2,"max_model_len":1024,"tokens":[257,97],"token_strs":["<s>","a"]})");
  EXPECT_EQ(service.post("/tokenize", R"({"messages":[{"role":"user","content":"a"}]})").body,
            R"({"count":4,"max_model_len":1024,"tokens":[257,259,97,260]})");
  EXPECT_EQ(service.post("/detokenize", R"({"tokens":[257,97]})").body,
            R"({"prompt":"<s>a","content":"<s>a"})");
  EXPECT_EQ(service.post("/detokenize", R"({"tokens":[9999]})").status, 400);
}

}  // namespace
}  // namespace bise::api
