#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bise {

struct PromptText {
  std::string first;    // before the first row, may hold colours
  std::string further;  // before the rows after it
  int columns;          // of each
};

// An entry as rows of the screen, each at most width - 1 columns wide so that the cursor always has
// a place and nothing depends on how a terminal wraps.
struct EditDrawing {
  std::vector<std::string> rows;
  std::vector<int> columns;  // width of each row
  int cursor_row;
  int cursor_column;
};
EditDrawing draw_edit(const PromptText& prompt, std::string_view text, std::size_t cursor,
                      int width);

// Puts drawings on the screen, one over the other.
class EditScreen {
 public:
  // Bytes that replace what the last show() put there.
  std::string show(const EditDrawing& drawing, int width, int height);
  // Bytes that leave the cursor on a fresh line below the last drawing.
  std::string leave();
  // Bytes that take away what was shown.
  std::string erase(int width);
  // What was shown is no longer on the screen.
  void forget() { shown_ = {}; }

 private:
  std::string to_first_row(int width) const;

  EditDrawing shown_ = {};
};

}  // namespace bise
