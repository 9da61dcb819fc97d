#include "apps/memory_need.h"

#include <gtest/gtest.h>

#include "backends/cpu/cpu_backend.h"

namespace bise {
namespace {

const char* const kModel = "tests/golden/gguf/q4_k_m.gguf";

class MemoryNeedTest : public testing::Test {
 protected:
  Checkpoint checkpoint_ = Checkpoint::open(kModel).value();
  ModelSpec spec_ = read_spec(checkpoint_).value();
};

TEST_F(MemoryNeedTest, CountsWeightsKeysAndValues) {
  const MemoryNeed empty = memory_need(checkpoint_, spec_, KvElement::f16, 0);
  EXPECT_EQ(empty.kv_bytes, 0U);
  EXPECT_GT(empty.weight_bytes, 300'000U);
  EXPECT_LT(empty.weight_bytes, checkpoint_.file_bytes());
  const MemoryNeed full = memory_need(checkpoint_, spec_, KvElement::f32, 128);
  // Keys and values of one layer: one head of 64 channels, four bytes each.
  EXPECT_EQ(full.kv_bytes, 128U * 2 * 64 * 4);
  EXPECT_EQ(full.total(), full.weight_bytes + full.kv_bytes + full.private_bytes);
  EXPECT_LT(kv_bytes(spec_, KvElement::q8, 128), kv_bytes(spec_, KvElement::f16, 128));
}

TEST_F(MemoryNeedTest, ForeseesWhatTheModelAllocates) {
  const auto backend = make_cpu_backend({.threads = 1, .exact = false, .isa = ""}).value();
  const auto model = Model::load(checkpoint_, *backend).value();
  const MemoryNeed need = memory_need(checkpoint_, spec_, KvElement::f16, 0);
  EXPECT_GE(need.private_bytes, model->private_bytes());
}

TEST_F(MemoryNeedTest, CountsThreads) {
  const auto bytes = [&](int threads) {
    return memory_need(checkpoint_, spec_, KvElement::f16, 0, threads).private_bytes;
  };
  EXPECT_GT(bytes(64), bytes(1) + 10'000'000);
  EXPECT_GT(bytes(0), bytes(1) - 1);
}

TEST_F(MemoryNeedTest, SaysBothNumbersWhenMemoryIsShort) {
  const MemoryAvailable little = {1'000'000, "a test"};
  const auto chosen = choose_context(checkpoint_, spec_, KvElement::f16, {}, little);
  ASSERT_FALSE(chosen.ok());
  EXPECT_EQ(chosen.error().code, ErrorCode::out_of_memory);
  const MemoryNeed need = memory_need(checkpoint_, spec_, KvElement::f16, spec_.context_tokens);
  EXPECT_GT(need.total(), little.bytes);
  EXPECT_NE(chosen.error().message.find("1.00 MB are available (a test)"), std::string::npos)
      << chosen.error().message;
  EXPECT_NE(chosen.error().message.find("--kv q8"), std::string::npos);
}

TEST_F(MemoryNeedTest, ChoosesAContext) {
  const MemoryAvailable plenty = {std::uint64_t{1} << 40, "a test"};
  EXPECT_EQ(choose_context(checkpoint_, spec_, KvElement::f16, {}, plenty).value(),
            spec_.context_tokens);
  EXPECT_EQ(choose_context(checkpoint_, spec_, KvElement::f16, 100, plenty).value(), 100);
  const auto beyond = choose_context(checkpoint_, spec_, KvElement::f16, 10'000, plenty);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::invalid_argument);
}

TEST_F(MemoryNeedTest, MakesTheContextSmallerWhereMemoryIsShort) {
  ModelSpec spec = spec_;
  spec.context_tokens = 262'144;
  const std::uint64_t enough =
      memory_need(checkpoint_, spec, KvElement::f32, 8192).total() * 21 / 20;
  const MemoryAvailable some = {enough + 1000, "a test"};
  const std::int64_t chosen = choose_context(checkpoint_, spec, KvElement::f32, {}, some).value();
  EXPECT_LT(chosen, kContextDefaultMax);
  EXPECT_GE(chosen, 2048);
  EXPECT_LE(memory_need(checkpoint_, spec, KvElement::f32, chosen).total(), some.bytes);
}

TEST(MemoryAvailableTest, KnowsThisMachine) {
  const MemoryAvailable available = memory_available(0);
  EXPECT_GT(available.bytes, 10'000'000U);
  EXPECT_LE(available.bytes, machine_memory_bytes());
  EXPECT_FALSE(available.limited_by.empty());
  const ProcessMemory memory = process_memory();
  EXPECT_GT(memory.resident_bytes, 0U);
  EXPECT_GE(memory.peak_bytes, memory.resident_bytes);
}

TEST(KvElementNames, GoBothWays) {
  for (int i = 0; i < kKvElementCount; ++i) {
    const auto element = static_cast<KvElement>(i);
    EXPECT_EQ(find_kv_element(kv_element_name(element)), element);
  }
  EXPECT_FALSE(find_kv_element("f17").has_value());
}

}  // namespace
}  // namespace bise
