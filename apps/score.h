#pragma once

#include <optional>
#include <string>

#include "backends/backend.h"

namespace bise {

struct ScoreOptions {
  std::string model;        // path of a GGUF file or a checkpoint folder
  std::string tokens_file;  // JSON: an array of token ids, or an array of such arrays
  std::string logits_file;  // .npy to write; empty: none
  bool exact = false;
  std::optional<KvElement> kv;  // f32 when exact, else f16
  int threads = 0;              // 0: all cores
  int greedy = 0;               // tokens to decode after each sequence
};

// Prints one JSON object with each sequence's length, mean loss and greedy continuation. Returns
// the exit code: 2 with one sentence on stderr for unusable input.
int run_score(const ScoreOptions& options);

}  // namespace bise
