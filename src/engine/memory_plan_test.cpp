#include "engine/memory_plan.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

using Numbers = std::vector<int>;

MemoryModel ready(std::uint64_t bytes, std::int64_t used_ms, int running = 0) {
  return {.bytes = bytes,
          .state = ModelState::ready,
          .running = running,
          .loaded_ms = 0,
          .used_ms = used_ms};
}

MemoryModel wanted(std::uint64_t bytes, std::int64_t since_ms = 0) {
  return {.bytes = bytes, .wanted = true, .wanted_ms = since_ms};
}

TEST(MemoryPlan, LoadsWhatIsWantedWhileThereIsRoom) {
  const std::vector<MemoryModel> models = {wanted(60, 2), wanted(60, 1), {.bytes = 60}};
  const MemoryPlan plan = plan_memory(models, 100, 0, 0);
  EXPECT_EQ(plan.load, Numbers{1});
  EXPECT_TRUE(plan.unload.empty());
}

TEST(MemoryPlan, UnloadsTheLongestUnusedToMakeRoom) {
  const std::vector<MemoryModel> models = {ready(40, 30), ready(40, 10), wanted(50)};
  EXPECT_EQ(plan_memory(models, 100, 0, 100).unload, Numbers{1});
  EXPECT_TRUE(plan_memory(models, 100, 0, 100).load.empty());
}

TEST(MemoryPlan, WaitsForRoomThatIsComing) {
  std::vector<MemoryModel> models = {ready(50, 0), ready(50, 0), wanted(50)};
  models[1].state = ModelState::unloading;
  const MemoryPlan plan = plan_memory(models, 100, 0, 100);
  EXPECT_TRUE(plan.unload.empty());
  EXPECT_TRUE(plan.load.empty());
}

TEST(MemoryPlan, LetsABusyOneEndItsWorkAfterItsTime) {
  const std::vector<MemoryModel> models = {ready(80, 0, 3), wanted(50)};
  EXPECT_TRUE(plan_memory(models, 100, 0, kResidenceMs - 1).hold.empty());
  const MemoryPlan plan = plan_memory(models, 100, 0, kResidenceMs);
  EXPECT_EQ(plan.hold, Numbers{0});
  EXPECT_TRUE(plan.unload.empty());
}

TEST(MemoryPlan, TakesAnIdleOneBeforeABusyOne) {
  const std::vector<MemoryModel> models = {ready(50, 0, 1), ready(50, 90), wanted(50)};
  EXPECT_EQ(plan_memory(models, 100, 0, kResidenceMs).unload, Numbers{1});
}

TEST(MemoryPlan, NeverUnloadsAPinnedOneToMakeRoom) {
  std::vector<MemoryModel> models = {ready(80, 0), wanted(50)};
  models[0].pinned = true;
  const MemoryPlan plan = plan_memory(models, 100, 1, 1'000'000);
  EXPECT_TRUE(plan.unload.empty());
  EXPECT_EQ(plan.fail, Numbers{1});
}

TEST(MemoryPlan, LetsNobodyTakeTheRoomThatAnotherWaitsFor) {
  const std::vector<MemoryModel> models = {ready(60, 0, 1), wanted(70, 1), wanted(30, 2)};
  const MemoryPlan plan = plan_memory(models, 100, 0, kResidenceMs);
  EXPECT_TRUE(plan.load.empty());
  EXPECT_EQ(plan.hold, Numbers{0});
}

TEST(MemoryPlan, UnloadsWhatIsIdleOrWasAskedTo) {
  std::vector<MemoryModel> models = {ready(10, 0), ready(10, 600), ready(10, 600), ready(10, 600)};
  models[2].unload_asked = true;
  models[3].unload_asked = true;
  models[3].running = 1;
  const MemoryPlan plan = plan_memory(models, 100, 500, 1000);
  EXPECT_EQ(plan.unload, (Numbers{0, 2}));
  EXPECT_EQ(plan.hold, Numbers{3});
  EXPECT_EQ(plan_memory(models, 100, 0, 1000).unload, Numbers{2});
}

}  // namespace
}  // namespace bise
