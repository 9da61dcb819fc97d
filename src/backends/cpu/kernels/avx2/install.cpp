#include "backends/cpu/kernels/kernel_sets.h"

namespace bise::cpu::avx2 {

void install(KernelTable& table) {
  table.name = "avx2";
}

}  // namespace bise::cpu::avx2
