#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bise {

// Goes through JSON text value by value without building it: the lists of tensors can be many
// megabytes long, and a reader that keeps the last of two equal keys would hide that there are two.
// Errors are corrupt_file and say what was expected at which byte.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // The start of an object or array; what is inside is then read with next() before each element.
  Result<void> open(char bracket);
  // True if another element follows, false after the closing bracket. `is_first` is true before the
  // first element and kept by the caller.
  Result<bool> next(char closing_bracket, bool& is_first);

  // The name of a member, with its colon.
  Result<std::string> key();
  Result<std::string> string();
  // A number from 0 to 2^63 - 1 without fraction and exponent.
  Result<std::int64_t> count();
  // Any value, at most kDepthMax deep.
  Result<void> skip_value();
  // That nothing but blanks follows.
  Result<void> end();

 private:
  static constexpr int kDepthMax = 64;

  Error expected(std::string_view what) const;
  void skip_blanks();
  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  Result<void> skip_value(int depth);
  Result<void> skip_word();

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace bise
