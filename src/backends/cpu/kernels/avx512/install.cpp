#include "backends/cpu/kernels/avx512/kernels.h"
#include "backends/cpu/kernels/avx512/matmul.h"
#include "backends/cpu/kernels/kernel_sets.h"

namespace bise::cpu::avx512 {

// quantize_row and unpack_row of the block formats stay AVX2's: they take a hundredth of the time
// of the products they serve.
void install(KernelTable& table) {
  table.name = "avx512";
  install_matmul(table);
  install_matmul_plain(table);
  install_elementwise(table);
  install_attend(table);
}

}  // namespace bise::cpu::avx512
