#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bise {

// base64 as Python's b64decode reads it by default: characters outside the alphabet are passed
// over, the padding must fit and ends the text.
Result<std::string> decode_base64_lenient(std::string_view text);

// The bytes of a URL "data:TYPE;base64,BYTES". Other URLs are refused: nothing here fetches.
Result<std::string> read_data_url(std::string_view url);

}  // namespace bise
