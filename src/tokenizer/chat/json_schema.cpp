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

using Check = Result<void> (*)(const Json& value, const std::string& path);

Result<void> anything(const Json&, const std::string&) {
  return {};
}

Result<void> a_string(const Json& value, const std::string& path) {
  if (!value.is_string()) return wrong_kind(path, "a string", value);
  return {};
}

Result<void> a_boolean(const Json& value, const std::string& path) {
  if (!value.is_bool()) return wrong_kind(path, "true or false", value);
  return {};
}

Result<void> a_number(const Json& value, const std::string& path) {
  if (!value.is_number()) return wrong_kind(path, "a number", value);
  return {};
}

Result<void> a_positive_number(const Json& value, const std::string& path) {
  TRY_VOID(a_number(value, path));
  if (*value.to_double() <= 0) return field_error(path, "expected a number above 0");
  return {};
}

// 3.0 is an integer to JSON schema.
Result<void> a_count(const Json& value, const std::string& path) {
  TRY_VOID(a_number(value, path));
  const double number = *value.to_double();
  const bool whole = value.is_integer() || (std::isfinite(number) && std::floor(number) == number);
  if (!whole || number < 0) return field_error(path, "expected an integer of at least 0");
  return {};
}

Result<void> an_array(const Json& value, const std::string& path) {
  if (!value.is_array()) return wrong_kind(path, "an array", value);
  return {};
}

Result<void> a_pattern(const Json& value, const std::string& path) {
  TRY_VOID(a_string(value, path));
  Result<void> checked = check_python_regex(value.as_string());
  if (!checked.ok()) return std::move(checked).error().in(path);
  return {};
}

Result<void> different_strings(const Json& value, const std::string& path) {
  TRY_VOID(an_array(value, path));
  std::set<std::string_view> seen;
  for (const Json& item : value.items()) {
    TRY_VOID(a_string(item, path));
    if (!seen.insert(item.as_string()).second) {
      return field_error(path, concat("'", quoted(item.as_string(), 40), "' stands there twice"));
    }
  }
  return {};
}

Result<void> a_type_name(const Json& value, const std::string& path) {
  constexpr std::array<std::string_view, 7> kTypes = {"array",  "boolean", "integer", "null",
                                                      "number", "object",  "string"};
  TRY_VOID(a_string(value, path));
  if (std::find(kTypes.begin(), kTypes.end(), value.as_string()) == kTypes.end()) {
    return field_error(path, concat("'", quoted(value.as_string(), 40), "' is no type; types are ",
                                    "array, boolean, integer, null, number, object, string"));
  }
  return {};
}

Result<void> a_type(const Json& value, const std::string& path) {
  if (!value.is_array()) return a_type_name(value, path);
  if (value.items().empty()) return field_error(path, "expected at least one type");
  for (const Json& item : value.items()) TRY_VOID(a_type_name(item, path));
  return different_strings(value, path);
}

Result<void> some_schemas(const Json& value, const std::string& path) {
  TRY_VOID(an_array(value, path));
  if (value.items().empty()) return field_error(path, "expected at least one schema");
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    TRY_VOID(check_draft7_schema(value.items()[i], concat(path, ".", i)));
  }
  return {};
}

Result<void> a_schema_or_some(const Json& value, const std::string& path) {
  return value.is_array() ? some_schemas(value, path) : check_draft7_schema(value, path);
}

// An object whose values pass `check`.
Result<void> named(const Json& value, const std::string& path, Check check) {
  if (!value.is_object()) return wrong_kind(path, "an object", value);
  for (const Json::Member& member : value.members()) {
    TRY_VOID(check(member.second, concat(path, ".", quoted(member.first, 40))));
  }
  return {};
}

Result<void> named_schemas(const Json& value, const std::string& path) {
  return named(value, path, check_draft7_schema);
}

Result<void> pattern_schemas(const Json& value, const std::string& path) {
  TRY_VOID(named_schemas(value, path));
  for (const Json::Member& member : value.members()) {
    TRY_VOID(a_pattern(Json(member.first), path));
  }
  return {};
}

Result<void> dependencies(const Json& value, const std::string& path) {
  return named(value, path, [](const Json& item, const std::string& inner) {
    return item.is_array() ? different_strings(item, inner) : check_draft7_schema(item, inner);
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
    {"additionalItems", check_draft7_schema},
    {"items", a_schema_or_some},
    {"maxItems", a_count},
    {"minItems", a_count},
    {"uniqueItems", a_boolean},
    {"contains", check_draft7_schema},
    {"maxProperties", a_count},
    {"minProperties", a_count},
    {"required", different_strings},
    {"additionalProperties", check_draft7_schema},
    {"definitions", named_schemas},
    {"properties", named_schemas},
    {"patternProperties", pattern_schemas},
    {"dependencies", dependencies},
    {"propertyNames", check_draft7_schema},
    {"const", anything},
    {"enum", an_array},
    {"type", a_type},
    {"format", a_string},
    {"contentMediaType", a_string},
    {"contentEncoding", a_string},
    {"if", check_draft7_schema},
    {"then", check_draft7_schema},
    {"else", check_draft7_schema},
    {"allOf", some_schemas},
    {"anyOf", some_schemas},
    {"oneOf", some_schemas},
    {"not", check_draft7_schema},
};

}  // namespace

Result<void> check_draft7_schema(const Json& schema, const std::string& path) {
  if (schema.is_bool()) return {};
  if (!schema.is_object())
    return wrong_kind(path, "a JSON schema (an object or true or false)", schema);
  for (const Json::Member& member : schema.members()) {
    const auto* keyword =
        std::find_if(std::begin(kKeywords), std::end(kKeywords),
                     [&](const Keyword& known) { return known.name == member.first; });
    if (keyword == std::end(kKeywords)) continue;
    TRY_VOID(keyword->check(member.second, concat(path, ".", member.first)));
  }
  return {};
}

}  // namespace bise
