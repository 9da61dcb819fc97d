#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "apps/terminal/edit_drawing.h"
#include "apps/terminal/edit_session.h"
#include "apps/terminal/terminal.h"

namespace bise {

// Reads entries from the terminal: the loop around EditSession and EditScreen.
class LineEditor {
 public:
  LineEditor(Terminal& terminal, const History& history, std::vector<std::string> completions)
      : terminal_(terminal), history_(history), completions_(std::move(completions)) {}

  enum class End { entry, interrupt, end_of_input };
  struct Outcome {
    End end;
    std::string text;  // of an entry, or what was there when Ctrl-C came
  };
  // `on_toggle` may print something (Ctrl-O): the entry is drawn anew below.
  Outcome read(const PromptText& prompt, const std::function<void()>& on_toggle);

  // Bytes read elsewhere (while an answer ran) that belong to the next entry.
  void type_ahead(std::string_view bytes) { queue(decoder_.push(bytes)); }
  // Whether Ctrl-C was typed ahead; it and what came before it are then dropped.
  bool take_interrupt();

 private:
  void queue(std::vector<Key> keys);
  // Fills the queue; false at the end of input.
  bool wait_for_keys();

  Terminal& terminal_;
  const History& history_;
  std::vector<std::string> completions_;
  KeyDecoder decoder_;
  std::deque<Key> keys_;  // typed and not looked at yet
};

}  // namespace bise
