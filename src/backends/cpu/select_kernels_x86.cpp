#include "backends/cpu/kernels/kernel_sets.h"
#include "backends/cpu/select_kernels.h"

namespace bise::cpu {
namespace {

KernelTable avx2_kernels() {
  KernelTable table = reference::kernels();
  avx2::install(table);
  return table;
}

KernelTable avx512_kernels() {
  KernelTable table = avx2_kernels();
  avx512::install(table);
  return table;
}

constexpr KernelSet kSets[] = {
    {"reference", [](const CpuFeatures&) { return true; }, reference::kernels},
    {"avx2", [](const CpuFeatures& cpu) { return cpu.avx2; }, avx2_kernels},
    {"avx512", [](const CpuFeatures& cpu) { return cpu.avx512; }, avx512_kernels},
};

}  // namespace

std::span<const KernelSet> kernel_sets() {
  return kSets;
}

}  // namespace bise::cpu
