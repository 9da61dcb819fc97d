#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace bise {

// JSON as Python's json module reads and writes it, because prompts hold what it wrote: members
// keep their order (of a repeated key the first position and the last value), numbers are kept as
// text, NaN, Infinity and -Infinity are numbers. RFC 8259 otherwise.
class Json {
 public:
  struct Number {
    std::string text;  // as written: "1.10", "100000000000000000000", "NaN"
  };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : Json(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value);
  Json(std::uint64_t value);
  Json(double value);  // shortest form, as Python's repr
  Json(Number value) : value_(std::move(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_number() const { return std::holds_alternative<Number>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  // A number written without fraction and exponent (what Python reads as int).
  bool is_integer() const;

  // "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
  const char* kind_name() const;

  // The value; CHECKs the kind.
  bool as_bool() const;
  const std::string& as_string() const;
  const Array& items() const;
  Array& items();
  const Object& members() const;
  Object& members();
  const Number& number() const;

  // The number if it is an integer that fits, also when written 3.0 or 3e2; nothing otherwise.
  std::optional<std::int64_t> to_int64() const;
  // The number, rounded; nothing for other kinds. NaN and infinities are returned as such.
  std::optional<double> to_double() const;

  // The member of that name, or null when this is no object or has none.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  // Sets or replaces a member (the place stays), of an object or null.
  Json& set(std::string key, Json value);
  // Appends to an array or null.
  Json& push(Json value);

  // Equal values; numbers by value as Python compares them (1 == 1.0), objects in any order.
  friend bool operator==(const Json& a, const Json& b);

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

struct JsonReadOptions {
  int depth_max = 256;
  // Invalid UTF-8 inside strings: an error, or U+FFFD for each maximal ill-formed subpart.
  bool replace_invalid_utf8 = false;
};

// The one value `text` holds. Errors are corrupt_file and say what was expected at which byte.
// Lone surrogate escapes become U+FFFD. Integers have at most 4,300 digits, as in Python.
Result<Json> read_json(std::string_view text, const JsonReadOptions& options = {});

struct JsonWriteOptions {
  bool spaces = true;      // ", " and ": " as json.dumps does by default; else "," and ":"
  bool ascii = false;      // escape everything beyond ASCII as \uXXXX
  bool sort_keys = false;  // by code point
};

// json.dumps(value, ensure_ascii=False): escapes only \" \\ \n \r \t \b \f and \u00XX below U+0020;
// floats as Python's repr of the double (1e-07, 1e+16, 100000.0, Infinity), integers as they are.
std::string write_json(const Json& value, const JsonWriteOptions& options = {});

// The quoted form of one string, by the same rules.
void append_json_string(std::string& out, std::string_view text, bool ascii = false);

}  // namespace bise
