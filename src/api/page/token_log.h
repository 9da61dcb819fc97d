#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sampling/sampler.h"

namespace bise::api {

// A token of an answer as the store keeps it.
struct LoggedToken {
  TokenId id = 0;
  std::optional<LogProbs> log_probs = {};  // `chosen` is of the same id
};

// Little-endian: a byte (0xFF: no probabilities, else how many of the likeliest follow), the id in
// 4 bytes; with probabilities the token's own as a 4-byte float, then pairs of id and float.
void append_token(std::string& log, const LoggedToken& token);

// Errors: corrupt_file.
Result<std::vector<LoggedToken>> read_token_log(std::string_view log);

}  // namespace bise::api
