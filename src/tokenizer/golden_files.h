#pragma once

// For tests only: the goldens of tests/golden/tokenizer and of the shared folder.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tokenizer/load.h"

namespace bise::golden {

// The shared folder's path with `rest` behind it, nothing if the file is not there.
std::optional<std::string> shared_path(const std::string& rest);

// The text of a file, unpacked if its name ends in .gz. CHECKs that it can be read.
std::string read(const std::string& path);
// One JSON value for each line.
std::vector<Json> read_lines(const std::string& path);

// Whole tekken.json files: the small vocabulary under one of its heads; the real one under "v13",
// nothing without the shared folder.
std::string small_tekken(const std::string& head);
std::optional<std::string> real_tekken(const std::string& head);

// CHECKs that it loads.
LoadedTokenizer must_load_tekken(const std::string& json);

// "text", or the bytes of "bytes_b64".
std::string text_of(const Json& row);
std::vector<TokenId> ids_of(const Json& row);

}  // namespace bise::golden
