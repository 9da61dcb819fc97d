#include "backends/cpu/kernels/kernels_under_test.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "backends/cpu/select_kernels.h"

namespace bise::cpu {

#ifdef BISE_EMULATED_AVX512
namespace avx512_emulated {
void install(KernelTable& table);
}
#endif

namespace {

std::string forced_isa() {
  const char* variable = std::getenv("BISE_CPU_ISA");
  return variable == nullptr ? "" : variable;
}

}  // namespace

std::vector<KernelsUnderTest> kernels_under_test() {
  const CpuFeatures cpu = detect_cpu_features();
  const std::string forced = forced_isa();
  std::vector<KernelsUnderTest> all;
  for (const KernelSet& set : kernel_sets()) {
    const bool wanted = forced.empty() || forced == set.name;
    if (wanted && set.runs_on(cpu)) all.push_back({std::string(set.name), set.kernels()});
  }
#ifdef BISE_EMULATED_AVX512
  if (cpu.avx2 && forced.empty()) {
    KernelTable table = select_kernels("avx2", cpu).value();
    avx512_emulated::install(table);
    all.push_back({"avx512_emulated", table});
  }
#endif
  return all;
}

double normalised_error(std::span<const float> got, std::span<const float> expected) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(got[i])) return std::numeric_limits<double>::infinity();
    const double difference = static_cast<double>(got[i]) - expected[i];
    error += difference * difference;
    size += static_cast<double>(expected[i]) * expected[i];
  }
  return size == 0 ? error : error / size;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) return false;
  }
  return true;
}

std::vector<float> random_floats(std::mt19937& random, std::size_t count, float size) {
  std::normal_distribution<float> normal(0, size);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

namespace {

TEST(KernelsUnderTest, IncludeAvx512) {
  bool native = false, emulated = false;
  for (const KernelsUnderTest& kernels : kernels_under_test()) {
    native |= kernels.name == "avx512";
    emulated |= kernels.name == "avx512_emulated";
  }
  if (!native && !emulated) {
    GTEST_SKIP() << "the AVX-512 kernels were not tried: this processor lacks AVX-512, or the set "
                    "is forced, and there is no SIMDe (libsimde-dev) or no AVX2 to emulate it with";
  }
}

TEST(KernelsUnderTest, AreTheForcedOnes) {
  const std::string forced = forced_isa();
  if (forced.empty()) GTEST_SKIP() << "BISE_CPU_ISA is not set";
  const auto all = kernels_under_test();
  if (all.empty()) GTEST_SKIP() << "this processor does not run " << forced;
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].table.name, forced);
  EXPECT_EQ(select_kernels("").value().name, forced);
}

}  // namespace
}  // namespace bise::cpu
