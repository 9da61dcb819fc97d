#include <gtest/gtest.h>

#include "api/test_service.h"

namespace bise::api {
namespace {

constexpr std::string_view kPath = "/v1/messages";
constexpr std::string_view kTools =
    R"("max_tokens":99,"tools":[{"name":"f","input_schema":{"type":"object"}}],)"
    R"("messages":[{"role":"user","content":"hi"}]})";

TEST(Messages, AnswersWhole) {
  TestService service;
  service.says(R"([THINK]hm[/THINK]Hi[TOOL_CALLS]f[ARGS]{"a": 1})");
  EXPECT_EQ(settled(service.post(kPath, concat("{", kTools)).body),
            R"({"id":"msg_*","type":"message","role":"assistant","model":"test","content":[)"
            R"({"type":"thinking","thinking":"hm","signature":"bise"},)"
            R"({"type":"text","text":"Hi"},)"
            R"({"type":"tool_use","id":"toolu_*","name":"f","input":{"a":1}}],)"
            R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":109,)"
            R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":17}})");
}

TEST(Messages, StreamsBlocksInOrder) {
  TestService service;
  service.says("[THINK]h[/THINK]H[TOOL_CALLS]f[ARGS]{}");
  const http::Answer answer = service.post(kPath, concat(R"({"stream":true,)", kTools));
  const auto event = [](std::string_view type, std::string_view rest) {
    return concat("event: ", type, "\ndata: {\"type\":\"", type, "\"", rest, "}\n\n");
  };
  const auto block = [&](int index, std::string_view json) {
    return event("content_block_start", concat(",\"index\":", index, ",\"content_block\":", json));
  };
  const auto delta = [&](int index, std::string_view json) {
    return event("content_block_delta", concat(",\"index\":", index, ",\"delta\":", json));
  };
  const auto stop = [&](int index) {
    return event("content_block_stop", concat(",\"index\":", index));
  };
  EXPECT_EQ(
      settled(answer.body),
      event("message_start",
            R"(,"message":{"id":"msg_*","type":"message","role":"assistant","model":"test",)"
            R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":109,)"
            R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}})") +
          event("ping", "") + block(0, R"({"type":"thinking","thinking":"","signature":""})") +
          delta(0, R"({"type":"thinking_delta","thinking":"h"})") +
          delta(0, R"({"type":"signature_delta","signature":"bise"})") + stop(0) +
          block(1, R"({"type":"text","text":""})") +
          delta(1, R"({"type":"text_delta","text":"H"})") + stop(1) +
          block(2, R"({"type":"tool_use","id":"toolu_*","name":"f","input":{}})") +
          delta(2, R"({"type":"input_json_delta","partial_json":"{}"})") + stop(2) +
          event("message_delta",
                R"(,"delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":)"
                R"({"input_tokens":109,"cache_creation_input_tokens":0,)"
                R"("cache_read_input_tokens":0,"output_tokens":9})") +
          event("message_stop", ""));
}

TEST(Messages, NamesTheStopSequenceAndTheLength) {
  TestService service;
  service.says("one two");
  const auto end = [&](std::string_view more) {
    const http::Answer answer =
        service.post(kPath, concat("{", more, R"(,"messages":[{"role":"user","content":"hi"}]})"));
    const Json json = read_json(answer.body).value();
    return concat(write_json(*json.find("stop_reason")), write_json(*json.find("stop_sequence")));
  };
  EXPECT_EQ(end(R"("max_tokens":50,"stop_sequences":["x"," t"])"), R"("stop_sequence"" t")");
  EXPECT_EQ(end(R"("max_tokens":3)"), R"("max_tokens"null)");
  EXPECT_EQ(end(R"("max_tokens":50)"), R"("end_turn"null)");
}

TEST(Messages, LeaveFieldsOfOtherRoutesWithoutEffect) {
  TestService service;
  service.says("abc");
  const http::Answer answer = service.post(
      kPath, R"({"max_tokens":9,"n":3,"max_completion_tokens":1,"frequency_penalty":1e9,)"
             R"("messages":[{"role":"user","content":"hi"}]})");
  EXPECT_NE(answer.body.find(R"("text":"abc")"), std::string::npos) << answer.body;
  EXPECT_EQ(service.record(0).without_effect, "n,max_completion_tokens,frequency_penalty");
}

TEST(Messages, ReadsResultsOfToolsAndCountsTokens) {
  TestService service;
  service.says("ok");
  const std::string said =
      R"("system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"hi"},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"x"},)"
      R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}]},{"role":"user",)"
      R"("content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"42"},)"
      R"({"type":"text","text":"go on"}]}]})";
  const http::Answer answer = service.post(kPath, concat(R"({"max_tokens":9,)", said));
  EXPECT_EQ(answer.status, 200) << answer.body;
  const Json json = read_json(answer.body).value();
  const http::Answer count = service.post("/v1/messages/count_tokens", concat("{", said));
  EXPECT_EQ(count.body, concat(R"({"input_tokens":)",
                               write_json(*json.find("usage")->find("input_tokens")), "}"));
}

TEST(Messages, RefusesInItsOwnWords) {
  TestService service;
  const http::Answer missing = service.post(kPath, R"({"messages":[]})");
  EXPECT_EQ(missing.status, 400);
  const Json json = read_json(missing.body).value();
  EXPECT_EQ(*json.find("type"), Json("error"));
  EXPECT_EQ(*json.find("error")->find("type"), Json("invalid_request_error"));
  EXPECT_EQ(json.find("request_id")->as_string(), missing.headers.get("request-id"));
  const http::Answer forced =
      service.post(kPath, concat(R"({"tool_choice":{"type":"any"},)", kTools));
  EXPECT_EQ(forced.status, 400);
  EXPECT_NE(forced.body.find("tool_choice"), std::string::npos);
}

}  // namespace
}  // namespace bise::api
