#include "backends/cpu/kernels/avx512/matmul.h"
#include "backends/cpu/kernels/avx512/matmul_product.h"
#include "backends/cpu/kernels/matmul_formats_k.h"

namespace bise::cpu::avx512 {

void install_matmul_k(KernelTable& table) {
  install_format<Product<Q4K<Lanes>>>(table, ElementType::q4_k);
  install_format<Product<Q5K<Lanes>>>(table, ElementType::q5_k);
  install_format<Product<Iq4Xs<Lanes>>>(table, ElementType::iq4_xs);
}

}  // namespace bise::cpu::avx512
