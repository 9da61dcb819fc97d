#pragma once

#include <string_view>

#include "base/result.h"

namespace bise {

// The error with what to do about it, after a semicolon: for a damaged file (corrupt_file) to take
// another copy, for one of a kind that is not run (not_supported) `supported`, which says what to
// take instead. Other errors and messages that say what to do stay as they are; that is told by a
// semicolon after `path`, which begins the message or is cut off by a longer one.
Error with_remedy(Error error, std::string_view path, std::string_view supported);

}  // namespace bise
