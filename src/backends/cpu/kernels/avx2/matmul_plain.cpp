#include "backends/cpu/kernels/matmul_plain_loop.h"

#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/avx2/vector.h"

namespace bise::cpu::avx2 {

void install_matmul_plain(KernelTable& table) {
  install_matmul_plain_of<Vector>(table);
}

}  // namespace bise::cpu::avx2
