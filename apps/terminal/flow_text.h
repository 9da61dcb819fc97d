#pragma once

#include <string>
#include <string_view>

namespace bise {

// Text that arrives in pieces, broken between words at the edge of the screen. A word that turns
// out too long for its row is taken back and written again in the next one. Lines of a code block
// (between ``` lines) are left to the terminal.
class FlowText {
 public:
  // `prefix` stands before each row and takes `prefix_columns`.
  FlowText(int width, std::string prefix, int prefix_columns);

  // Bytes for the screen. The text's pieces are whole characters.
  std::string push(std::string_view text);
  // The same, for a piece that ends no line: what is needed to stand on a fresh line.
  std::string finish();

  bool at_line_begin() const { return column_ == 0; }
  void set_width(int width) { width_ = width; }

 private:
  void begin_row(std::string& out);
  void put(std::string& out, std::string_view bytes, int columns);
  void put_in_word(std::string& out, std::string_view bytes, int columns);
  void end_line(std::string& out);

  int width_;
  std::string prefix_;
  int prefix_columns_;
  int column_ = 0;  // text columns of this row
  std::string word_;
  int word_columns_ = 0;
  std::string line_begin_;  // first bytes of the line, to see ```
  bool in_code_ = false;
};

}  // namespace bise
