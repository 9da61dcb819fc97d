#include "apps/memory_groups.h"

#include <gtest/gtest.h>

#include "formats/test_files.h"

namespace bise {
namespace {

class MemoryGroups : public testing::Test {
 protected:
  const test::TemporaryFolder folder_;

  void put(const std::string& file, const char* text) { folder_.write(file.substr(1), text); }
  std::uint64_t left(const char* process_groups) const {
    const auto found = left_in_groups(process_groups, folder_.path());
    return found ? found->bytes : 0;
  }
};

TEST_F(MemoryGroups, Version2CountsWhatCannotBeDropped) {
  put("/a/b/memory.max", "1000000\n");
  put("/a/b/memory.current", "400000\n");
  put("/a/b/memory.stat", "anon 1\ninactive_file 100000\nactive_file 50000\n");
  EXPECT_EQ(left("0::/a/b\n"), 750'000U);
}

TEST_F(MemoryGroups, AGroupAroundMayBeTheNarrowerOne) {
  put("/a/b/memory.max", "max\n");
  put("/a/b/memory.current", "5\n");
  put("/a/memory.max", "700\n");
  put("/a/memory.current", "100\n");
  EXPECT_EQ(left("0::/a/b\n"), 600U);
  EXPECT_EQ(left("0::/\n"), 0U);
}

TEST_F(MemoryGroups, Version1HasOtherNames) {
  put("/memory/c/memory.limit_in_bytes", "200000\n");
  put("/memory/c/memory.usage_in_bytes", "60000\n");
  put("/memory/c/memory.stat", "total_inactive_file 10000\ntotal_active_file 0\n");
  put("/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("/memory/memory.usage_in_bytes", "60000\n");
  EXPECT_EQ(left("12:cpu,cpuacct:/x\n4:memory:/c\n0::/\n"), 150'000U);
  EXPECT_EQ(left("4:cpuset,memory:/c\n"), 150'000U);
  EXPECT_EQ(left("4:memory:/\n"), 0U);
  EXPECT_EQ(left("4:notmemory:/c\n"), 0U);
}

TEST_F(MemoryGroups, OddTextHasNoLimit) {
  for (const char* text : {"", "\n\n", "memory", "4:memory", "4:memory:", ":::", "0::x"}) {
    EXPECT_FALSE(left_in_groups(text, folder_.path())) << text;
  }
}

}  // namespace
}  // namespace bise
