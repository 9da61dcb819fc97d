#pragma once

#include "api/page/page.h"
#include "base/json.h"

namespace bise::api {

// {"models": [Model], "budget_bytes"}
Json models_json(const PageContext& context, const Runs& runs);
Json machine_json(const PageContext& context);

}  // namespace bise::api
