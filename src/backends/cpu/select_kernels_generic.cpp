#include "backends/cpu/kernels/kernel_sets.h"
#include "backends/cpu/select_kernels.h"

namespace bise::cpu {
namespace {

constexpr KernelSet kSets[] = {
    {"reference", [](const CpuFeatures&) { return true; }, reference::kernels},
};

}  // namespace

std::span<const KernelSet> kernel_sets() {
  return kSets;
}

}  // namespace bise::cpu
