#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bise {

// Walks through a JSON text without building a tree, for vocabularies of a hundred thousand
// entries. What is passed over is only checked for balanced brackets and strings; what matters is
// read, small parts of it with read_json(raw()).
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  // The next member's name, without escapes undone, or nothing at the end of the object. The first
  // call enters it: `first` is set to true before and false by it.
  Result<bool> next_member(bool& first, std::string_view& key);
  // The same for the items of an array.
  Result<bool> next_item(bool& first);

  // A string with its escapes undone: a part of the text, or `scratch` where there were escapes.
  // Valid until `scratch` changes.
  Result<std::string_view> string(std::string& scratch);
  // A number without fraction and exponent.
  Result<std::int64_t> integer();
  // Any value, passed over; its text.
  Result<std::string_view> raw();

  // '{', '[', '"' ...: what the next value begins with; 0 at the end.
  char peek();
  Result<void> expect_end();

 private:
  Error expected(std::string_view what) const;
  void skip_space();
  // The text between the quotes as written.
  Result<std::string_view> quoted_text();
  Result<bool> next(bool& first, char open, char close);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace bise
