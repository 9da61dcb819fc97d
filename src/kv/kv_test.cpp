#include <gtest/gtest.h>

#include <random>

#include "backends/cpu/cpu_backend.h"
#include "kv/kv_cache.h"

namespace bise {
namespace {

std::unique_ptr<Backend> backend() {
  return make_cpu_backend({.threads = 1, .exact = false, .isa = "reference"}).value();
}

constexpr KvShape kShape = {
    .layer_count = 1, .kv_heads = 1, .head_dim = 16, .element = KvElement::f16};

TEST(PagePool, HandsOutEachPageOnce) {
  PagePool pool(3);
  EXPECT_EQ(pool.take(), 0);
  EXPECT_EQ(pool.take(), 1);
  EXPECT_EQ(pool.take(), 2);
  EXPECT_EQ(pool.take(), std::nullopt);
  pool.share(1);
  pool.release(1);
  EXPECT_EQ(pool.free_count(), 0);
  pool.release(1);
  EXPECT_EQ(pool.take(), 1);
}

TEST(PageTable, TakesAllPagesOrNone) {
  const auto device = backend();
  const auto cache = KvCache::create(*device, kShape, 2).value();
  PageTable table(*cache);
  EXPECT_EQ(table.reserve(2 * kPageSlots + 1).error().code, ErrorCode::overloaded);
  EXPECT_EQ(cache->pool().free_count(), 2);
  EXPECT_TRUE(table.reserve(kPageSlots).ok());
  EXPECT_EQ(table.pages_needed(1), 1);
  EXPECT_EQ(table.pages_needed(0), 0);
}

TEST(PageTable, CopiesASharedPageBeforeWritingIntoIt) {
  const auto device = backend();
  const auto cache = KvCache::create(*device, kShape, 4).value();
  PageTable first(*cache);
  first.reserve(kPageSlots + 5).value();
  PageTable fork = first.fork(kPageSlots + 3);
  EXPECT_EQ(cache->pool().free_count(), 2);
  EXPECT_EQ(fork.pages()[1], first.pages()[1]);
  EXPECT_EQ(fork.pages_needed(1), 1);
  fork.reserve(1).value();
  EXPECT_NE(fork.pages()[1], first.pages()[1]);
  EXPECT_EQ(fork.pages()[0], first.pages()[0]);
  EXPECT_EQ(cache->pool().free_count(), 1);
  // The fork's own page is nobody else's now.
  EXPECT_EQ(first.pages_needed(1), 0);
}

TEST(PageTable, LosesNoPageWhateverHappens) {
  const auto device = backend();
  const auto cache = KvCache::create(*device, kShape, 40).value();
  std::mt19937 random(11);
  std::vector<PageTable> tables;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t at = tables.empty() ? 0 : random() % tables.size();
    switch (random() % 5) {
      case 0:
        tables.emplace_back(*cache);
        break;
      case 1:
        if (!tables.empty()) (void)tables[at].reserve(static_cast<int>(random() % 100));
        break;
      case 2:
        if (!tables.empty()) {
          tables[at].truncate(
              static_cast<int>(random() % static_cast<unsigned>(tables[at].length() + 1)));
        }
        break;
      case 3:
        if (!tables.empty()) tables.push_back(tables[at].fork(tables[at].length() / 2));
        break;
      default:
        if (!tables.empty()) tables.erase(tables.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::vector<int> owners(40, 0);
    for (const PageTable& table : tables) {
      for (const PageId page : table.pages()) ++owners[static_cast<std::size_t>(page)];
      EXPECT_EQ(static_cast<int>(table.pages().size()), page_count_for(table.length()));
    }
    int free = 0;
    for (PageId page = 0; page < 40; ++page) {
      ASSERT_EQ(cache->pool().owner_count(page), owners[static_cast<std::size_t>(page)]);
      if (owners[static_cast<std::size_t>(page)] == 0) ++free;
    }
    ASSERT_EQ(cache->pool().free_count(), free);
  }
  tables.clear();
  EXPECT_EQ(cache->pool().free_count(), 40);
}

}  // namespace
}  // namespace bise
