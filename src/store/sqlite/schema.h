#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace bise::store {

// "bise" in the file's header: that the file is ours.
inline constexpr std::int64_t kApplicationId = 0x62697365;

// Statement lists, each of which brings the file from the version of its place to the next. Those
// that have been released are never changed; a change is one more.
std::span<const char* const> migrations();

enum class Migration { allowed, refused };

// Brings the file to the newest version, all steps or none. Errors: not_supported for a newer file
// and for one that is not ours; overloaded where it would have to and is refused.
Result<void> migrate(Connection& connection, const std::string& path,
                     std::span<const char* const> steps, Migration migration);

}  // namespace bise::store
