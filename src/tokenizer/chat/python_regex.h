#pragma once

#include <string_view>

#include "base/result.h"

namespace bise {

// Whether Python's `re` would compile the pattern; nothing is matched. JSON schemas are checked
// this way by mistral-common (through jsonschema), so that \p{L} or (?<name>...) are refused.
// Not known here: the names in \N{...}, all of which are taken for good, and the flag t, which
// Python 3.13 dropped.
Result<void> check_python_regex(std::string_view pattern);

}  // namespace bise
