#include "api/body.h"

#include <cmath>

#include "base/text.h"

namespace bise::api {
namespace {

bool has_bad_number(const Json& value) {
  if (value.is_number()) return !std::isfinite(*value.to_double());
  if (value.is_array()) {
    for (const Json& item : value.items()) {
      if (has_bad_number(item)) return true;
    }
  }
  if (value.is_object()) {
    for (const Json::Member& member : value.members()) {
      if (has_bad_number(member.second)) return true;
    }
  }
  return false;
}

}  // namespace

ApiResult<Json> read_body(std::string_view text) {
  auto json = read_json(text, {.depth_max = kBodyDepthMax, .replace_invalid_utf8 = false});
  if (!json.ok()) {
    return ApiError{.status = 400,
                    .message = concat("the body is not JSON: ", json.error().message),
                    .code = "invalid_json"};
  }
  if (has_bad_number(*json)) {
    return ApiError{.status = 400,
                    .message = "the body has a number that is beyond any double",
                    .code = "invalid_json"};
  }
  return std::move(json).value();
}

const Json* member(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool flag(const Json& object, std::string_view name, bool otherwise) {
  const Json* found = member(object, name);
  return found == nullptr || !found->is_bool() ? otherwise : found->as_bool();
}

std::optional<double> number(const Json& object, std::string_view name) {
  const Json* found = member(object, name);
  return found == nullptr ? std::nullopt : found->to_double();
}

std::optional<std::int64_t> integer(const Json& object, std::string_view name) {
  const Json* found = member(object, name);
  return found == nullptr ? std::nullopt : found->to_int64();
}

std::string text(const Json& object, std::string_view name) {
  const Json* found = member(object, name);
  return found == nullptr || !found->is_string() ? std::string() : found->as_string();
}

}  // namespace bise::api
