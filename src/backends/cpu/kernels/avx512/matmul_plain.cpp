#include "backends/cpu/kernels/matmul_plain_loop.h"

#include "backends/cpu/kernels/avx512/kernels.h"
#include "backends/cpu/kernels/avx512/vector.h"

namespace bise::cpu::avx512 {

void install_matmul_plain(KernelTable& table) {
  install_matmul_plain_of<Vector>(table);
}

}  // namespace bise::cpu::avx512
