#include "api/schema_check.h"

#include "base/check.h"
#include "base/text.h"

namespace bise::api {
namespace {

using Fault = std::optional<SchemaFault>;

std::string join(std::string_view path, std::string_view part) {
  return path.empty() ? std::string(part) : concat(path, ".", part);
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_number() && value.to_int64().has_value();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  CHECK(type == "object");
  return value.is_object();
}

std::string_view with_article(std::string_view type) {
  if (type == "integer") return "an integer";
  if (type == "array") return "an array";
  if (type == "object") return "an object";
  if (type == "boolean") return "true or false";
  if (type == "number") return "a number";
  return type == "string" ? "a string" : "null";
}

std::string_view fault_word(std::string_view type) {
  if (type == "integer") return "int_type";
  if (type == "number") return "float_type";
  if (type == "boolean") return "bool_type";
  if (type == "array") return "list_type";
  return type == "object" ? "dict_type" : "string_type";
}

Fault check_type(const Json& type, const Json& value, std::string_view path) {
  if (type.is_string()) {
    if (has_type(value, type.as_string())) return {};
    return SchemaFault{
        std::string(path), std::string(fault_word(type.as_string())),
        concat("expected ", with_article(type.as_string()), ", found ", value.kind_name())};
  }
  std::string all;
  for (const Json& one : type.items()) {
    if (has_type(value, one.as_string())) return {};
    if (one.as_string() != "null") {
      all += concat(all.empty() ? "" : " or ", with_article(one.as_string()));
    }
  }
  return SchemaFault{std::string(path), std::string(fault_word(type.items().front().as_string())),
                     concat("expected ", all, ", found ", value.kind_name())};
}

Fault check_enum(const Json& words, const Json& value, std::string_view path) {
  std::string all;
  for (const Json& word : words.items()) {
    if (word == value) return {};
    all += concat(all.empty() ? "" : ", ", word.is_string() ? word.as_string() : write_json(word));
  }
  const std::string found = value.is_string() ? value.as_string() : std::string(value.kind_name());
  return SchemaFault{std::string(path), "enum",
                     concat("'", quoted(found, 40), "' is none of ", all)};
}

Fault check_bound(std::string_view keyword, const Json& bound, double value,
                  std::string_view path) {
  const double limit = *bound.to_double();
  const auto fault = [&](std::string_view kind, std::string_view words) {
    return SchemaFault{std::string(path), std::string(kind),
                       concat("expected a number ", words, " ", bound.number().text)};
  };
  if (keyword == "minimum" && value < limit) return fault("greater_than_equal", "of at least");
  if (keyword == "maximum" && value > limit) return fault("less_than_equal", "of at most");
  if (keyword == "exclusiveMinimum" && value <= limit) return fault("greater_than", "above");
  return {};
}

Fault check_size(std::string_view keyword, const Json& bound, const Json& value,
                 std::string_view path) {
  const auto limit = static_cast<std::size_t>(*bound.to_int64());
  const bool text = keyword.ends_with("Length");
  if (text ? !value.is_string() : !value.is_array()) return {};
  const std::size_t size = text ? value.as_string().size() : value.items().size();
  if (keyword.starts_with("min") ? size >= limit : size <= limit) return {};
  return SchemaFault{std::string(path), keyword.starts_with("min") ? "too_short" : "too_long",
                     concat("expected ", keyword.starts_with("min") ? "at least " : "at most ",
                            limit, text ? " bytes" : " entries", ", found ", size)};
}

Fault check_members(const Json& schema, const Json& value, std::string_view path,
                    const Json& components) {
  if (const Json* required = schema.find("required")) {
    for (const Json& name : required->items()) {
      if (value.find(name.as_string()) != nullptr) continue;
      return SchemaFault{join(path, name.as_string()), "missing", "the field is missing"};
    }
  }
  const Json* properties = schema.find("properties");
  if (properties == nullptr) return {};
  for (const Json::Member& member : value.members()) {
    const Json* inner = properties->find(member.first);
    if (inner == nullptr) continue;
    if (Fault fault = find_fault(*inner, member.second, join(path, member.first), components)) {
      return fault;
    }
  }
  return {};
}

}  // namespace

std::optional<SchemaFault> find_fault(const Json& schema, const Json& value, std::string_view path,
                                      const Json& components) {
  if (const Json* reference = schema.find("$ref")) {
    constexpr std::string_view kWhere = "#/components/schemas/";
    const Json* target = components.find(reference->as_string().substr(kWhere.size()));
    CHECK(target != nullptr);
    return find_fault(*target, value, path, components);
  }
  for (const Json::Member& keyword : schema.members()) {
    const std::string& name = keyword.first;
    Fault fault;
    if (name == "type") fault = check_type(keyword.second, value, path);
    if (name == "enum" && !value.is_null()) fault = check_enum(keyword.second, value, path);
    if (value.is_number() && (name.ends_with("imum") || name.ends_with("Minimum"))) {
      fault = check_bound(name, keyword.second, *value.to_double(), path);
    }
    if (name.ends_with("Length") || name.ends_with("Items")) {
      fault = check_size(name, keyword.second, value, path);
    }
    if (fault) return fault;
  }
  if (value.is_object()) return check_members(schema, value, path, components);
  const Json* items = schema.find("items");
  if (items == nullptr || !value.is_array()) return {};
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    if (Fault fault = find_fault(*items, value.items()[i], join(path, concat(i)), components)) {
      return fault;
    }
  }
  return {};
}

}  // namespace bise::api
