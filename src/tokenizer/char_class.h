#pragma once

#include <cstdint>

namespace bise {

// What the pre-tokenizers' patterns ask of a code point, as Unicode 16.0 has it. The classes are
// disjoint; everything else (punctuation, symbols, control characters, unassigned) is `other`.
// The table is made by scripts/make_char_classes.py from tests/golden/tokenizer/char-classes.json,
// which was read out of the reference's regular expressions; a test compares every code point.
enum class CharClass : std::uint8_t {
  other,
  upper,         // Lu Lt
  lower,         // Ll
  other_letter,  // Lm Lo
  mark,          // M
  number,        // N
  space,         // White_Space: \s
};

namespace detail {
extern const std::uint8_t kCharClassTops[];    // code point >> 12: its block
extern const std::uint8_t kCharClassBlocks[];  // [blocks][32]: pages of 128 code points
extern const std::uint64_t kCharClassPages[];  // [pages][8]: a nibble for each code point
}  // namespace detail

// `code_point` is at most U+10FFFF.
inline CharClass char_class(char32_t code_point) {
  const unsigned block = detail::kCharClassTops[code_point >> 12];
  const unsigned page = detail::kCharClassBlocks[block * 32 + (code_point >> 7 & 31)];
  const std::uint64_t word = detail::kCharClassPages[page * 8 + (code_point >> 4 & 7)];
  return static_cast<CharClass>(word >> 4 * (code_point & 15) & 15);
}

}  // namespace bise
