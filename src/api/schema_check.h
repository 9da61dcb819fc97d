#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace bise::api {

struct SchemaFault {
  std::string path;     // "messages.0.role"
  std::string kind;     // pydantic's word: "missing", "string_type", "greater_than_equal"
  std::string message;  // "expected a string, found a number"
};

// Whether a value has the shape of one of our own schemas, as the OpenAPI document shows them.
// Understands type (a word or a list; integers may be written 3.0), enum, minimum, maximum,
// exclusiveMinimum, minLength, maxLength, minItems, maxItems, items, properties, required and
// "$ref": "#/components/schemas/NAME" into `components`; other keywords say nothing here.
std::optional<SchemaFault> find_fault(const Json& schema, const Json& value, std::string_view path,
                                      const Json& components);

}  // namespace bise::api
