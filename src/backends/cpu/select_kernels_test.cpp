#include "backends/cpu/select_kernels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace bise::cpu {
namespace {

// Sets BISE_CPU_ISA for one test and puts it back.
class ForcedIsa {
 public:
  explicit ForcedIsa(const char* isa) {
    const char* variable = std::getenv("BISE_CPU_ISA");
    was_set_ = variable != nullptr;
    if (was_set_) before_ = variable;
    setenv("BISE_CPU_ISA", isa, 1);
  }
  ~ForcedIsa() {
    if (was_set_) {
      setenv("BISE_CPU_ISA", before_.c_str(), 1);
    } else {
      unsetenv("BISE_CPU_ISA");
    }
  }

 private:
  bool was_set_;
  std::string before_;
};

// Only sets that this processor runs: filling in a table runs code compiled for the set.
bool can_run(std::string_view set) {
  return select_kernels(set, detect_cpu_features()).ok();
}

TEST(SelectKernels, TakesTheBestTheProcessorRuns) {
  EXPECT_STREQ(select_kernels("", CpuFeatures{}).value().name, "reference");
  if (can_run("avx2")) {
    EXPECT_STREQ(select_kernels("", CpuFeatures{.avx2 = true}).value().name, "avx2");
  }
  if (can_run("avx512")) {
    const CpuFeatures both{.avx2 = true, .avx512 = true};
    EXPECT_STREQ(select_kernels("", both).value().name, "avx512");
  }
}

TEST(SelectKernels, GivesEachSetByItsName) {
  for (const KernelSet& set : kernel_sets()) {
    if (!can_run(set.name)) continue;
    EXPECT_EQ(select_kernels(set.name, detect_cpu_features()).value().name, set.name);
  }
}

TEST(SelectKernels, EnvironmentForcesASet) {
  const ForcedIsa forced("reference");
  EXPECT_STREQ(select_kernels("").value().name, "reference");
}

TEST(SelectKernels, AnOptionGoesBeforeTheEnvironment) {
  const ForcedIsa forced("no such set");
  EXPECT_STREQ(select_kernels("reference").value().name, "reference");
}

TEST(SelectKernels, RefusesAnUnknownName) {
  const auto result = select_kernels("sse9", CpuFeatures{});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::not_supported);
  EXPECT_NE(result.error().message.find("sse9"), std::string::npos);
  EXPECT_NE(result.error().message.find("reference"), std::string::npos);
  const ForcedIsa forced("avx3");
  EXPECT_FALSE(select_kernels("").ok());
}

TEST(SelectKernels, RefusesWhatTheProcessorLacks) {
  for (const KernelSet& set : kernel_sets()) {
    if (set.name == "reference") continue;
    const auto result = select_kernels(set.name, CpuFeatures{});
    ASSERT_FALSE(result.ok()) << set.name;
    EXPECT_NE(result.error().message.find(set.name), std::string::npos);
  }
}

TEST(SelectKernels, EverySetIsComplete) {
  for (const KernelSet& set : kernel_sets()) {
    if (!can_run(set.name)) continue;
    const KernelTable table = select_kernels(set.name, detect_cpu_features()).value();
    for (int i = 0; i < kElementTypeCount; ++i) {
      const bool is_weight = facts(static_cast<ElementType>(i)).is_weight;
      EXPECT_EQ(table.formats[i].matmul != nullptr, is_weight) << set.name << " type " << i;
      EXPECT_EQ(table.unpack_row[i] != nullptr, is_weight) << set.name << " type " << i;
    }
    for (const Attend attend : table.attend) EXPECT_NE(attend, nullptr);
    EXPECT_NE(table.matmul_f32, nullptr);
    EXPECT_NE(table.quantize_row, nullptr);
    EXPECT_NE(table.rms_norm, nullptr);
    EXPECT_NE(table.swiglu, nullptr);
    EXPECT_NE(table.add, nullptr);
  }
}

}  // namespace
}  // namespace bise::cpu
