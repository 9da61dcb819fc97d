#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/sampling_defaults.h"
#include "backends/backend.h"

namespace bise {

struct RunOptions {
  std::string model;  // path or name; empty: the best that is here
  std::optional<std::string> prompt;
  std::optional<std::string> system;
  std::string layout;
  SamplingFlags sampling;
  std::int64_t tokens_max = 0;  // 0: to the end of the context
  std::vector<std::string> stops;
  std::optional<KvElement> kv;
  std::optional<std::int64_t> context_tokens;
  int threads = 0;
  bool raw = false;    // the prompt is continued as it is, without a layout
  bool stats = false;  // times and rates to stderr at the end
  bool json = false;
};

// One answer when there is a prompt or stdin is no terminal, else the chat. Returns the exit code.
int run_model(const RunOptions& options);

}  // namespace bise
