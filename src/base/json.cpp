#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/utf8.h"

namespace bise {
namespace {

bool has_fraction_or_exponent(std::string_view text) {
  return text.find_first_of(".eE") != std::string_view::npos;
}

bool is_word(std::string_view text) {
  return text == "NaN" || text == "Infinity" || text == "-Infinity";
}

double number_to_double(const std::string& text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    // from_chars does not say which way; strtod does (the locale's point is never changed by us).
    value = std::strtod(text.c_str(), nullptr);
  }
  return value;
}

// Python's repr(float): shortest digits that read back; exponent form below 1e-4 and from 1e16.
std::string python_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char digits[40];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  const std::string_view all(digits, static_cast<std::size_t>(end - digits));
  const std::size_t e = all.find('e');
  const int exponent = std::atoi(std::string(all.substr(e + 1)).c_str());
  if (exponent >= -4 && exponent < 16) {
    const auto fixed =
        std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr;
    std::string out(digits, fixed);
    if (out.find('.') == std::string::npos) out += ".0";
    return out;
  }
  std::string out(all.substr(0, e));
  out += exponent < 0 ? "e-" : "e+";
  const int magnitude = std::abs(exponent);
  if (magnitude < 10) out += '0';
  out += std::to_string(magnitude);
  return out;
}

std::string python_number(const std::string& text) {
  if (is_word(text)) return text;
  if (has_fraction_or_exponent(text)) return python_float(number_to_double(text));
  return text == "-0" ? "0" : text;
}

void write(std::string& out, const Json& value, const JsonWriteOptions& options) {
  const std::string_view comma = options.spaces ? ", " : ",";
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_number()) {
    out += python_number(value.number().text);
  } else if (value.is_string()) {
    append_json_string(out, value.as_string(), options.ascii);
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (i > 0) out += comma;
      write(out, value.items()[i], options);
    }
    out += ']';
  } else {
    std::vector<const Json::Member*> members;
    for (const Json::Member& member : value.members()) members.push_back(&member);
    // Bytes of UTF-8 sort as code points do.
    if (options.sort_keys) {
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
    }
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += comma;
      append_json_string(out, members[i]->first, options.ascii);
      out += options.spaces ? ": " : ":";
      write(out, members[i]->second, options);
    }
    out += '}';
  }
}

void append_unicode_escape(std::string& out, char32_t unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

}  // namespace

Json::Json(std::int64_t value) : value_(Number{std::to_string(value)}) {}
Json::Json(std::uint64_t value) : value_(Number{std::to_string(value)}) {}
Json::Json(double value) : value_(Number{python_float(value)}) {}

bool Json::is_integer() const {
  return is_number() && !is_word(number().text) && !has_fraction_or_exponent(number().text);
}

const char* Json::kind_name() const {
  static constexpr const char* kNames[] = {"null",     "a boolean", "a number",
                                           "a string", "an array",  "an object"};
  return kNames[value_.index()];
}

template <class T, class V>
static auto& checked(V& value) {
  CHECK(std::holds_alternative<T>(value));
  return *std::get_if<T>(&value);
}

bool Json::as_bool() const {
  return checked<bool>(value_);
}
const std::string& Json::as_string() const {
  return checked<std::string>(value_);
}
const Json::Array& Json::items() const {
  return checked<Array>(value_);
}
Json::Array& Json::items() {
  return checked<Array>(value_);
}
const Json::Object& Json::members() const {
  return checked<Object>(value_);
}
Json::Object& Json::members() {
  return checked<Object>(value_);
}
const Json::Number& Json::number() const {
  return checked<Number>(value_);
}

std::optional<std::int64_t> Json::to_int64() const {
  if (!is_number()) return std::nullopt;
  const std::string& text = number().text;
  if (is_integer()) {
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc()) return std::nullopt;
    return value;
  }
  const double value = number_to_double(text);
  // 2^63 is exact in a double; NaN fails the comparison.
  if (!(value >= -0x1p63 && value < 0x1p63) || value != std::floor(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<double> Json::to_double() const {
  if (!is_number()) return std::nullopt;
  return number_to_double(number().text);
}

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  for (const Member& member : *members) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(key));
}

Json& Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  if (Json* present = find(key)) {
    *present = std::move(value);
  } else {
    members().emplace_back(std::move(key), std::move(value));
  }
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  items().push_back(std::move(value));
  return *this;
}

bool operator==(const Json& a, const Json& b) {
  if (a.value_.index() != b.value_.index()) return false;
  if (a.is_null()) return true;
  if (a.is_bool()) return a.as_bool() == b.as_bool();
  if (a.is_string()) return a.as_string() == b.as_string();
  if (a.is_array()) return a.items() == b.items();
  if (a.is_number()) {
    if (a.is_integer() && b.is_integer()) {
      return python_number(a.number().text) == python_number(b.number().text);
    }
    return a.to_double() == b.to_double();
  }
  if (a.members().size() != b.members().size()) return false;
  return std::all_of(a.members().begin(), a.members().end(), [&](const Json::Member& member) {
    const Json* other = b.find(member.first);
    return other != nullptr && *other == member.second;
  });
}

std::string write_json(const Json& value, const JsonWriteOptions& options) {
  std::string out;
  write(out, value, options);
  return out;
}

void append_json_string(std::string& out, std::string_view text, bool ascii) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const Utf8Step step = decode_utf8(text.substr(i));
      if (!ascii) {
        append_utf8(out, step.code_point);
      } else if (step.code_point >= 0x10000) {
        append_unicode_escape(out, 0xd800 + ((step.code_point - 0x10000) >> 10));
        append_unicode_escape(out, 0xdc00 + ((step.code_point - 0x10000) & 0x3ff));
      } else {
        append_unicode_escape(out, step.code_point);
      }
      i += step.length;
      continue;
    }
    ++i;
    static constexpr std::string_view kPlain = "\"\"\\\\\nn\rr\tt\bb\ff";
    bool escaped = false;
    for (std::size_t k = 0; k < kPlain.size(); k += 2) {
      if (c != kPlain[k]) continue;
      out += '\\';
      out += kPlain[k + 1];
      escaped = true;
      break;
    }
    if (escaped) continue;
    if (byte < 0x20 || (ascii && byte == 0x7f)) {
      append_unicode_escape(out, byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace bise
