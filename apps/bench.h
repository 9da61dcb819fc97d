#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"

namespace bise {

struct BenchOptions {
  std::string model;
  int threads = 0;
  std::optional<KvElement> kv;
  std::vector<int> prefill;  // none: 512, or the whole context where that is less
  std::vector<int> depth = {0};
  std::vector<int> batch;
  int repeat = 5;
  bool json = false;
};

// Measures prefill, decoding and batches. Returns the exit code.
int run_bench(const BenchOptions& options);

}  // namespace bise
