#include "tokenizer/chat/answer_parser.h"

#include <gtest/gtest.h>

#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/golden_files.h"

namespace bise {
namespace {

using Kind = AnswerEvent::Kind;

class AnswerParsing : public testing::Test {
 protected:
  void SetUp() override {
    file_ = golden::must_load_tekken(golden::small_tekken("v13"));
    layout_ = make_chat_layout(Layout::v13, *file_.tokenizer, file_.settings).value();
  }

  TokenId control(const char* name) const { return file_.tokenizer->control_id(name).value(); }
  std::vector<TokenId> text(const char* words) const { return file_.tokenizer->encode(words); }
  TokenId byte(unsigned char value) const { return 64 + value; }

  std::vector<AnswerEvent> read(AnswerParser& parser, const std::vector<TokenId>& ids) const {
    std::vector<AnswerEvent> events;
    for (const TokenId id : ids) {
      for (AnswerEvent& event : parser.push(id)) events.push_back(std::move(event));
    }
    return events;
  }
  AnswerParser parser() const { return AnswerParser(*file_.tokenizer, layout_->answer_marks()); }

  LoadedTokenizer file_;
  std::unique_ptr<const ChatLayout> layout_;
};

TEST_F(AnswerParsing, HoldsAnIncompleteCharacterBack) {
  AnswerParser reading = parser();
  EXPECT_TRUE(reading.push(byte(0xea)).empty());
  EXPECT_TRUE(reading.push(byte(0xb0)).empty());
  EXPECT_EQ(reading.push(byte(0x92)), (std::vector<AnswerEvent>{{Kind::text, 0, "\uac12"}}));
  EXPECT_TRUE(reading.push(byte(0xea)).empty());
  EXPECT_EQ(reading.finish(), (std::vector<AnswerEvent>{{Kind::text, 0, "\ufffd"}}));
}

TEST_F(AnswerParsing, GivesAnIncompleteCharacterToTheFieldBeforeTheMark) {
  AnswerParser reading = parser();
  reading.push(control("[THINK]"));
  reading.push(byte(0xea));
  EXPECT_EQ(
      reading.push(control("[/THINK]")),
      (std::vector<AnswerEvent>{{Kind::thinking, 0, "\ufffd"}, {Kind::thinking_closed, 0, ""}}));
  EXPECT_EQ(reading.push(byte('a')), (std::vector<AnswerEvent>{{Kind::text, 1, "a"}}));
}

TEST_F(AnswerParsing, StreamsACallInsideAThought) {
  AnswerParser reading = parser();
  std::vector<AnswerEvent> events;
  for (const TokenId id : {control("[THINK]"), byte('h'), control("[TOOL_CALLS]"), byte('f'),
                           control("[ARGS]"), byte('{'), byte('}'), control("</s>"), byte('x')}) {
    for (AnswerEvent& event : reading.push(id)) events.push_back(std::move(event));
  }
  EXPECT_EQ(events, (std::vector<AnswerEvent>{{Kind::thinking, 0, ""},
                                              {Kind::thinking, 0, "h"},
                                              {Kind::call_name, 1, ""},
                                              {Kind::call_name, 1, "f"},
                                              {Kind::call_arguments, 1, ""},
                                              {Kind::call_arguments, 1, "{"},
                                              {Kind::call_arguments, 1, "}"},
                                              {Kind::ended, 1, ""}}));
  EXPECT_TRUE(reading.ended());
  EXPECT_TRUE(reading.finish().empty());
  const std::vector<AnswerSegment> segments = collect_segments(events);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_FALSE(segments[0].closed);
  EXPECT_EQ(segments[1].arguments, "{}");
  EXPECT_FALSE(segments[1].id.has_value());
}

TEST_F(AnswerParsing, ContinuesAThoughtThatThePromptLeftOpen) {
  AnswerParser reading = parser();
  reading.begin_inside_thought();
  std::vector<AnswerEvent> events = read(reading, text("so"));
  for (AnswerEvent& event : read(reading, {control("[/THINK]"), byte('b')})) {
    events.push_back(std::move(event));
  }
  const std::vector<AnswerSegment> segments = collect_segments(events);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].kind, AnswerSegment::Kind::thinking);
  EXPECT_EQ(segments[0].text, "so");
  EXPECT_TRUE(segments[0].closed);
  EXPECT_EQ(segments[1].text, "b");
}

TEST_F(AnswerParsing, WordsThatLookLikeMarksStayText) {
  AnswerParser reading = parser();
  const std::vector<AnswerSegment> segments =
      collect_segments(read(reading, text("[TOOL_CALLS]f[ARGS]{}</s>")));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].text, "[TOOL_CALLS]f[ARGS]{}</s>");
}

TEST_F(AnswerParsing, IdsBeyondTheVocabularySayNothing) {
  AnswerParser reading = parser();
  EXPECT_TRUE(reading.push(-1).empty());
  EXPECT_TRUE(reading.push(1 << 30).empty());
}

}  // namespace
}  // namespace bise
