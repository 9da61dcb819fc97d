#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bise {

// One step through bytes that should be UTF-8 (Unicode chapter 3, table 3-7).
struct Utf8Step {
  char32_t code_point;  // U+FFFD where not valid
  std::size_t
      length;  // bytes taken: the character, or the maximal ill-formed subpart; 0 at the end
  bool valid;
  bool incomplete;  // not valid so far, but more bytes could make it so (only at the end)
};

Utf8Step decode_utf8(std::string_view text);

// Appends the character; surrogates and values beyond U+10FFFF become U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

// Each maximal ill-formed subpart replaced by U+FFFD, as WHATWG and Python do.
std::string replace_invalid_utf8(std::string_view text);

bool is_valid_utf8(std::string_view text);

}  // namespace bise
