#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bise {

// The terminal this process talks to, on stdin and stdout. One at a time; it is given back as it
// was found at the end, also when the process is ended by a signal.
class Terminal {
 public:
  // Whether there is one that understands more than text.
  static bool is_usable();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Keys arrive one by one; Ctrl-C is a key.
  void begin_editing();
  // Keys arrive one by one and are not shown; Ctrl-C is a signal.
  void begin_answering();
  // As it was found.
  void restore();

  int width() const;
  int height() const;
  // Whether its size has changed since the last call.
  bool was_resized();

  // Bytes typed, after waiting up to timeout_ms (-1: for ever); empty when there were none or the
  // size changed, nothing at the end of input.
  std::optional<std::string> read(int timeout_ms);
  void write(std::string_view text);
};

}  // namespace bise
