#include "api/page/page_result.h"

#include "base/text.h"

namespace bise::api {

PageError page_error(const Error& error) {
  ApiError told = from_error(error);
  if (error.code == ErrorCode::not_found) told.code = "not_found";
  // The store's words say what to do, and name nothing that the person may not know.
  if (error.code == ErrorCode::io) told.message = error.message;
  return {std::move(told)};
}

PageError bad_field(std::string_view field, std::string_view what) {
  return {{.status = 422, .message = concat(field, ": ", what), .param = std::string(field)}};
}

http::Response page_error_response(const PageError& error) {
  Json body = error_json(error.error);
  if (error.context > 0) {
    body.find("error")->set("needed", error.needed).set("context", error.context);
  }
  return json_response(body, error.error.status);
}

}  // namespace bise::api
