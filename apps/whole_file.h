#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bise {

// Writes a small file that only its owner may read. Under its name there is the old or the new one,
// never a part. Errors: io with the path and the system's words.
Result<void> write_whole_file(const std::string& path, std::string_view text);

}  // namespace bise
