#include "apps/terminal/line_buffer.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bise {
namespace {

// The text with a bar where the cursor is.
std::string shown(const LineBuffer& buffer) {
  const std::string& text = buffer.text();
  return concat(text.substr(0, buffer.cursor()), "|", text.substr(buffer.cursor()));
}

LineBuffer typed(std::string_view text) {
  LineBuffer buffer;
  buffer.insert(text);
  return buffer;
}

TEST(LineBuffer, MovesAndErasesByWholeCharacters) {
  LineBuffer buffer = typed("가e\u0301b");
  buffer.move_left();
  buffer.move_left();
  EXPECT_EQ(shown(buffer), "가|e\u0301b");
  buffer.erase_right();
  EXPECT_EQ(shown(buffer), "가|b");
  buffer.erase_left();
  EXPECT_EQ(shown(buffer), "|b");
  buffer.erase_left();
  buffer.move_left();
  EXPECT_EQ(shown(buffer), "|b");
  buffer.move_right();
  buffer.move_right();
  buffer.erase_right();
  EXPECT_EQ(shown(buffer), "b|");
}

TEST(LineBuffer, MovesByWordsInAnyScript) {
  LineBuffer buffer = typed("one, 안녕 세계");
  buffer.move_word_left();
  EXPECT_EQ(shown(buffer), "one, 안녕 |세계");
  buffer.move_word_left();
  buffer.move_word_left();
  EXPECT_EQ(shown(buffer), "|one, 안녕 세계");
  buffer.move_word_right();
  EXPECT_EQ(shown(buffer), "one|, 안녕 세계");
  buffer.erase_word_right();
  EXPECT_EQ(shown(buffer), "one| 세계");
}

TEST(LineBuffer, GivesBackWhatItKilled) {
  LineBuffer buffer = typed("one two");
  buffer.erase_word_left();
  EXPECT_EQ(shown(buffer), "one |");
  buffer.move_home();
  buffer.yank();
  EXPECT_EQ(shown(buffer), "two|one ");
  buffer.erase_to_end();
  EXPECT_EQ(shown(buffer), "two|");
  buffer.erase_to_begin();
  buffer.erase_to_begin();
  EXPECT_EQ(shown(buffer), "|");
  buffer.yank();
  EXPECT_EQ(shown(buffer), "two|");
}

TEST(LineBuffer, KillsTheLineBreakAtTheEndOfALine) {
  LineBuffer buffer = typed("a\nb");
  buffer.move_up();
  buffer.move_end();
  buffer.erase_to_end();
  EXPECT_EQ(shown(buffer), "a|b");
}

TEST(LineBuffer, GoesUpAndDownByColumns) {
  LineBuffer buffer = typed("한글자\nab\nlonger");
  EXPECT_FALSE(buffer.move_down());
  EXPECT_TRUE(buffer.move_up());
  EXPECT_EQ(shown(buffer), "한글자\nab|\nlonger");
  EXPECT_TRUE(buffer.move_up());
  EXPECT_EQ(shown(buffer), "한|글자\nab\nlonger");
  EXPECT_FALSE(buffer.move_up());
  buffer.move_end();
  EXPECT_EQ(shown(buffer), "한글자|\nab\nlonger");
  EXPECT_TRUE(buffer.move_down());
  EXPECT_TRUE(buffer.move_down());
  EXPECT_EQ(shown(buffer), "한글자\nab\nlo|nger");
  buffer.move_home();
  EXPECT_EQ(shown(buffer), "한글자\nab\n|longer");
}

}  // namespace
}  // namespace bise
