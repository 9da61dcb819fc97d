#pragma once

#include <string>
#include <string_view>

#include "api/errors.h"
#include "base/json.h"

namespace bise::api {

inline constexpr int kBodyDepthMax = 64;

// A request's body as JSON. Errors are 400: what is no JSON, is nested too deep, or has a number
// that no double holds.
ApiResult<Json> read_body(std::string_view text);

// Readers of members that the field table has checked: an absent or null one is nothing.
const Json* member(const Json& object, std::string_view name);
bool flag(const Json& object, std::string_view name, bool otherwise);
std::optional<double> number(const Json& object, std::string_view name);
std::optional<std::int64_t> integer(const Json& object, std::string_view name);
std::string text(const Json& object, std::string_view name);

}  // namespace bise::api
