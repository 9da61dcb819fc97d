#include "tokenizer/chat/json_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/text.h"
#include "tokenizer/chat/lax_fields.h"
#include "tokenizer/chat/python_regex.h"

namespace bise {
namespace {

// Checks say what is wrong with a value as ": expected a string"; each level puts its name in front
// on the way out, so that a path is only built for an error.
using Check = Result<void> (*)(const Json& value);

Result<void> a_schema(const Json& value);

Error off(std::string_view what) {
  return field_error("", what);
}
Error not_a(std::string_view expected, const Json& found) {
  return wrong_kind("", expected, found);
}

Result<void> within(Result<void> checked, std::string_view name) {
  if (checked.ok()) return checked;
  Error error = std::move(checked).error();
  error.message.insert(0, concat(".", quoted(name, 40)));
  return error;
}

Result<void> anything(const Json&) {
  return {};
}

Result<void> a_string(const Json& value) {
  if (!value.is_string()) return not_a("a string", value);
  return {};
}

Result<void> a_boolean(const Json& value) {
  if (!value.is_bool()) return not_a("true or false", value);
  return {};
}

Result<void> a_number(const Json& value) {
  if (!value.is_number()) return not_a("a number", value);
  return {};
}

Result<void> a_positive_number(const Json& value) {
  TRY_VOID(a_number(value));
  if (*value.to_double() <= 0) return off("expected a number above 0");
  return {};
}

// 3.0 is an integer to JSON schema.
Result<void> a_count(const Json& value) {
  TRY_VOID(a_number(value));
  const double number = *value.to_double();
  const bool whole = value.is_integer() || (std::isfinite(number) && std::floor(number) == number);
  if (!whole || number < 0) return off("expected an integer of at least 0");
  return {};
}

Result<void> an_array(const Json& value) {
  if (!value.is_array()) return not_a("an array", value);
  return {};
}

Result<void> a_regex(const std::string& pattern) {
  Result<void> checked = check_python_regex(pattern);
  if (!checked.ok()) return off(checked.error().message);
  return {};
}

Result<void> a_pattern(const Json& value) {
  TRY_VOID(a_string(value));
  return a_regex(value.as_string());
}

Result<void> different_strings(const Json& value) {
  TRY_VOID(an_array(value));
  std::set<std::string_view> seen;
  for (const Json& item : value.items()) {
    TRY_VOID(a_string(item));
    if (!seen.insert(item.as_string()).second) {
      return off(concat("'", quoted(item.as_string(), 40), "' stands there twice"));
    }
  }
  return {};
}

Result<void> a_type_name(const Json& value) {
  constexpr std::array<std::string_view, 7> kTypes = {"array",  "boolean", "integer", "null",
                                                      "number", "object",  "string"};
  TRY_VOID(a_string(value));
  if (std::find(kTypes.begin(), kTypes.end(), value.as_string()) == kTypes.end()) {
    return off(concat("'", quoted(value.as_string(), 40), "' is no type; types are ",
                      "array, boolean, integer, null, number, object, string"));
  }
  return {};
}

Result<void> a_type(const Json& value) {
  if (!value.is_array()) return a_type_name(value);
  if (value.items().empty()) return off("expected at least one type");
  for (const Json& item : value.items()) TRY_VOID(a_type_name(item));
  return different_strings(value);
}

Result<void> some_schemas(const Json& value) {
  TRY_VOID(an_array(value));
  if (value.items().empty()) return off("expected at least one schema");
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    Result<void> checked = a_schema(value.items()[i]);
    if (!checked.ok()) return within(std::move(checked), concat(i));
  }
  return {};
}

Result<void> a_schema_or_some(const Json& value) {
  return value.is_array() ? some_schemas(value) : a_schema(value);
}

// An object whose values pass `check`.
Result<void> named(const Json& value, Check check) {
  if (!value.is_object()) return not_a("an object", value);
  for (const Json::Member& member : value.members()) {
    TRY_VOID(within(check(member.second), member.first));
  }
  return {};
}

Result<void> named_schemas(const Json& value) {
  return named(value, a_schema);
}

Result<void> pattern_schemas(const Json& value) {
  TRY_VOID(named_schemas(value));
  for (const Json::Member& member : value.members()) TRY_VOID(a_regex(member.first));
  return {};
}

Result<void> dependencies(const Json& value) {
  return named(value, [](const Json& item) {
    return item.is_array() ? different_strings(item) : a_schema(item);
  });
}

struct Keyword {
  std::string_view name;
  Check check;
};

constexpr Keyword kKeywords[] = {
    {"$id", a_string},
    {"$schema", a_string},
    {"$ref", a_string},
    {"$comment", a_string},
    {"title", a_string},
    {"description", a_string},
    {"default", anything},
    {"readOnly", a_boolean},
    {"examples", an_array},
    {"multipleOf", a_positive_number},
    {"maximum", a_number},
    {"exclusiveMaximum", a_number},
    {"minimum", a_number},
    {"exclusiveMinimum", a_number},
    {"maxLength", a_count},
    {"minLength", a_count},
    {"pattern", a_pattern},
    {"additionalItems", a_schema},
    {"items", a_schema_or_some},
    {"maxItems", a_count},
    {"minItems", a_count},
    {"uniqueItems", a_boolean},
    {"contains", a_schema},
    {"maxProperties", a_count},
    {"minProperties", a_count},
    {"required", different_strings},
    {"additionalProperties", a_schema},
    {"definitions", named_schemas},
    {"properties", named_schemas},
    {"patternProperties", pattern_schemas},
    {"dependencies", dependencies},
    {"propertyNames", a_schema},
    {"const", anything},
    {"enum", an_array},
    {"type", a_type},
    {"format", a_string},
    {"contentMediaType", a_string},
    {"contentEncoding", a_string},
    {"if", a_schema},
    {"then", a_schema},
    {"else", a_schema},
    {"allOf", some_schemas},
    {"anyOf", some_schemas},
    {"oneOf", some_schemas},
    {"not", a_schema},
};

Result<void> a_schema(const Json& value) {
  if (value.is_bool()) return {};
  if (!value.is_object()) return not_a("a JSON schema (an object or true or false)", value);
  for (const Json::Member& member : value.members()) {
    const auto* keyword =
        std::find_if(std::begin(kKeywords), std::end(kKeywords),
                     [&](const Keyword& known) { return known.name == member.first; });
    if (keyword == std::end(kKeywords)) continue;
    TRY_VOID(within(keyword->check(member.second), member.first));
  }
  return {};
}

}  // namespace

Result<void> check_draft7_schema(const Json& schema, const std::string& path) {
  Result<void> checked = a_schema(schema);
  if (checked.ok()) return checked;
  Error error = std::move(checked).error();
  error.message.insert(0, path);
  return error;
}

}  // namespace bise
