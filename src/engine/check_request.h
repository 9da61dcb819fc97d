#pragma once

#include "base/result.h"
#include "engine/engine.h"

namespace bise {

// invalid_argument naming the value and what it may be.
Result<void> check_request(const GenerationRequest& request, const ModelEntry& model);

}  // namespace bise
