#include <cpuid.h>

#include <cstdint>

#include "backends/cpu/cpu_features.h"

namespace bise::cpu {
namespace {

struct Registers {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// All zero for a leaf the processor does not have.
Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

bool bit(std::uint32_t word, int index) {
  return (word >> index & 1u) != 0;
}

// XCR0: which register states the operating system saves. Only with OSXSAVE.
std::uint32_t saved_states() {
  std::uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

// Bits: Intel SDM volume 2, CPUID.
CpuFeatures detect_cpu_features() {
  CpuFeatures cpu;
  const Registers basic = cpuid(1, 0);
  const bool osxsave = bit(basic.ecx, 27);
  if (!osxsave) return cpu;
  constexpr std::uint32_t kYmm = 0x06, kZmm = 0xe6;
  const std::uint32_t saved = saved_states();
  const Registers extended = cpuid(7, 0);

  const bool fma = bit(basic.ecx, 12), f16c = bit(basic.ecx, 29), avx = bit(basic.ecx, 28);
  const bool avx2 = bit(extended.ebx, 5);
  cpu.avx2 = (saved & kYmm) == kYmm && avx && avx2 && fma && f16c;

  const bool f = bit(extended.ebx, 16), dq = bit(extended.ebx, 17);
  const bool bw = bit(extended.ebx, 30), vl = bit(extended.ebx, 31);
  const bool vnni = bit(extended.ecx, 11);
  cpu.avx512 = cpu.avx2 && (saved & kZmm) == kZmm && f && dq && bw && vl && vnni;
  cpu.avx512_bf16 = cpu.avx512 && bit(cpuid(7, 1).eax, 5);
  return cpu;
}

}  // namespace bise::cpu
