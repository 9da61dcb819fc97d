#include "backends/cpu/kernels/attend_loop.h"

#include "backends/cpu/kernels/avx512/kernels.h"
#include "backends/cpu/kernels/avx512/vector.h"

namespace bise::cpu::avx512 {

void install_attend(KernelTable& table) {
  install_attend_of<Vector>(table);
}

}  // namespace bise::cpu::avx512
