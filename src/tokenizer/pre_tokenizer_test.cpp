#include "tokenizer/pre_tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/char_class.h"

namespace bise {
namespace {

using Pieces = std::vector<std::string>;

Pieces cut(PieceScanner next_piece, std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    const std::size_t length = next_piece(text);
    if (length == 0 || length > text.size()) return {"the scanner is lost"};
    pieces.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

// The patterns as a regular expression engine sees them: alternatives of greedy repetitions, with
// backtracking, nothing clever.
struct Step {
  std::function<bool(char32_t)> takes;
  std::size_t min, max;
};
struct Alternative {
  std::vector<Step> steps;
  bool not_before_nonspace = false;  // (?!\S) at the end
};

constexpr std::size_t kMany = 1000;
constexpr std::size_t kNoMatch = std::u32string_view::npos;

CharClass kind(char32_t c) {
  return char_class(c);
}
bool is_letter(char32_t c) {
  return kind(c) == CharClass::upper || kind(c) == CharClass::lower ||
         kind(c) == CharClass::other_letter;
}
bool is_number(char32_t c) {
  return kind(c) == CharClass::number;
}
bool is_space(char32_t c) {
  return kind(c) == CharClass::space;
}
bool is_line_end(char32_t c) {
  return c == '\r' || c == '\n';
}
bool is_head(char32_t c) {
  return kind(c) == CharClass::upper || kind(c) == CharClass::other_letter ||
         kind(c) == CharClass::mark;
}
bool is_tail(char32_t c) {
  return kind(c) == CharClass::lower || kind(c) == CharClass::other_letter ||
         kind(c) == CharClass::mark;
}
bool is_symbol(char32_t c) {
  return !is_space(c) && !is_letter(c) && !is_number(c);
}
bool can_lead(char32_t c) {
  return !is_line_end(c) && !is_letter(c) && !is_number(c);
}
bool is_line_end_or_slash(char32_t c) {
  return is_line_end(c) || c == '/';
}
std::function<bool(char32_t)> is(char32_t wanted) {
  return [wanted](char32_t c) { return c == wanted; };
}

std::size_t match(const Alternative& alternative, std::u32string_view text, std::size_t at,
                  std::size_t step_index) {
  if (step_index == alternative.steps.size()) {
    const bool stopped = alternative.not_before_nonspace && at < text.size() && !is_space(text[at]);
    return stopped ? kNoMatch : at;
  }
  const Step& step = alternative.steps[step_index];
  std::size_t count = 0;
  while (count < step.max && at + count < text.size() && step.takes(text[at + count])) ++count;
  for (;; --count) {
    if (count < step.min) return kNoMatch;
    const std::size_t end = match(alternative, text, at + count, step_index + 1);
    if (end != kNoMatch) return end;
    if (count == 0) return kNoMatch;
  }
}

Pieces cut_by(const std::vector<Alternative>& pattern, std::u32string_view text) {
  Pieces pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = kNoMatch;
    for (const Alternative& alternative : pattern) {
      end = match(alternative, text, at, 0);
      if (end != kNoMatch && end > at) break;
    }
    std::string piece;
    for (const char32_t c : text.substr(at, end - at)) append_utf8(piece, c);
    pieces.push_back(piece);
    at = end;
  }
  return pieces;
}

std::vector<Alternative> tekken_pattern() {
  return {{{{can_lead, 0, 1}, {is_head, 0, kMany}, {is_tail, 1, kMany}}},
          {{{can_lead, 0, 1}, {is_head, 1, kMany}, {is_tail, 0, kMany}}},
          {{{is_number, 1, 1}}},
          {{{is(' '), 0, 1}, {is_symbol, 1, kMany}, {is_line_end_or_slash, 0, kMany}}},
          {{{is_space, 0, kMany}, {is_line_end, 1, kMany}}},
          {{{is_space, 1, kMany}}, true},
          {{{is_space, 1, kMany}}}};
}

std::vector<Alternative> gpt2_pattern() {
  std::vector<Alternative> pattern;
  for (const char* ending : {"s", "t", "re", "ve", "m", "ll", "d"}) {
    Alternative alternative = {{{is('\''), 1, 1}}};
    for (const char* c = ending; *c != 0; ++c) {
      alternative.steps.push_back({is(static_cast<char32_t>(*c)), 1, 1});
    }
    pattern.push_back(alternative);
  }
  pattern.push_back({{{is(' '), 0, 1}, {is_letter, 1, kMany}}});
  pattern.push_back({{{is(' '), 0, 1}, {is_number, 1, kMany}}});
  pattern.push_back({{{is(' '), 0, 1}, {is_symbol, 1, kMany}}});
  pattern.push_back({{{is_space, 1, kMany}}, true});
  pattern.push_back({{{is_space, 1, kMany}}});
  return pattern;
}

Pieces cut_smollm(std::u32string_view text) {
  Pieces pieces;
  const auto pattern = gpt2_pattern();
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && !is_number(text[end])) ++end;
    if (end == 0) end = 1;
    for (std::string& piece : cut_by(pattern, text.substr(0, end))) pieces.push_back(piece);
    text.remove_prefix(end);
  }
  return pieces;
}

// Characters of every class, those that the patterns name more often.
std::u32string random_text(std::mt19937& random) {
  static constexpr std::u32string_view kChars =
      U"  \t\n\r\u3000\u0085aabzABZ''strevmld.,/!/09\u00b2\u2163\u0301\u0903\u4e2d\uac00\u02b0"
      U"\u01c5\u00e9\u0130\U0001f600\u200d\U0001d400\u2028\u00a0\u0660";
  std::u32string text(1 + random() % 24, U' ');
  for (char32_t& c : text) c = kChars[random() % kChars.size()];
  // Runs are what the patterns are about.
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (random() % 3 == 0) text[i] = text[i - 1];
  }
  return text;
}

TEST(PreTokenizer, CutsAsABacktrackingMatcherOfThePatternsDoes) {
  std::mt19937 random(20241124);
  const auto pattern = tekken_pattern();
  for (int i = 0; i < 100000; ++i) {
    const std::u32string text = random_text(random);
    std::string bytes;
    for (const char32_t c : text) append_utf8(bytes, c);
    ASSERT_EQ(cut(tekken_piece, bytes), cut_by(pattern, text)) << bytes;
    ASSERT_EQ(cut(smollm_piece, bytes), cut_smollm(text)) << bytes;
  }
}

TEST(PreTokenizer, CutsWordsCapitalsDigitsAndSpacesAsTekken) {
  EXPECT_EQ(cut(tekken_piece, "Hello  World, 42x"),
            (Pieces{"Hello", " ", " World", ",", " ", "4", "2", "x"}));
  EXPECT_EQ(cut(tekken_piece, "aBcDEF"), (Pieces{"a", "Bc", "DEF"}));
  EXPECT_EQ(cut(tekken_piece, "a//\n/b \n\n  c "),
            (Pieces{"a", "//\n/", "b", " \n\n", " ", " c", " "}));
  EXPECT_EQ(cut(tekken_piece, "\u4e2dABC"), (Pieces{"\u4e2d", "ABC"}));
  // A mark before capitals stands alone, before small letters it leads.
  EXPECT_EQ(cut(tekken_piece, "\u0301ABC"), (Pieces{"\u0301", "ABC"}));
  EXPECT_EQ(cut(tekken_piece, "\u0301abc"), (Pieces{"\u0301abc"}));
}

TEST(PreTokenizer, IsLinearInRunsOfAnyCharacter) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string unit : {" ", "\n", "a", "A", ".", "/", "0", "\u0301", "\u4e2d", " \n",
                                 "\u4e2dA", "\u0301A", "'", " ."}) {
    std::string text;
    for (int i = 0; i < 300000; ++i) text.append(unit);
    EXPECT_FALSE(cut(tekken_piece, text).empty());
    EXPECT_FALSE(cut(smollm_piece, text + "1x").empty());
  }
  // Quadratic time would be hours.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace bise
