#pragma once

#include <string>
#include <vector>

#include "apps/terminal/history.h"
#include "apps/terminal/key_decoder.h"
#include "apps/terminal/line_buffer.h"

namespace bise {

enum class EditAction {
  go_on,
  submit,
  interrupt,     // Ctrl-C
  end_of_input,  // Ctrl-D in an empty text
  clear_screen,  // Ctrl-L
  toggle,        // Ctrl-O
  suspend,       // Ctrl-Z
};

// One entry being typed: what each key does to the text. Knows no screen.
class EditSession {
 public:
  // `completions`: whole words that Tab completes at the beginning of the text ("/help").
  EditSession(const History& history, const std::vector<std::string>& completions)
      : history_(history), completions_(completions), place_(history.entries().size()) {}

  EditAction apply(const Key& key);
  const LineBuffer& buffer() const { return buffer_; }
  void clear();

  // The entry as meant: without the quotes of a """block""".
  std::string entry() const;

 private:
  EditAction apply_control(char letter);
  EditAction enter();
  void go_up();
  void go_down();
  void show_entry(std::size_t place);
  void complete();

  const History& history_;
  const std::vector<std::string>& completions_;
  LineBuffer buffer_;
  std::size_t place_;  // in the history; its size: the new entry
  std::string draft_;  // the new entry while older ones are looked at
};

}  // namespace bise
