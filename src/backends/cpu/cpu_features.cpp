#include "backends/cpu/cpu_features.h"

namespace bise::cpu {

std::string description(const CpuFeatures& cpu) {
  std::string text;
  const auto add = [&text](bool present, const char* name) {
    if (!present) return;
    if (!text.empty()) text += ' ';
    text += name;
  };
  add(cpu.avx2, "avx2");
  add(cpu.avx512, "avx512");
  add(cpu.avx512_bf16, "avx512_bf16");
  return text.empty() ? "baseline" : text;
}

}  // namespace bise::cpu
