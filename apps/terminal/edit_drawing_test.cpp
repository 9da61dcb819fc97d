#include "apps/terminal/edit_drawing.h"

#include <gtest/gtest.h>

#include "apps/terminal/fake_screen.h"

namespace bise {
namespace {

const PromptText kPrompt = {"> ", "  ", 2};
using Rows = std::vector<std::string>;

TEST(DrawEdit, BreaksRowsBeforeTheEdge) {
  const EditDrawing drawing = draw_edit(kPrompt, "abcdefghij", 10, 8);
  EXPECT_EQ(drawing.rows, (Rows{"> abcde", "  fghij"}));
  EXPECT_EQ(drawing.cursor_row, 1);
  EXPECT_EQ(drawing.cursor_column, 7);
}

TEST(DrawEdit, NeverCutsAWideCharacter) {
  const EditDrawing drawing = draw_edit(kPrompt, "한국어다", 3, 8);
  EXPECT_EQ(drawing.rows, (Rows{"> 한국", "  어다"}));
  EXPECT_EQ(drawing.cursor_row, 0);
  EXPECT_EQ(drawing.cursor_column, 4);
}

TEST(DrawEdit, ShowsLineBreaksAndTabs) {
  const EditDrawing drawing = draw_edit(kPrompt, "a\n\n\tb", 2, 40);
  EXPECT_EQ(drawing.rows, (Rows{"> a", "  ", "      b"}));
  EXPECT_EQ(drawing.cursor_row, 1);
  EXPECT_EQ(drawing.cursor_column, 2);
}

TEST(DrawEdit, WorksOnAScreenTooNarrowForIt) {
  EXPECT_EQ(draw_edit(kPrompt, "한b", 0, 1).rows, (Rows{"> 한", "  b"}));
}

TEST(EditScreen, ReplacesWhatItShowed) {
  FakeScreen screen(10);
  screen.write("before\n");
  EditScreen edit;
  screen.write(edit.show(draw_edit(kPrompt, "one two three four", 4, 10), 10, 20));
  EXPECT_EQ(screen.rows(), (Rows{"before", "> one two", "   three", "  four"}));
  EXPECT_EQ(screen.row(), 1);
  EXPECT_EQ(screen.column(), 6);
  screen.write(edit.show(draw_edit(kPrompt, "x", 1, 10), 10, 20));
  EXPECT_EQ(screen.rows(), (Rows{"before", "> x"}));
  screen.write(edit.show(draw_edit(kPrompt, "a\nb\nc", 0, 10), 10, 20));
  screen.write(edit.leave());
  screen.write("after");
  EXPECT_EQ(screen.rows(), (Rows{"before", "> a", "  b", "  c", "after"}));
  EXPECT_FALSE(screen.was_wrapped());
}

TEST(EditScreen, OfAHighEntryShowsThePartAroundTheCursor) {
  FakeScreen screen(10);
  EditScreen edit;
  const std::string text = "1\n2\n3\n4\n5\n6\n7\n8";
  screen.write(edit.show(draw_edit(kPrompt, text, text.size(), 10), 10, 3));
  EXPECT_EQ(screen.rows(), (Rows{"  6", "  7", "  8"}));
  screen.write(edit.show(draw_edit(kPrompt, text, 0, 10), 10, 3));
  EXPECT_EQ(screen.rows(), (Rows{"> 1", "  2", "  3"}));
}

TEST(EditScreen, ErasesItself) {
  FakeScreen screen(10);
  screen.write("before\n");
  EditScreen edit;
  screen.write(edit.show(draw_edit(kPrompt, "a\nb", 3, 10), 10, 3));
  screen.write(edit.erase(10));
  screen.write("x");
  EXPECT_EQ(screen.rows(), (Rows{"before", "x"}));
}

}  // namespace
}  // namespace bise
