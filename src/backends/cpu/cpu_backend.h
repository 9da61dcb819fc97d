#pragma once

#include <memory>
#include <string>

#include "backends/backend.h"
#include "base/result.h"

namespace bise {

struct CpuOptions {
  int threads = 0;  // 0: the cores this process may run on
  // Weights and activations in float32, sums at least float32: for checking.
  bool exact = false;
  // Kernels to use: "reference", "avx2", "avx512"; empty: the environment's BISE_CPU_ISA, else the
  // best this processor has.
  std::string isa;
};

// Errors: not_supported when the kernels asked for are unknown or the processor lacks them.
Result<std::unique_ptr<Backend>> make_cpu_backend(const CpuOptions& options);

}  // namespace bise
