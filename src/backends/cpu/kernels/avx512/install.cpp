#include "backends/cpu/kernels/kernel_sets.h"

namespace bise::cpu::avx512 {

void install(KernelTable& table) {
  table.name = "avx512";
}

}  // namespace bise::cpu::avx512
