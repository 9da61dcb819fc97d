#include "tokenizer/chat/python_regex.h"

#include <gtest/gtest.h>

#include <string>

namespace bise {
namespace {

// Both lists as Python 3.11's re.compile decides.
TEST(PythonRegex, TakesWhatPythonCompiles) {
  for (const char* pattern : {"",
                              "^[a-z]+$",
                              "a|b|",
                              "(a)(?:b)(?P<n>c)(?P=n)\\1",
                              "x{2,3}?",
                              "x{,3}",
                              "x{}",
                              "x{a}",
                              "[]a]",
                              "[^]]",
                              "[a-]",
                              "[-a]",
                              "[\\d-]",
                              "(?i)a",
                              "(?i:a)(?-i:b)",
                              "(?x) a # (",
                              "(?#note)a",
                              "a(?#note)*",
                              "(?=a)*",
                              "(?<=ab|cd)e",
                              "(?<!a{3})b",
                              "(a)?(?(1)b|c)",
                              "(?>a)++",
                              "\\x41\\u00e9\\U0001F600\\101\\07",
                              "\\.\\-\\/",
                              "(?<=(a))b",
                              "\\N{DIGIT ONE}",
                              "\u00e9+",
                              "(?P<n\u00e9>a)",
                              "{",
                              "}",
                              "]",
                              "(?:^)*",
                              "(a)(?<=\\1)b"}) {
    const Result<void> checked = check_python_regex(pattern);
    EXPECT_TRUE(checked.ok()) << pattern << ": " << checked.error().message;
  }
}

TEST(PythonRegex, RefusesWhatPythonRefuses) {
  for (const char* pattern : {"\\p{L}",
                              "(?<name>a)",
                              "*a",
                              "a**",
                              "^*",
                              "\\b+",
                              "(",
                              ")",
                              "a)",
                              "[",
                              "[a",
                              "[z-a]",
                              "[\\d-x]",
                              "a{3,2}",
                              "a{99999999999}",
                              "\\",
                              "[\\",
                              "\\1",
                              "(\\1)",
                              "(?P<n>a)(?P<n>b)",
                              "(?P=x)",
                              "(?P<1>a)",
                              "(?P<>a)",
                              "(?P<a",
                              "(?(1)a)",
                              "(?(x)a)",
                              "(a)(?(1)b|c|d)",
                              "(?<=a*)b",
                              "(?<=a|bc)d",
                              "(?<=(a)\\1)b",
                              "a(?i)",
                              "(?L)",
                              "(?au)",
                              "(?-a:b)",
                              "(?i-i:a)",
                              "(?i",
                              "(?",
                              "(?P",
                              "(?#",
                              "\\x4",
                              "\\u123",
                              "\\U00110000",
                              "\\400",
                              "\\q",
                              "[\\q]",
                              "[\\8]",
                              "\\N",
                              "(?(0)a)"}) {
    EXPECT_FALSE(check_python_regex(pattern).ok()) << pattern;
  }
}

TEST(PythonRegex, BoundsItsNesting) {
  const std::string deep(100000, '(');
  EXPECT_FALSE(check_python_regex(deep).ok());
  EXPECT_FALSE(check_python_regex(deep + std::string(100000, ')')).ok());
  EXPECT_TRUE(check_python_regex(std::string(100, '(') + std::string(100, ')')).ok());
}

}  // namespace
}  // namespace bise
