#include "backends/cpu/kernels/kernel_sets.h"
#include "backends/cpu/kernels/reference/kernels.h"
#include "backends/cpu/kernels/reference/matmul.h"
#include "tensor/dequantize.h"

namespace bise::cpu::reference {

KernelTable kernels() {
  KernelTable table = {};
  table.name = "reference";
  for (int type = 0; type < kElementTypeCount; ++type) {
    table.unpack_row[type] = dequantize_row(static_cast<ElementType>(type));
  }
  install_matmul_plain(table);
  install_matmul(table);
  table.matmul_f32 = matmul_f32;
  table.quantize_row = quantize_row;
  table.rms_norm = rms_norm;
  table.swiglu = swiglu;
  table.add = add;
  install_attend(table);
  return table;
}

}  // namespace bise::cpu::reference
