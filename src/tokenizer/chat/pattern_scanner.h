#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "base/utf8.h"

namespace bise {

inline constexpr char32_t kPatternEnd = 0xffffffff;

// One step of a pattern: a character, or a backslash with the one after it.
struct PatternStep {
  char32_t character = kPatternEnd;
  bool escaped = false;

  bool is(char32_t plain) const { return !escaped && character == plain; }
  bool at_end() const { return character == kPatternEnd; }
};

// Goes over the characters of a regular expression.
class PatternScanner {
 public:
  explicit PatternScanner(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size();) {
      const Utf8Step step = decode_utf8(pattern.substr(at));
      pattern_.push_back(step.code_point);
      at += step.length;
    }
  }

  using Step = PatternStep;

  Error fail(std::string_view what) const {
    return Error{ErrorCode::invalid_argument,
                 concat("not a regular expression of Python's: ", what, ", at character ", at_)};
  }

  // What comes, without taking it. A lone backslash at the end is a step of its own.
  Step next() const {
    if (at_ >= pattern_.size()) return {};
    if (pattern_[at_] != '\\') return {.character = pattern_[at_]};
    if (at_ + 1 >= pattern_.size()) return {.character = '\\', .escaped = false};
    return {.character = pattern_[at_ + 1], .escaped = true};
  }
  Step get() {
    const Step step = next();
    if (!step.at_end()) at_ += step.escaped ? 2 : 1;
    return step;
  }
  // Takes this character if it comes unescaped.
  bool take(char32_t plain) {
    if (!next().is(plain)) return false;
    ++at_;
    return true;
  }
  // At most `count` unescaped characters for which `is_of` holds.
  std::u32string take_digits(std::size_t count, bool (*is_of)(char32_t)) {
    std::u32string digits;
    while (digits.size() < count && !next().escaped && !next().at_end() &&
           is_of(next().character)) {
      digits.push_back(get().character);
    }
    return digits;
  }

  std::size_t place() const { return at_; }
  void go_back(std::size_t place) { at_ = place; }

 private:
  std::u32string pattern_;
  std::size_t at_ = 0;
};

}  // namespace bise
