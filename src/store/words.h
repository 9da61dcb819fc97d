#pragma once

#include <string_view>

#include "base/result.h"
#include "store/access_records.h"

namespace bise::store {

// "there is no such chat": of what is missing and of what is somebody else's.
Error missing(std::string_view what);
Error name_taken(std::string_view name);
Error owner_stays();

inline constexpr TimeMs kDayMs = 86'400'000;

}  // namespace bise::store
