#include "api/errors.h"

#include "api/routes.h"
#include "base/text.h"

namespace bise::api {
namespace {

bool is_anthropic_path(std::string_view path) {
  return path == "/v1/messages" || path.starts_with("/v1/messages/");
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

// {"type","loc","msg"}, as pydantic writes them: loc begins with "body", indices are numbers.
Json detail_json(const ApiError& error) {
  Json loc = Json::array();
  loc.push("body");
  std::string_view rest = error.param;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    const bool number = !part.empty() && part.size() < 9 &&
                        part.find_first_not_of("0123456789") == std::string_view::npos;
    loc.push(number ? Json(std::stoi(std::string(part))) : Json(part));
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  }
  Json entry = Json::object({{"type", error.fault.empty() ? "value_error" : error.fault},
                             {"loc", std::move(loc)},
                             {"msg", error.message}});
  Json list = Json::array();
  list.push(std::move(entry));
  return list;
}

}  // namespace

ApiError from_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::not_supported:
      return {.status = 400, .message = error.message};
    case ErrorCode::not_found:
      return {.status = 404, .message = error.message, .code = "model_not_found"};
    case ErrorCode::overloaded:
      return {.status = 429, .message = error.message, .code = "overloaded"};
    case ErrorCode::out_of_memory:
      return {.status = 503, .message = error.message};
    case ErrorCode::cancelled:
      return {.status = 503, .message = "the request was ended by the server"};
    case ErrorCode::corrupt_file:
    case ErrorCode::io:
    case ErrorCode::internal:
      break;
  }
  return {.status = 500, .message = "an error of the server; its log says more"};
}

std::string_view error_type(int status, Family family) {
  const bool anthropic = family == Family::anthropic;
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return anthropic ? "not_found_error" : "invalid_request_error";
    case 413:
      return anthropic ? "request_too_large" : "invalid_request_error";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return anthropic ? "overloaded_error" : "server_error";
    case 504:
      return anthropic ? "timeout_error" : "server_error";
    default:
      break;
  }
  if (status < 500) return "invalid_request_error";
  return anthropic ? "api_error" : "server_error";
}

Json error_json(const ApiError& error) {
  Json inner = Json::object({{"message", error.message},
                             {"type", error_type(error.status, Family::openai)},
                             {"param", text_or_null(error.param)},
                             {"code", text_or_null(error.code)}});
  Json body = Json::object({{"object", "error"}});
  for (const Json::Member& member : inner.members()) body.set(member.first, member.second);
  body.set("error", std::move(inner));
  if (error.status == 422) body.set("detail", detail_json(error));
  return body;
}

Json anthropic_error_json(const ApiError& error, std::string_view request_id) {
  return Json::object(
      {{"type", "error"},
       {"error", Json::object({{"type", error_type(error.status, Family::anthropic)},
                               {"message", error.message}})},
       {"request_id", request_id}});
}

http::Response json_response(const Json& body, int status) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = write_json(body, {.spaces = false})};
}

http::Response error_response(const ApiError& error, const http::Request* request) {
  const bool anthropic = request != nullptr && is_anthropic_path(request->path);
  ApiError told = error;
  // What an overload is to Anthropic's clients; a limit of the key's own stays 429.
  if (anthropic && told.status == 429 && told.code == "overloaded") told.status = 529;
  http::Response response =
      anthropic ? json_response(anthropic_error_json(told, request->id), told.status)
                : json_response(error_json(told), told.status);
  if (told.retry_after_s > 0) response.headers.set("Retry-After", concat(told.retry_after_s));
  return response;
}

http::Response describe_failure(const http::Failure& failure, const http::Request* request) {
  ApiError error = {.status = failure.status, .message = failure.message};
  if (failure.status == 500 && request != nullptr) {
    error.message = concat("an error of the server; its log says more (request ", request->id, ")");
  }
  return error_response(error, request);
}

std::vector<std::string> id_headers() {
  return {"x-request-id", "request-id", "mistral-correlation-id"};
}

}  // namespace bise::api
