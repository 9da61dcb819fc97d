#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bise {

// What a person did on the keyboard.
struct Key {
  enum class Kind {
    text,   // characters, in `text`
    paste,  // the same, pasted in brackets: not to be looked at for commands
    enter,
    newline,  // Alt-Enter, Shift-Enter where the terminal tells, Ctrl-J
    tab,
    backspace,
    del,
    left,
    right,
    up,
    down,
    home,
    end,
    word_left,
    word_right,
    page_up,
    page_down,
    escape,
    erase_word_left,
    erase_word_right,
    control,  // Ctrl and the letter in `text`
    unknown,  // a sequence nobody asked for
  };
  Kind kind;
  std::string text;

  bool operator==(const Key&) const = default;
};

// Bytes from a terminal in raw mode to keys, however they are cut.
class KeyDecoder {
 public:
  std::vector<Key> push(std::string_view bytes);
  // No byte came for a while: an Escape that waited for the rest of a sequence was the key itself.
  std::vector<Key> idle();
  // Whether idle() would do something.
  bool is_waiting() const { return !pending_.empty() && !in_paste_; }

 private:
  // Takes one key off the front of pending_; false when more bytes are needed.
  bool take(std::vector<Key>& keys);
  bool take_escape(std::vector<Key>& keys);
  bool take_paste(std::vector<Key>& keys);
  void add_text(std::vector<Key>& keys, std::string_view text);

  std::string pending_;
  std::string pasted_;
  bool in_paste_ = false;
};

}  // namespace bise
