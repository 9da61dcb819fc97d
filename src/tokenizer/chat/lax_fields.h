#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace bise {

// Readers of single JSON values with the tolerance of pydantic's default mode: "true", "yes", 1 and
// 1.0 are true, "0.5" is a number. `path` names the value in errors: "messages.3.prefix".

Error field_error(std::string_view path, std::string_view what);
// "expected WHAT, found an array".
Error wrong_kind(std::string_view path, std::string_view expected, const Json& found);

// An object without members other than these.
Result<void> expect_object(const Json& value, std::string_view path,
                           std::initializer_list<std::string_view> known);

// The member, or an error that says it is missing.
Result<const Json*> required_member(const Json& object, std::string_view path,
                                    std::string_view key);

Result<std::string> read_string_field(const Json& value, std::string_view path);
Result<std::optional<std::string>> read_optional_string(const Json* value, std::string_view path);
Result<bool> read_bool_field(const Json& value, std::string_view path);
Result<double> read_number_field(const Json& value, std::string_view path);
// Integers of any size are accepted; only their sign is told.
enum class IntegerSign { negative, zero_or_positive };
Result<IntegerSign> read_integer_field(const Json& value, std::string_view path);

}  // namespace bise
