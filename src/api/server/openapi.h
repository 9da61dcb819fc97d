#pragma once

#include <string_view>

#include "api/field_table.h"
#include "base/json.h"

namespace bise::api {

// The OpenAPI 3.1 document of the routes of this folder, made of the field table and the list of
// operations beside it.
Json openapi_document(const FieldTable& table, std::string_view version);

}  // namespace bise::api
