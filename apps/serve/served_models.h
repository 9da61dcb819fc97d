#pragma once

#include <string>
#include <vector>

#include "api/model_catalog.h"
#include "api/page/page.h"
#include "apps/serve/serve_options.h"
#include "engine/engine.h"

namespace bise {

// A model of the command line or the store, as the engine and as clients see it.
struct PreparedModel {
  ModelEntry entry;
  api::ServedModel served;
  api::ModelDetails details;
};

// The models that `serve` was asked for, in order; without any those in the store; their file
// headers and tokenizers are read side by side. `passed_over` gets a sentence for each of the
// store's that cannot be served (those that were named must be: an error).
Result<std::vector<PreparedModel>> prepare_models(const ServeOptions& options,
                                                  std::vector<std::string>& passed_over);

// What all models together may take: what was said, else what the machine has free, less a part for
// everything else.
std::uint64_t memory_budget(const ServeOptions& options);

}  // namespace bise
