#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "store/store.h"

namespace bise::api {

// The page's settings of a user, as it keeps them.
Result<Json> read_settings(store::Store& store, std::int64_t user_id);
Result<void> write_settings(store::Store& store, std::int64_t user_id, const Json& settings);
Result<std::optional<std::string>> default_system_prompt(store::Store& store, std::int64_t user_id);

}  // namespace bise::api
