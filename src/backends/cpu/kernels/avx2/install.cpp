#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/kernel_sets.h"

namespace bise::cpu::avx2 {

void install(KernelTable& table) {
  table.name = "avx2";
  install_matmul(table);
  install_matmul_plain(table);
  install_unpack_row(table);
  table.quantize_row = quantize_row;
  install_elementwise(table);
  install_attend(table);
}

}  // namespace bise::cpu::avx2
