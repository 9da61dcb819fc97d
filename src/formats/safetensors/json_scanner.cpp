#include "formats/safetensors/json_scanner.h"

#include <limits>

#include "base/json.h"
#include "base/text.h"

namespace bise {

Error JsonScanner::expected(std::string_view what) const {
  return Error{ErrorCode::corrupt_file, concat("expected ", what, " at byte ", position_)};
}

void JsonScanner::skip_blanks() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++position_;
  }
}

Result<void> JsonScanner::open(char bracket) {
  skip_blanks();
  if (peek() != bracket) return expected(bracket == '{' ? "an object" : "an array");
  ++position_;
  return {};
}

Result<bool> JsonScanner::next(char closing_bracket, bool& is_first) {
  skip_blanks();
  if (peek() == closing_bracket) {
    ++position_;
    return false;
  }
  if (!is_first) {
    if (peek() != ',') return expected(concat("',' or '", closing_bracket, "'"));
    ++position_;
    skip_blanks();
    if (peek() == closing_bracket) return expected("a value");
  }
  is_first = false;
  return true;
}

Result<std::string> JsonScanner::key() {
  std::string name = TRY(string());
  skip_blanks();
  if (peek() != ':') return expected("':'");
  ++position_;
  return name;
}

Result<std::string> JsonScanner::string() {
  skip_blanks();
  if (peek() != '"') return expected("a string");
  const std::size_t begin = position_;
  std::size_t end = begin + 1;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size()) return expected("a string that ends");
  // Escapes, control characters and UTF-8 are the business of the general reader.
  const Result<Json> value = read_json(text_.substr(begin, end + 1 - begin));
  if (!value.ok()) return expected("a string of valid JSON");
  position_ = end + 1;
  return value->as_string();
}

Result<std::int64_t> JsonScanner::count() {
  skip_blanks();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const std::size_t begin = position_;
  std::int64_t value = 0;
  std::size_t end = begin;
  for (; end < text_.size() && text_[end] >= '0' && text_[end] <= '9'; ++end) {
    const int digit = text_[end] - '0';
    if (value > (kMax - digit) / 10) return expected("a count below 2^63");
    value = value * 10 + digit;
  }
  const bool has_leading_zero = end > begin + 1 && text_[begin] == '0';
  const char after = end < text_.size() ? text_[end] : '\0';
  if (end == begin || has_leading_zero || after == '.' || after == 'e' || after == 'E') {
    return expected("a count");
  }
  position_ = end;
  return value;
}

Result<void> JsonScanner::skip_word() {
  const std::size_t begin = position_;
  std::size_t end = begin;
  while (end < text_.size() && text_.substr(end, 1).find_first_of(" \n\t\r,]}:\"[{") != 0) ++end;
  // Numbers, true, false and null.
  if (end == begin || !read_json(text_.substr(begin, end - begin)).ok()) return expected("a value");
  position_ = end;
  return {};
}

Result<void> JsonScanner::skip_value() {
  return skip_value(0);
}

Result<void> JsonScanner::skip_value(int depth) {
  skip_blanks();
  if (depth >= kDepthMax) return expected("less deep nesting");
  const char opening = peek();
  if (opening == '"') {
    TRY(string());
    return {};
  }
  if (opening != '{' && opening != '[') return skip_word();
  ++position_;
  bool is_first = true;
  while (TRY(next(opening == '{' ? '}' : ']', is_first))) {
    if (opening == '{') TRY(key());
    TRY_VOID(skip_value(depth + 1));
  }
  return {};
}

Result<void> JsonScanner::end() {
  skip_blanks();
  if (position_ != text_.size()) return expected("the end");
  return {};
}

}  // namespace bise
