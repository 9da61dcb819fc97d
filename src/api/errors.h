#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/request_record.h"
#include "base/json.h"
#include "base/result.h"
#include "http/message.h"
#include "http/server.h"

namespace bise::api {

// What a client is told. The type follows from the status.
struct ApiError {
  int status;
  std::string message;     // a sentence
  std::string param = {};  // the field it is about: "messages.0.role"
  std::string code = {};   // "model_not_found"; empty: none
  int retry_after_s = 0;   // with 429 and 503
  // For 422: what kind of fault ("missing", "type_error"), as `detail` names it.
  std::string fault = {};
};

// A value or an ApiError: what handlers return to their one exit.
template <class T>
class [[nodiscard]] ApiResult {
 public:
  ApiResult(T value) : value_(std::move(value)) {}
  ApiResult(ApiError error) : error_(std::move(error)) {}

  bool ok() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const ApiError& error() const { return *error_; }

 private:
  std::optional<T> value_;
  std::optional<ApiError> error_;
};

// An error of a layer below that the request brought about: invalid_argument and not_supported are
// 400, not_found 404, overloaded 429, out_of_memory 503, the rest 500 (without the message, which
// is for the operator).
ApiError from_error(const Error& error);

// "invalid_request_error", "authentication_error", ...; Anthropic's words differ.
std::string_view error_type(int status, Family family);

// The body that OpenAI and Mistral clients both read as theirs.
Json error_json(const ApiError& error);
// {"type":"error","error":{...},"request_id"}
Json anthropic_error_json(const ApiError& error, std::string_view request_id);

// In the words of the family whose route `path` is.
http::Response error_response(const ApiError& error, const http::Request* request);

// 200 with application/json.
http::Response json_response(const Json& body, int status = 200);

}  // namespace bise::api
