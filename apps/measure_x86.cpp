#include <immintrin.h>

#include "apps/measure.h"

// Twelve accumulators: enough that no instruction waits for its predecessor (latency 4 on two
// ports asks for 8, 5 for 10), few enough for sixteen registers.

namespace bise {
namespace {

constexpr int kAccumulators = 12;

// The empty asm keeps the compiler from seeing through the loops.

__attribute__((target("avx2,fma"))) double run_fma256(std::int64_t rounds) {
  __m256 sums[kAccumulators];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1);
  __m256 factor = _mm256_set1_ps(0.999F);
  asm volatile("" : "+x"(factor));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kAccumulators; ++i) sums[i] = _mm256_fmadd_ps(sums[i], factor, factor);
  }
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
  return static_cast<double>(rounds) * kAccumulators * 8 * 2;
}

__attribute__((target("avx512f"))) double run_fma512(std::int64_t rounds) {
  __m512 sums[kAccumulators];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1);
  __m512 factor = _mm512_set1_ps(0.999F);
  asm volatile("" : "+v"(factor));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kAccumulators; ++i) sums[i] = _mm512_fmadd_ps(sums[i], factor, factor);
  }
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
  return static_cast<double>(rounds) * kAccumulators * 16 * 2;
}

// 32 products of bytes: multiplied and added in pairs, then again in pairs, then to the sum.
__attribute__((target("avx2"))) double run_maddubs256(std::int64_t rounds) {
  __m256i sums[kAccumulators];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(3);
  __m256i b = _mm256_set1_epi8(-5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kAccumulators; ++i) {
      asm volatile("" : "+x"(b));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  }
  for (__m256i& sum : sums) asm volatile("" : "+x"(sum));
  return static_cast<double>(rounds) * kAccumulators * 32 * 2;
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) double run_dpbusd512(std::int64_t rounds) {
  __m512i sums[kAccumulators];
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(3);
  __m512i b = _mm512_set1_epi8(-5);
  asm volatile("" : "+v"(a), "+v"(b));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kAccumulators; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
  }
  for (__m512i& sum : sums) asm volatile("" : "+v"(sum));
  return static_cast<double>(rounds) * kAccumulators * 64 * 2;
}

}  // namespace

ArithmeticLoop fp32_loop() {
  if (__builtin_cpu_supports("avx512f")) return {run_fma512, "vfmadd, 512 bits"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return {run_fma256, "vfmadd, 256 bits"};
  }
  return {nullptr, ""};
}

ArithmeticLoop int8_loop() {
  if (__builtin_cpu_supports("avx512vnni")) return {run_dpbusd512, "vpdpbusd, 512 bits"};
  if (__builtin_cpu_supports("avx2")) return {run_maddubs256, "vpmaddubsw, 256 bits"};
  return {nullptr, ""};
}

}  // namespace bise
