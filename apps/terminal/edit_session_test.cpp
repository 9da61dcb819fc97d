#include "apps/terminal/edit_session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace bise {
namespace {

using Kind = Key::Kind;

const std::vector<std::string> kCommands = {"/save", "/set", "/stats", "/help"};

class EditSessionTest : public testing::Test {
 protected:
  EditAction type(const std::string& bytes) {
    KeyDecoder decoder;
    EditAction action = EditAction::go_on;
    for (const Key& key : decoder.push(bytes)) {
      action = session_->apply(key);
      if (action != EditAction::go_on) break;
    }
    return action;
  }
  const std::string& text() const { return session_->buffer().text(); }
  void begin() { session_.emplace(history_, kCommands); }
  void SetUp() override { begin(); }

  History history_{""};
  std::optional<EditSession> session_;
};

TEST_F(EditSessionTest, EnterSubmits) {
  EXPECT_EQ(type("hello\r"), EditAction::submit);
  EXPECT_EQ(session_->entry(), "hello");
}

TEST_F(EditSessionTest, AltEnterAndATrailingBackslashBeginALine) {
  EXPECT_EQ(type("one\033\rtwo\\\rthree\r"), EditAction::submit);
  EXPECT_EQ(session_->entry(), "one\ntwo\nthree");
  begin();
  EXPECT_EQ(type("a backslash \\\\\r"), EditAction::submit);
  EXPECT_EQ(session_->entry(), "a backslash \\\\");
}

TEST_F(EditSessionTest, ABlockEndsWithItsQuotes) {
  EXPECT_EQ(type("\"\"\"one\r"), EditAction::go_on);
  EXPECT_EQ(type("two\r\"\"\"\r"), EditAction::submit);
  EXPECT_EQ(session_->entry(), "one\ntwo");
}

TEST_F(EditSessionTest, APasteWithLineBreaksDoesNotSubmit) {
  EXPECT_EQ(type("\033[200~one\rtwo\r\033[201~"), EditAction::go_on);
  EXPECT_EQ(text(), "one\ntwo\n");
}

TEST_F(EditSessionTest, ControlKeysAsInShells) {
  EXPECT_EQ(type("\x04"), EditAction::end_of_input);
  EXPECT_EQ(type("ab\x01\x04"), EditAction::go_on);
  EXPECT_EQ(text(), "b");
  EXPECT_EQ(type("\x03"), EditAction::interrupt);
  EXPECT_EQ(type("\x0c"), EditAction::clear_screen);
  EXPECT_EQ(type("\x0f"), EditAction::toggle);
  EXPECT_EQ(type("\x1a"), EditAction::suspend);
}

TEST_F(EditSessionTest, ArrowsGoThroughTheHistoryAndBack) {
  ASSERT_TRUE(history_.add("first").ok());
  ASSERT_TRUE(history_.add("sec\nond").ok());
  begin();
  type("draft\033[A");
  EXPECT_EQ(text(), "sec\nond");
  type("\033[A\033[A");  // the line above, then the entry before
  EXPECT_EQ(text(), "first");
  type("\033[A");
  EXPECT_EQ(text(), "first");
  type("\033[B\033[B\033[B");
  EXPECT_EQ(text(), "draft");
}

TEST_F(EditSessionTest, TabCompletesCommands) {
  type("/s\t");
  EXPECT_EQ(text(), "/s");
  type("e\t");
  EXPECT_EQ(text(), "/set ");
  begin();
  type("/st\t");
  EXPECT_EQ(text(), "/stats ");
  begin();
  type("no/s\t");
  EXPECT_EQ(text(), "no/s");
}

TEST(History, SurvivesInItsFile) {
  const std::string path = testing::TempDir() + "/bise-history-test";
  ::unlink(path.c_str());
  {
    History history(path);
    EXPECT_TRUE(history.entries().empty());
    EXPECT_TRUE(history.add("one\nand \"more\"").ok());
    EXPECT_TRUE(history.add("one\nand \"more\"").ok());  // not twice
    EXPECT_TRUE(history.add("").ok());
    EXPECT_TRUE(history.add("두 번째").ok());
  }
  std::ofstream(path, std::ios::app) << "not json\n\"third\"\n";
  const History history(path);
  EXPECT_EQ(history.entries(), (std::vector<std::string>{"one\nand \"more\"", "두 번째", "third"}));
  ::unlink(path.c_str());
}

TEST(History, SaysWhenItCannotWrite) {
  History history("/nowhere/history");
  const auto added = history.add("x");
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::io);
  EXPECT_EQ(history.entries().size(), 1U);
}

}  // namespace
}  // namespace bise
