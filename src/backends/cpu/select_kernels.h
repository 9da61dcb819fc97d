#pragma once

#include <span>
#include <string_view>

#include "backends/cpu/cpu_features.h"
#include "backends/cpu/kernel_table.h"
#include "base/result.h"

namespace bise::cpu {

// A set of kernels this program was built with.
struct KernelSet {
  std::string_view name;
  bool (*runs_on)(const CpuFeatures& cpu);
  KernelTable (*kernels)();
};

// "reference", "avx2", "avx512": weakest first.
std::span<const KernelSet> kernel_sets();

// The set of that name, or for "" the best the processor runs.
// Errors: not_supported when the name is unknown or the processor lacks the instructions.
Result<KernelTable> select_kernels(std::string_view isa, const CpuFeatures& cpu);

// The same for this machine. With an empty name the environment's BISE_CPU_ISA is asked first.
Result<KernelTable> select_kernels(std::string_view isa);

}  // namespace bise::cpu
