#pragma once

#include <functional>

#include "api/page/page.h"
#include "formats/checkpoint.h"
#include "kv/kv_cache.h"
#include "models/model_spec.h"

namespace bise {

// What the page says of this machine, without its bandwidth.
api::MachineFacts machine_facts(const std::string& data_folder, const std::string& address);

// Bytes a second, with all cores for some tenths of a second; 0 if there is no memory to try it on.
double measured_bandwidth();

// What the page says of a model before it is loaded.
api::ModelDetails model_details(const Checkpoint& checkpoint, const ModelSpec& spec, KvElement kv,
                                std::int64_t context_tokens);

}  // namespace bise
