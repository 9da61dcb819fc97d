#pragma once

#include <memory>

#include "api/field_table.h"
#include "api/routes.h"

namespace bise::api {

// What every handler of this folder shares.
struct ApiServices {
  ApiContext context;
  FieldTable table;
};
using ServicesPtr = std::shared_ptr<const ApiServices>;

}  // namespace bise::api
