#include "backends/cpu/select_kernels.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "base/text.h"

namespace bise::cpu {
namespace {

KernelTable best_kernels(const CpuFeatures& cpu) {
  const KernelSet* best = &kernel_sets().front();
  for (const KernelSet& set : kernel_sets()) {
    if (set.runs_on(cpu)) best = &set;
  }
  return best->kernels();
}

}  // namespace

Result<KernelTable> select_kernels(std::string_view isa, const CpuFeatures& cpu) {
  if (isa.empty()) return best_kernels(cpu);
  std::string known;
  for (const KernelSet& set : kernel_sets()) {
    if (set.name == isa) {
      if (set.runs_on(cpu)) return set.kernels();
      return Error{ErrorCode::not_supported,
                   concat("kernels ", isa, ": this processor lacks the instructions (it has ",
                          description(cpu), ")")};
    }
    known += concat(known.empty() ? "" : ", ", set.name);
  }
  return Error{ErrorCode::not_supported,
               concat("kernels \"", quoted(isa), "\": unknown, expected one of ", known)};
}

Result<KernelTable> select_kernels(std::string_view isa) {
  const CpuFeatures cpu = detect_cpu_features();
  const char* variable = std::getenv("BISE_CPU_ISA");
  if (!isa.empty() || variable == nullptr) return select_kernels(isa, cpu);
  auto selected = select_kernels(variable, cpu);
  if (!selected) return std::move(selected).error().in("BISE_CPU_ISA");
  return selected;
}

}  // namespace bise::cpu
