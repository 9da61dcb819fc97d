// GET /health and /ready.

#include "api/endpoints.h"

namespace bise::api {

void serve_health(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const auto& not_ready = services->context.not_ready;
  const std::string_view reason = not_ready ? not_ready() : std::string_view();
  http::Response response =
      json_response(Json::object({{"status", reason.empty() ? std::string_view("ok") : reason}}),
                    reason.empty() ? 200 : 503);
  response.headers.set("Cache-Control", "no-store");
  if (!reason.empty()) response.headers.set("Retry-After", "1");
  exchange->respond(std::move(response));
}

}  // namespace bise::api
