#include "backends/cpu/kernels/elementwise_loop.h"

#include "backends/cpu/kernels/avx512/kernels.h"
#include "backends/cpu/kernels/avx512/vector.h"

namespace bise::cpu::avx512 {

void install_elementwise(KernelTable& table) {
  install_elementwise_of<Vector>(table);
}

}  // namespace bise::cpu::avx512
