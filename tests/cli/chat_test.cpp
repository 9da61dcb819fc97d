#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "program.h"

namespace bise {
namespace {

class TerminalChat : public testing::Test {
 protected:
  TemporaryFolder home_;
  TerminalProgram chat_{{"run", kBabbler, "-n", "24", "-t", "0"}, home_.path(), 60, 20};

  void SetUp() override { ASSERT_TRUE(chat_.wait_for("Ctrl-D leaves.\n>")) << chat_.screen(); }
};

TEST_F(TerminalChat, AnswersAndAsksAgain) {
  chat_.type("Hello\r");
  ASSERT_TRUE(chat_.wait_for("(stopped after 24 tokens: /set max_tokens)\n\n>")) << chat_.screen();
  chat_.type("\x04");
  EXPECT_EQ(chat_.wait_for_end(), 0);
  EXPECT_FALSE(chat_.fake_screen().was_wrapped());
  EXPECT_TRUE(std::filesystem::exists(home_.path() + "/history"));
}

TEST_F(TerminalChat, EditsWideCharacters) {
  chat_.type("안녕 세계");
  ASSERT_TRUE(chat_.wait_for("> 안녕 세계")) << chat_.screen();
  chat_.type("\033[D\x7f!");
  EXPECT_TRUE(chat_.wait_for("> 안녕 !계")) << chat_.screen();
  chat_.type("\x01\033[3~\033\rx");
  EXPECT_TRUE(chat_.wait_for(">\n  x녕 !계")) << chat_.screen();
}

TEST_F(TerminalChat, CtrlCClearsThenWarnsThenLeaves) {
  chat_.type("half");
  ASSERT_TRUE(chat_.wait_for("> half"));
  chat_.type("\x03");
  ASSERT_TRUE(chat_.wait_for("> half\n>")) << chat_.screen();
  chat_.type("\x03");
  ASSERT_TRUE(chat_.wait_for("Ctrl-C again or Ctrl-D leaves.\n>")) << chat_.screen();
  chat_.type("\x03");
  EXPECT_EQ(chat_.wait_for_end(), 0);
}

TEST_F(TerminalChat, SetsAndSavesAndLoads) {
  chat_.type("/set max_tokens 4\r");
  ASSERT_TRUE(chat_.wait_for("max_tokens is 4.")) << chat_.screen();
  chat_.type("Hello\r");
  ASSERT_TRUE(chat_.wait_for("stopped after 4 tokens")) << chat_.screen();
  chat_.type("/save one\r");
  ASSERT_TRUE(chat_.wait_for("Saved to")) << chat_.screen();
  EXPECT_TRUE(std::filesystem::exists(home_.path() + "/chats/one.json"));
  chat_.type("/clear\r\x0c/load one\r");
  ASSERT_TRUE(chat_.wait_for("> /load one\n> Hello\n")) << chat_.screen();
  chat_.type("/nonsense\r");
  EXPECT_TRUE(chat_.wait_for("There is no command /nonsense; /help lists them.")) << chat_.screen();
}

TEST_F(TerminalChat, RemembersWhatWasTyped) {
  chat_.type("/set\r");
  ASSERT_TRUE(chat_.wait_for("Defaults:")) << chat_.screen();
  chat_.type("/stats\r\033[A\033[A");
  EXPECT_TRUE(chat_.wait_for("\n> /set")) << chat_.screen();
}

TEST_F(TerminalChat, StaysUsableWhenTheWindowChanges) {
  chat_.type("one two three four five six seven eight nine ten eleven twelve");
  ASSERT_TRUE(chat_.wait_for("eleven t\n  welve")) << chat_.screen();
  chat_.resize(30, 10);
  chat_.type(
      "\x15"
      "fresh");
  EXPECT_TRUE(chat_.wait_for("> fresh")) << chat_.screen();
}

TEST_F(TerminalChat, GivesTheTerminalBackWhenItIsKilled) {
  ::kill(chat_.pid(), SIGTERM);
  EXPECT_EQ(chat_.wait_for_end(), 128 + SIGTERM);
  EXPECT_TRUE(chat_.raw().ends_with("\033[?2004l")) << chat_.raw();
}

TEST_F(TerminalChat, CtrlCStopsTheAnswerAndNotTheProgram) {
  chat_.type("Hello\r\x03");
  ASSERT_TRUE(chat_.wait_for("> Hello\n(stopped)\n\n>")) << chat_.screen();
  chat_.type("/stats\r");
  ASSERT_TRUE(chat_.wait_for("memory ")) << chat_.screen();
  chat_.type("\x04");
  EXPECT_EQ(chat_.wait_for_end(), 0);
}

}  // namespace
}  // namespace bise
