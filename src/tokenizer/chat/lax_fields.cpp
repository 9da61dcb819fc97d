#include "tokenizer/chat/lax_fields.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace bise {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Underscores between other characters dropped; nothing where one stands first, last or doubled.
std::optional<std::string> without_underscores(std::string_view text) {
  if (text.starts_with('_') || text.ends_with('_') || text.find("__") != text.npos) {
    return std::nullopt;
  }
  std::string out(text);
  std::erase(out, '_');
  return out;
}

// "+12", "1_000", "7.00": a sign, digits, zeros after a point.
std::optional<IntegerSign> parse_integer(std::string_view text) {
  constexpr std::size_t kDigitsMax = 4300;
  text = trimmed(text);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    const std::string_view zeros = text.substr(point + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != zeros.npos) return std::nullopt;
    text = text.substr(0, point);
  }
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<std::string> digits = without_underscores(text);
  if (!digits || digits->empty() || digits->size() > kDigitsMax ||
      !std::all_of(digits->begin(), digits->end(), is_digit)) {
    return std::nullopt;
  }
  const bool zero = digits->find_first_not_of('0') == std::string::npos;
  return minus && !zero ? IntegerSign::negative : IntegerSign::zero_or_positive;
}

std::optional<double> parse_number(std::string_view text) {
  const std::optional<std::string> plain = without_underscores(trimmed(text));
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  const bool minus = digits.starts_with('-');
  if (minus || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.starts_with('-') || digits.starts_with('+')) return std::nullopt;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return std::nullopt;
  // Out of range either way: from_chars leaves the zero, which is right for what is too small and
  // must not be taken for what is too large.
  if (result.ec == std::errc::result_out_of_range && digits.find("e-") == digits.npos &&
      digits.find("E-") == digits.npos) {
    return std::nullopt;
  }
  return minus ? -value : value;
}

}  // namespace

Error field_error(std::string_view path, std::string_view what) {
  return Error{ErrorCode::invalid_argument, concat(path, ": ", what)};
}

Error wrong_kind(std::string_view path, std::string_view expected, const Json& found) {
  return field_error(path, concat("expected ", expected, ", found ", found.kind_name()));
}

Result<void> expect_object(const Json& value, std::string_view path,
                           std::initializer_list<std::string_view> known) {
  if (!value.is_object()) return wrong_kind(path, "an object", value);
  for (const Json::Member& member : value.members()) {
    if (std::find(known.begin(), known.end(), member.first) != known.end()) continue;
    std::string list;
    for (const std::string_view name : known) list += concat(list.empty() ? "" : ", ", name);
    return field_error(
        path, concat("unknown field '", quoted(member.first, 40), "'; the fields here are ", list));
  }
  return {};
}

Result<const Json*> required_member(const Json& object, std::string_view path,
                                    std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr) return field_error(path, concat("the field '", key, "' is missing"));
  return found;
}

Result<std::string> read_string_field(const Json& value, std::string_view path) {
  if (!value.is_string()) return wrong_kind(path, "a string", value);
  return value.as_string();
}

Result<std::optional<std::string>> read_optional_string(const Json* value, std::string_view path) {
  if (value == nullptr || value->is_null()) return std::optional<std::string>();
  return std::optional<std::string>(TRY(read_string_field(*value, path)));
}

Result<bool> read_bool_field(const Json& value, std::string_view path) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_number()) {
    const std::optional<double> number = value.to_double();
    if (number == 0.0 || number == 1.0) return *number == 1.0;
  }
  if (value.is_string()) {
    constexpr std::array<std::string_view, 6> kTrue = {"1", "on", "t", "true", "y", "yes"};
    constexpr std::array<std::string_view, 6> kFalse = {"0", "off", "f", "false", "n", "no"};
    const std::string word = small_letters(value.as_string());
    if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return true;
    if (std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) return false;
    return field_error(path, "expected true or false, found another word");
  }
  return wrong_kind(path, "true or false", value);
}

Result<double> read_number_field(const Json& value, std::string_view path) {
  if (value.is_bool()) return value.as_bool() ? 1.0 : 0.0;
  if (value.is_number()) return *value.to_double();
  if (value.is_string()) {
    const std::optional<double> number = parse_number(value.as_string());
    if (number) return *number;
    return field_error(path, "expected a number, found another string");
  }
  return wrong_kind(path, "a number", value);
}

Result<IntegerSign> read_integer_field(const Json& value, std::string_view path) {
  if (value.is_bool()) return IntegerSign::zero_or_positive;
  if (value.is_integer()) {
    const bool negative = value.number().text.starts_with('-') && value.to_double() != 0.0;
    return negative ? IntegerSign::negative : IntegerSign::zero_or_positive;
  }
  if (value.is_number()) {
    const std::optional<std::int64_t> whole = value.to_int64();
    if (whole) return *whole < 0 ? IntegerSign::negative : IntegerSign::zero_or_positive;
    return field_error(path, "expected an integer, found another number");
  }
  if (value.is_string()) {
    const std::optional<IntegerSign> sign = parse_integer(value.as_string());
    if (sign) return *sign;
    return field_error(path, "expected an integer, found another string");
  }
  return wrong_kind(path, "an integer", value);
}

}  // namespace bise
