#pragma once

#include "apps/loaded_model.h"
#include "apps/run.h"

namespace bise {

// Answers the prompt on stdout. Returns the exit code: 130 when Ctrl-C stopped it.
Result<int> answer_once(LoadedModel& loaded, const RunOptions& options, const std::string& prompt);

}  // namespace bise
