#include "tokenizer/chat/read_request.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

std::string refusal(const std::string& request) {
  const Result<ChatRequest> read = read_chat_request(read_json(request).value());
  return read.ok() ? "accepted" : read.error().message;
}

TEST(ReadRequest, FillsARequest) {
  const Result<ChatRequest> read = read_chat_request(read_json(R"({
    "model": "m", "reasoning_effort": "high", "truncate_for_context_length": "yes",
    "temperature": 0.5, "response_format": {"type": "json_object"},
    "tools": [{"function": {"name": "f", "parameters": {"b": 1.50}}}],
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}]},
      {"role": "assistant", "content": null, "weight": 1,
       "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1E5}}}]},
      {"role": "tool", "content": "", "tool_call_id": "c", "name": "f"},
      {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "closed": false}],
       "prefix": true}]})")
                                                         .value());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->model, "m");
  EXPECT_EQ(read->reasoning_effort, "high");
  EXPECT_TRUE(read->truncate_for_context_length);
  EXPECT_EQ(read->response_format.kind, ResponseFormat::Kind::json_object);
  ASSERT_EQ(read->tools.size(), 1u);
  EXPECT_EQ(write_json(read->tools[0].parameters), R"({"b": 1.5})");
  ASSERT_EQ(read->messages.size(), 4u);
  EXPECT_EQ(read->messages[0].content.size(), 2u);
  EXPECT_TRUE(read->messages[1].content.empty());
  EXPECT_EQ(read->messages[1].weight, 1.0);
  EXPECT_EQ(read->messages[1].tool_calls.at(0).id, "null");
  EXPECT_EQ(read->messages[1].tool_calls[0].arguments, R"({"x": 100000.0})");
  EXPECT_TRUE(read->messages[2].content.empty());
  EXPECT_EQ(read->messages[2].tool_name, "f");
  EXPECT_FALSE(std::get<ThinkingChunk>(read->messages[3].content.at(0)).closed);
  EXPECT_TRUE(read->messages[3].prefix);
}

TEST(ReadRequest, NamesWhatItRefuses) {
  EXPECT_EQ(refusal("{}"), "request: the field 'messages' is missing");
  EXPECT_EQ(refusal("[]"), "request: expected an object, found an array");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content": 3}]})"),
            "messages.0.content: expected a string or an array of chunks, found a number");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "developer", "content": ""}]})"),
            "messages.0.role: 'developer' is none of system, user, assistant, tool");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content": "", "name": "a"}]})"),
            "messages.0: unknown field 'name'; the fields here are role, content");
  EXPECT_EQ(refusal(R"({"messages": [], "temperature": 1.5})"),
            "temperature: expected a number from 0 to 1");
  EXPECT_EQ(refusal(R"({"messages": [], "tool_choice": "some"})"),
            "tool_choice: 'some' is none of auto, none, any, required");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content": ""}],
                        "continue_final_message": true})"),
            "continue_final_message: the last message is not the assistant's; add the text to "
            "continue");
}

TEST(ReadRequest, NamesTheChunkThatDoesNotFit) {
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content":
                        [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": ""}]}]})"),
            "messages.0.content.1: a chunk of this type cannot stand in a user message");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content":
                        [{"type": "input_audio", "input_audio": "UklGRg=="}]}]})"),
            "messages.0.content.0: audio is not supported; leave the input_audio chunk out");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content":
                        [{"type": "image_url", "image_url": "data:image/png;base64,aGk="}]}]})"),
            "messages.0.content.0.image_url: not an image of a known format; PNG, JPEG, WebP, GIF "
            "and BMP are read");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content":
                        [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}]})"),
            "messages.0.content.0.image_url.url: the URL 'https://x/y.png' is not read; give the "
            "file itself as data:TYPE;base64,BYTES");
}

TEST(ReadRequest, ReadsFillInTheMiddle) {
  const auto read = [](const char* request) {
    return read_fim_request(read_json(request).value());
  };
  EXPECT_EQ(read(R"({"prompt": "a", "suffix": "b"})")->suffix, "b");
  EXPECT_EQ(read(R"({"prompt": "a", "suffix": null})")->suffix, "");
  EXPECT_FALSE(read(R"({"prompt": "a", "model": "m"})").ok());
  EXPECT_FALSE(read(R"({"suffix": "a"})").ok());
}

}  // namespace
}  // namespace bise
