#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "backends/cpu/kernel_table.h"

// What the parity suites share: the kernel sets to try and how far a result may be off.

namespace bise::cpu {

struct KernelsUnderTest {
  std::string name;
  KernelTable table;
};
inline void PrintTo(const KernelsUnderTest& kernels, std::ostream* out) {
  *out << kernels.name;
}

// Every set this processor runs, the reference among them, and AVX-512 emulated where the build
// found SIMDe. With BISE_CPU_ISA set, that set only.
std::vector<KernelsUnderTest> kernels_under_test();

// For INSTANTIATE_TEST_SUITE_P: the suite's tests are named after the set.
inline const auto kKernelsName = [](const auto& info) { return info.param.name; };

// Squared error over squared size, in double; infinite when a number is not finite.
double normalised_error(std::span<const float> got, std::span<const float> expected);

// Bit for bit, but any NaN equals any other.
bool same_bits(std::span<const float> a, std::span<const float> b);

std::vector<float> random_floats(std::mt19937& random, std::size_t count, float size = 1);

// Bytes at an address that is `offset` past a multiple of 64. (A copy's bytes lie elsewhere in its
// vector: for scratch only.)
class BytesAt {
 public:
  BytesAt(std::size_t count, std::size_t offset) : bytes_(count + offset + 64), offset_(offset) {}
  std::byte* data() {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
    return bytes_.data() + (64 - address % 64) % 64 + offset_;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t offset_;
};

}  // namespace bise::cpu
