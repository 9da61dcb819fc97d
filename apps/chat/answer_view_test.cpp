#include "apps/chat/answer_view.h"

#include <gtest/gtest.h>

#include "apps/terminal/fake_screen.h"

namespace bise {
namespace {

using Kind = AnswerEvent::Kind;
using Rows = std::vector<std::string>;

class AnswerViewTest : public testing::Test {
 protected:
  AnswerView view(int width, ThinkingShown thinking) {
    screen_ = FakeScreen(width);
    return AnswerView({width, 20, {}, [this](std::string_view text) { screen_.write(text); }},
                      thinking);
  }
  FakeScreen screen_{80};
};

// The seconds in "thought for 0.001 s" are not the test's business.
Rows without_times(Rows rows) {
  for (std::string& row : rows) {
    const std::size_t at = row.find("thought for ");
    if (at == std::string::npos) continue;
    const std::size_t end = row.find(" s,", at);
    row = row.substr(0, at) + "thought for X" + row.substr(end);
  }
  return rows;
}

TEST_F(AnswerViewTest, ShowsTextBrokenBetweenWords) {
  AnswerView answer = view(12, ThinkingShown::folded);
  answer.show({{Kind::text, 0, "The quick "}, {Kind::text, 0, "brown fox"}});
  answer.finish();
  EXPECT_EQ(screen_.rows(), (Rows{"The quick", "brown fox"}));
}

TEST_F(AnswerViewTest, ShowsTheEndOfARunningThoughtAndFoldsItAfterwards) {
  AnswerView answer = view(60, ThinkingShown::folded);
  answer.show({{Kind::thinking, 0, ""}});
  for (int i = 0; i < 10; ++i) {
    answer.count_token();
    answer.show({{Kind::thinking, 0, "line " + std::string(1, static_cast<char>('0' + i)) + "\n"}});
  }
  EXPECT_EQ(screen_.rows(), (Rows{"│ line 7", "│ line 8", "│ line 9", "│"}));
  answer.show({{Kind::thinking_closed, 0, ""}, {Kind::text, 1, "\n\nYes."}});
  answer.finish();
  EXPECT_EQ(without_times(screen_.rows()),
            (Rows{"thought for X s, 10 tokens (Ctrl-O shows it)", "Yes."}));
  EXPECT_EQ(answer.thoughts().substr(0, 14), "line 0\nline 1\n");
}

TEST_F(AnswerViewTest, ShowsAnOpenThoughtWhole) {
  AnswerView answer = view(40, ThinkingShown::open);
  answer.show({{Kind::thinking, 0, ""},
               {Kind::thinking, 0, "one\ntwo"},
               {Kind::thinking_closed, 0, ""},
               {Kind::text, 1, "Yes."}});
  answer.finish();
  EXPECT_EQ(screen_.rows(), (Rows{"│ one", "│ two", "", "Yes."}));
}

TEST_F(AnswerViewTest, OpensAndFoldsARunningThought) {
  AnswerView answer = view(40, ThinkingShown::folded);
  answer.show({{Kind::thinking, 0, ""}, {Kind::thinking, 0, "1\n2\n3\n4\n5\n6"}});
  EXPECT_EQ(screen_.rows().size(), 4U);
  answer.toggle_thinking();
  EXPECT_EQ(screen_.rows(), (Rows{"│ 1", "│ 2", "│ 3", "│ 4", "│ 5", "│ 6"}));
  EXPECT_EQ(answer.thinking(), ThinkingShown::open);
  answer.show({{Kind::thinking, 0, "7"}});
  EXPECT_EQ(screen_.rows().back(), "│ 67");
}

TEST_F(AnswerViewTest, HidesThoughtsWithoutATrace) {
  AnswerView answer = view(40, ThinkingShown::hidden);
  answer.show({{Kind::thinking, 0, ""}, {Kind::thinking, 0, "secret"}});
  EXPECT_EQ(screen_.rows(), (Rows{"│ thinking..."}));
  answer.show({{Kind::thinking_closed, 0, ""}, {Kind::text, 1, "Yes."}});
  answer.finish();
  EXPECT_EQ(screen_.rows(), (Rows{"Yes."}));
}

TEST_F(AnswerViewTest, ShowsToolCallsAsWhatTheyAre) {
  AnswerView answer = view(40, ThinkingShown::folded);
  answer.show({{Kind::text, 0, "Let me look."},
               {Kind::call_name, 1, ""},
               {Kind::call_name, 1, "weather"},
               {Kind::call_arguments, 1, ""},
               {Kind::call_arguments, 1, "{\"city\":"},
               {Kind::call_arguments, 1, "\"Paris\"}"},
               {Kind::call_name, 2, ""},
               {Kind::call_name, 2, "time"},
               {Kind::call_arguments, 2, ""}});
  answer.finish();
  EXPECT_EQ(screen_.rows(), (Rows{"Let me look.", "tool call weather", "  {\"city\": \"Paris\"}",
                                  "tool call time"}));
}

TEST_F(AnswerViewTest, LetsNothingSteerTheTerminal) {
  AnswerView answer = view(40, ThinkingShown::open);
  answer.show({{Kind::thinking, 0, ""},
               {Kind::thinking, 0, "a\033[2Jb"},
               {Kind::call_name, 1, "n\033[1A"},
               {Kind::call_arguments, 1, "\033[3J"}});
  answer.finish();
  EXPECT_EQ(screen_.rows(), (Rows{"│ a\uFFFD[2Jb", "", "tool call n[1A", "  [3J"}));
}

}  // namespace
}  // namespace bise
