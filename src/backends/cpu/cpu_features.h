#pragma once

#include <string>

namespace bise::cpu {

// What the processor offers and the operating system saves on a switch of threads, in the groups
// that our kernel sets need as a whole.
struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA and F16C
  bool avx512 = false;       // AVX-512 F, BW, VL, DQ and VNNI, besides avx2
  bool avx512_bf16 = false;  // besides avx512
};

CpuFeatures detect_cpu_features();

// "avx2 avx512": the groups the machine has, in one line for people.
std::string description(const CpuFeatures& cpu);

}  // namespace bise::cpu
