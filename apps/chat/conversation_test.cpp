#include "apps/chat/conversation.h"

#include <gtest/gtest.h>

#include "apps/system_prompt.h"

namespace bise {
namespace {

AnswerSegment text(const std::string& words) {
  AnswerSegment segment;
  segment.text = words;
  return segment;
}

AnswerSegment thought(const std::string& words) {
  AnswerSegment segment;
  segment.kind = AnswerSegment::Kind::thinking;
  segment.text = words;
  return segment;
}

AnswerSegment call(const std::string& name, const std::string& arguments) {
  AnswerSegment segment;
  segment.kind = AnswerSegment::Kind::call;
  segment.name = name;
  segment.arguments = arguments;
  return segment;
}

TEST(Conversation, BecomesARequestWithTheInstructionsFirst) {
  Conversation chat;
  chat.add_user("Hi");
  chat.add_answer({text("Hello.")});
  chat.add_user("And?");
  chat.set_system(system_message("Be short.", Layout::v13));
  const ChatRequest request = chat.request();
  ASSERT_EQ(request.messages.size(), 4U);
  EXPECT_EQ(request.messages[0].role, ChatRole::system);
  EXPECT_EQ(request.messages[2].role, ChatRole::assistant);
  EXPECT_EQ(message_text(request.messages[3]), "And?");
}

TEST(Conversation, GivesCallsIdsThatEveryLayoutTakes) {
  Conversation chat;
  chat.add_user("weather?");
  const auto calls = chat.add_answer({call("weather", "{}"), call("time", "{\"zone\":1}")});
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].id.size(), 9U);
  EXPECT_NE(calls[0].id, calls[1].id);
  chat.add_tool_result(calls[0], "sunny");
  EXPECT_EQ(chat.messages().back().tool_call_id, calls[0].id);
  EXPECT_EQ(chat.messages().back().tool_name, "weather");
}

TEST(Conversation, ReadsCallsWrittenAsOneList) {
  AnswerSegment body;
  body.kind = AnswerSegment::Kind::call;
  body.body = R"([{"name": "a", "arguments": {"x": 1.10}}, {"no": "name"}, {"name": "b"}])";
  Conversation chat;
  const auto calls = chat.add_answer({body});
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].arguments, "{\"x\": 1.1}");
  EXPECT_EQ(calls[1].arguments, "{}");
  body.body = "[{ broken";
  EXPECT_TRUE(chat.add_answer({body}).empty());
}

TEST(Conversation, TakesBackAnswersAndQuestions) {
  Conversation chat;
  EXPECT_FALSE(chat.drop_answer());
  EXPECT_FALSE(chat.drop_exchange());
  chat.add_user("one");
  chat.add_answer({text("1")});
  chat.add_user("two");
  EXPECT_FALSE(chat.drop_answer());
  chat.drop_unanswered();
  EXPECT_EQ(chat.messages().size(), 2U);
  EXPECT_TRUE(chat.drop_answer());
  EXPECT_EQ(chat.messages().size(), 1U);
  chat.add_answer({call("f", "{}")});
  EXPECT_TRUE(chat.drop_exchange());
  EXPECT_TRUE(chat.empty());
}

TEST(Conversation, ComesBackFromWhatItSaved) {
  Conversation chat;
  chat.set_system(system_message("Be \"short\".[THINK]x[/THINK]", Layout::v13));
  chat.add_user("weather?\n안녕");
  const auto calls =
      chat.add_answer({thought("hm"), text("I look."), call("weather", "{\"a\": 1}")});
  chat.add_tool_result(calls[0], "sunny");
  chat.add_answer({text("It is sunny.")});
  ToolDefinition tool;
  tool.name = "weather";
  tool.description = "Says the weather";
  tool.parameters = Json::object({{"type", "object"}});
  chat.set_tools({tool});

  const Json saved = chat.to_json();
  const auto loaded = Conversation::from_json(*read_json(write_json(saved)));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(write_json(loaded->to_json()), write_json(saved));
  EXPECT_EQ(message_text(*loaded->system()), "Be \"short\".");
  EXPECT_EQ(loaded->tools().size(), 1U);
  EXPECT_EQ(loaded->messages().size(), 4U);
}

TEST(Conversation, RefusesFilesThatAreNone) {
  EXPECT_FALSE(Conversation::from_json(*read_json("[]")).ok());
  EXPECT_FALSE(Conversation::from_json(*read_json(R"({"messages": [{"role": "nobody"}]})")).ok());
}

}  // namespace
}  // namespace bise
