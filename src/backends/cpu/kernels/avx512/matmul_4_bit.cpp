#include "backends/cpu/kernels/avx512/matmul.h"
#include "backends/cpu/kernels/avx512/matmul_product.h"
#include "backends/cpu/kernels/matmul_formats_block.h"

namespace bise::cpu::avx512 {

void install_matmul_4_bit(KernelTable& table) {
  install_format<Product<Iq4Nl<Lanes>>>(table, ElementType::iq4_nl);
  install_format<Product<Mxfp4<Lanes>>>(table, ElementType::mxfp4);
  install_format<Product<Nvfp4<Lanes>>>(table, ElementType::nvfp4);
}

}  // namespace bise::cpu::avx512
