#include "tokenizer/json_cursor.h"

#include <charconv>
#include <cstring>

#include "base/json.h"
#include "base/text.h"

namespace bise {

Error JsonCursor::expected(std::string_view what) const {
  return Error{ErrorCode::corrupt_file, concat("expected ", what, " at byte ", at_)};
}

void JsonCursor::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++at_;
  }
}

char JsonCursor::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

Result<bool> JsonCursor::next(bool& first, char open, char close) {
  const auto take = [this](char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  };
  if (first) {
    first = false;
    if (!take(open)) return expected(std::string_view(&open, 1));
    return !take(close);
  }
  if (take(close)) return false;
  if (!take(',')) return expected(concat("',' or '", close, "'"));
  return true;
}

Result<bool> JsonCursor::next_member(bool& first, std::string_view& key) {
  if (!TRY(next(first, '{', '}'))) return false;
  if (peek() != '"') return expected("a member's name");
  key = TRY(quoted_text());
  if (peek() != ':') return expected("':'");
  ++at_;
  return true;
}

Result<bool> JsonCursor::next_item(bool& first) {
  return next(first, '[', ']');
}

Result<std::string_view> JsonCursor::quoted_text() {
  if (peek() != '"') return expected("a string");
  const std::size_t begin = at_ + 1;
  for (std::size_t from = begin;;) {
    const void* quote = std::memchr(text_.data() + from, '"', text_.size() - from);
    if (quote == nullptr) return expected("a string that ends");
    const std::size_t end = static_cast<const char*>(quote) - text_.data();
    // The quote is escaped if an odd number of backslashes stands before it.
    std::size_t backslashes = 0;
    while (end - backslashes > begin && text_[end - backslashes - 1] == '\\') ++backslashes;
    from = end + 1;
    if (backslashes % 2 != 0) continue;
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
}

Result<std::string_view> JsonCursor::string(std::string& scratch) {
  const std::string_view written = TRY(quoted_text());
  if (written.find('\\') == std::string_view::npos) return written;
  const Result<Json> value = read_json(concat('"', written, '"'));
  if (!value.ok()) {
    return Error{ErrorCode::corrupt_file, concat("the string ", quoted(written),
                                                 " cannot be read: ", value.error().message)};
  }
  scratch = value->as_string();
  return std::string_view(scratch);
}

Result<std::int64_t> JsonCursor::integer() {
  skip_space();
  std::int64_t value = 0;
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || (stop < end && (*stop == '.' || *stop == 'e' || *stop == 'E'))) {
    return expected("an integer");
  }
  at_ += static_cast<std::size_t>(stop - begin);
  return value;
}

Result<std::string_view> JsonCursor::raw() {
  constexpr std::size_t kDepthMax = 256;
  skip_space();
  const std::size_t begin = at_;
  std::string open;  // the brackets that must come
  do {
    const char c = peek();
    if (at_ >= text_.size()) return expected("a value");
    if (c == '"') {
      TRY(quoted_text());
    } else if (c == '{' || c == '[') {
      if (open.size() == kDepthMax) return expected("no deeper nesting");
      open.push_back(c == '{' ? '}' : ']');
      ++at_;
    } else if (c == '}' || c == ']') {
      if (open.empty() || open.back() != c) return expected("a value");
      open.pop_back();
      ++at_;
    } else if (c == ',' || c == ':') {
      if (open.empty()) return expected("a value");
      ++at_;
    } else {
      ++at_;
      while (at_ < text_.size() && std::strchr(",:]}[{\" \n\r\t", text_[at_]) == nullptr) ++at_;
    }
  } while (!open.empty());
  return text_.substr(begin, at_ - begin);
}

Result<void> JsonCursor::expect_end() {
  skip_space();
  if (at_ < text_.size()) return expected("the end");
  return {};
}

}  // namespace bise
