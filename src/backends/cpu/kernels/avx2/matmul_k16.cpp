#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_product.h"
#include "backends/cpu/kernels/matmul_formats_k.h"

namespace bise::cpu::avx2 {

void install_matmul_k16(KernelTable& table) {
  install_format<Product<Q2K<Lanes>>>(table, ElementType::q2_k);
  install_format<Product<Q3K<Lanes>>>(table, ElementType::q3_k);
  install_format<Product<Q6K<Lanes>>>(table, ElementType::q6_k);
}

}  // namespace bise::cpu::avx2
