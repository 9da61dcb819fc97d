#pragma once

#include <optional>
#include <string>

#include "api/page/page_routes.h"
#include "http/exchange.h"

namespace bise::api {

// PATCH /api/me with the member `password`: sets it, or with null removes it, and ends the user's
// other sessions. Answers when it has been hashed. `name`: changed with it.
void patch_password(Page& page, const http::ExchangePtr& exchange, const Json& body,
                    std::optional<std::string> name);

}  // namespace bise::api
