#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bise {

// The words of a `bise serve` command line with those of its --config FILE (TOML, the flags' names)
// put behind them, but for flags that the command line or the environment (BISE_NAME) sets.
// Errors name the file.
Result<std::vector<std::string>> with_config_file(std::vector<std::string> words);

}  // namespace bise
