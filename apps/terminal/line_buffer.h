#pragma once

#include <string>
#include <string_view>

namespace bise {

// Text being edited and the cursor in it, which always stands between clusters (char_width.h).
class LineBuffer {
 public:
  const std::string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  bool empty() const { return text_.empty(); }

  void set(std::string text);  // cursor at the end
  void insert(std::string_view text);

  void move_left();
  void move_right();
  void move_word_left();
  void move_word_right();
  // To the ends of the line the cursor is in.
  void move_home();
  void move_end();
  // To the line above or below, as near to the same column as it goes; false in the first (last).
  bool move_up();
  bool move_down();

  void erase_left();
  void erase_right();
  // These keep what they erase for yank().
  void erase_word_left();
  void erase_word_right();
  void erase_to_end();    // of the line; at its end the line break
  void erase_to_begin();  // of the line
  void yank();

 private:
  std::size_t word_left() const;
  std::size_t word_right() const;
  std::size_t line_begin(std::size_t at) const;
  std::size_t line_end(std::size_t at) const;
  // The place in the line that begins at `begin` which is nearest to `column`.
  std::size_t at_column(std::size_t begin, int column) const;
  void kill(std::size_t begin, std::size_t end);

  std::string text_;
  std::size_t cursor_ = 0;
  std::string killed_;
};

}  // namespace bise
