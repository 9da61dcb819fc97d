#include "tokenizer/char_class.h"

#include <gtest/gtest.h>

#include <vector>

#include "tokenizer/golden_files.h"

namespace bise {
namespace {

TEST(CharClass, IsWhatTheReferenceSaysForEveryCodePoint) {
  const Json json = read_json(golden::read("tests/golden/tokenizer/char-classes.json")).value();
  std::vector<CharClass> expected(0x110000, CharClass::other);
  const auto fill = [&](std::string_view name, CharClass kind) {
    for (const Json& range : json.find(name)->items()) {
      const auto first = range.items()[0].to_int64().value();
      const auto last = range.items()[1].to_int64().value();
      for (auto code_point = first; code_point <= last; ++code_point) expected[code_point] = kind;
    }
  };
  fill("upper", CharClass::upper);
  fill("lower", CharClass::lower);
  fill("other_letter", CharClass::other_letter);
  fill("mark", CharClass::mark);
  fill("number", CharClass::number);
  fill("space", CharClass::space);
  for (char32_t code_point = 0; code_point < 0x110000; ++code_point) {
    ASSERT_EQ(char_class(code_point), expected[code_point]) << static_cast<unsigned>(code_point);
  }
}

}  // namespace
}  // namespace bise
