#include "backends/cpu/kernels/avx512/matmul.h"
#include "backends/cpu/kernels/avx512/matmul_product.h"
#include "backends/cpu/kernels/matmul_formats_block.h"

namespace bise::cpu::avx512 {

void install_matmul_block32(KernelTable& table) {
  using enum ElementType;
  install_format<Product<Q4_0<Lanes>>>(table, q4_0);
  install_format<Product<Q4_1<Lanes>>>(table, q4_1);
  install_format<Product<Q5_0<Lanes>>>(table, q5_0);
  install_format<Product<Q5_1<Lanes>>>(table, q5_1);
  install_format<Product<Q8_0<Lanes>>>(table, q8_0);
}

void install_matmul(KernelTable& table) {
  install_matmul_block32(table);
  install_matmul_4_bit(table);
  install_matmul_k(table);
  install_matmul_k16(table);
}

}  // namespace bise::cpu::avx512
