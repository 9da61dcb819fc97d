#include "backends/cpu/kernels/elementwise_loop.h"

#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/avx2/vector.h"

namespace bise::cpu::avx2 {

void install_elementwise(KernelTable& table) {
  install_elementwise_of<Vector>(table);
}

}  // namespace bise::cpu::avx2
