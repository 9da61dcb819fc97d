#include "backends/cpu/kernels/attend_loop.h"

#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/avx2/vector.h"

namespace bise::cpu::avx2 {

void install_attend(KernelTable& table) {
  install_attend_of<Vector>(table);
}

}  // namespace bise::cpu::avx2
