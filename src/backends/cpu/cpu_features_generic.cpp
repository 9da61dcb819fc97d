#include "backends/cpu/cpu_features.h"

namespace bise::cpu {

CpuFeatures detect_cpu_features() {
  return {};
}

}  // namespace bise::cpu
