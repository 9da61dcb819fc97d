#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"

namespace bise {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const JsonReadOptions& options) : text_(text), options_(options) {}

  Result<Json> read_document() {
    Json value = TRY(read_value(0));
    skip_space();
    if (at_ != text_.size()) return fail("expected the end of the text");
    return value;
  }

 private:
  Error fail(std::string_view what) const {
    return Error{ErrorCode::corrupt_file,
                 "not valid JSON: " + std::string(what) + " at byte " + std::to_string(at_)};
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Result<Json> read_value(int depth) {
    skip_space();
    if (at_ >= text_.size()) return fail("expected a value");
    if (depth >= options_.depth_max) return fail("nested too deeply");
    switch (text_[at_]) {
      case '{':
        return read_object(depth);
      case '[':
        return read_array(depth);
      case '"':
        return Json(TRY(read_string()));
      case 't':
        if (take_word("true")) return Json(true);
        break;
      case 'f':
        if (take_word("false")) return Json(false);
        break;
      case 'n':
        if (take_word("null")) return Json();
        break;
      case 'N':
        if (take_word("NaN")) return Json(Json::Number{"NaN"});
        break;
      case 'I':
        if (take_word("Infinity")) return Json(Json::Number{"Infinity"});
        break;
      case '-':
        if (take_word("-Infinity")) return Json(Json::Number{"-Infinity"});
        return read_number();
      default:
        if (text_[at_] >= '0' && text_[at_] <= '9') return read_number();
    }
    return fail("expected a value");
  }

  Result<Json> read_number() {
    constexpr std::size_t kIntegerDigitsMax = 4300;
    const std::size_t begin = at_;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ - first;
    };
    take('-');
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t whole = zero ? 1 : digits();
    if (zero) ++at_;
    if (whole == 0) return fail("expected a digit");
    bool integer = true;
    // As in Python's scanner a point or an exponent without digits is not part of the number.
    const std::size_t before_point = at_;
    if (take('.')) {
      integer = digits() == 0;
      if (integer) at_ = before_point;
    }
    const std::size_t before_exponent = at_;
    if (take('e') || take('E')) {
      if (!take('-')) take('+');
      if (digits() == 0) {
        at_ = before_exponent;
      } else {
        integer = false;
      }
    }
    if (integer && whole > kIntegerDigitsMax) return fail("an integer of too many digits ends");
    return Json(Json::Number{std::string(text_.substr(begin, at_ - begin))});
  }

  Result<unsigned> read_hex4() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      unsigned digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<unsigned>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = static_cast<unsigned>((c | 0x20) - 'a') + 10;
      } else {
        return fail("expected four hexadecimal digits");
      }
      value = value << 4 | digit;
    }
    return value;
  }

  Result<void> read_escape(std::string& out);
  Result<std::string> read_string();
  Result<Json> read_array(int depth);
  Result<Json> read_object(int depth);

  std::string_view text_;
  JsonReadOptions options_;
  std::size_t at_ = 0;
};

Result<void> Reader::read_escape(std::string& out) {
  const char kind = at_ < text_.size() ? text_[at_] : '\0';
  const std::string_view plain = "\"\"\\\\//b\bf\fn\nr\rt\t";
  for (std::size_t i = 0; i < plain.size(); i += 2) {
    if (kind != plain[i]) continue;
    out.push_back(plain[i + 1]);
    ++at_;
    return {};
  }
  if (!take('u')) return fail("expected an escape");
  char32_t unit = TRY(read_hex4());
  if (unit >= 0xd800 && unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
    const std::size_t before = at_;
    at_ += 2;
    const char32_t low = TRY(read_hex4());
    if (low >= 0xdc00 && low < 0xe000) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    } else {
      at_ = before;
    }
  }
  append_utf8(out, unit);
  return {};
}

Result<std::string> Reader::read_string() {
  ++at_;  // the opening quote
  std::string out;
  while (true) {
    const std::size_t run = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    const std::string_view plain = text_.substr(run, at_ - run);
    if (is_valid_utf8(plain)) {
      out.append(plain);
    } else if (options_.replace_invalid_utf8) {
      out.append(bise::replace_invalid_utf8(plain));
    } else {
      return fail("a string that is not valid UTF-8 ends");
    }
    if (at_ >= text_.size()) return fail("a string does not end");
    if (take('"')) return out;
    if (!take('\\')) return fail("a control character in a string");
    TRY_VOID(read_escape(out));
  }
}

Result<Json> Reader::read_array(int depth) {
  ++at_;
  Json::Array items;
  skip_space();
  if (take(']')) return Json(std::move(items));
  while (true) {
    items.push_back(TRY(read_value(depth + 1)));
    skip_space();
    if (take(']')) return Json(std::move(items));
    if (!take(',')) return fail("expected , or ]");
  }
}

Result<Json> Reader::read_object(int depth) {
  ++at_;
  Json::Object members;
  // Repeated keys are found at the end by sorting: looking each one up would make a large object
  // quadratic.
  skip_space();
  bool closed = take('}');
  while (!closed) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '"') return fail("expected a key in quotes");
    std::string key = TRY(read_string());
    skip_space();
    if (!take(':')) return fail("expected :");
    Json value = TRY(read_value(depth + 1));
    members.emplace_back(std::move(key), std::move(value));
    skip_space();
    closed = take('}');
    if (!closed && !take(',')) return fail("expected , or }");
  }
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return members[a].first < members[b].first;
  });
  std::vector<bool> dropped(members.size());
  bool any = false;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (members[order[i]].first != members[order[i - 1]].first) continue;
    // The first place takes the later value, and stands in for the pair in the next comparison.
    members[order[i - 1]].second = std::move(members[order[i]].second);
    dropped[order[i]] = true;
    order[i] = order[i - 1];
    any = true;
  }
  if (!any) return Json(std::move(members));
  Json::Object kept;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!dropped[i]) kept.push_back(std::move(members[i]));
  }
  return Json(std::move(kept));
}

}  // namespace

Result<Json> read_json(std::string_view text, const JsonReadOptions& options) {
  return Reader(text, options).read_document();
}

}  // namespace bise
