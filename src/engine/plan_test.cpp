#include "engine/plan.h"

#include <gtest/gtest.h>

#include "engine/key_counters.h"

namespace bise {
namespace {

PlanLimits limits() {
  PlanLimits limits;
  limits.page_count = 100;
  limits.context_pages = 16;
  limits.rows_max = 512;
  limits.sequences_max = 16;
  limits.cost = {.base_ms = 0, .row_ms = 1, .context_per_row = 1e9};
  limits.completions_expected = true;
  return limits;
}

PlanRequest prompt(Lane lane, KeyId key, double served, int tokens) {
  PlanRequest request;
  request.lane = lane;
  request.key = key;
  request.key_served = served;
  request.pages_max = 10;
  request.sequences = {{.tokens_left = tokens, .reusable = {}, .prompt_hashes = {}}};
  return request;
}

PlanRequest decoding(Lane lane, KeyId key, double served, std::int64_t served_ms) {
  PlanRequest request = prompt(lane, key, served, 1);
  request.sequences[0].decodes = true;
  request.sequences[0].served_ms = served_ms;
  return request;
}

PlanWaiting waiting(Lane lane, KeyId key, double served, int pages_max = 4) {
  return {.lane = lane,
          .key = key,
          .key_served = served,
          .tokens = 100,
          .pages_max = pages_max,
          .sequences_max = 1};
}

std::vector<std::pair<int, int>> chunks(const std::vector<PlanRequest>& running,
                                        const PlanLimits& bounds) {
  std::vector<std::pair<int, int>> out;
  for (const PlannedChunk& chunk : plan_step(running, bounds)) {
    out.emplace_back(chunk.request, chunk.tokens);
  }
  return out;
}

using Chunks = std::vector<std::pair<int, int>>;

TEST(PlanStep, TakesAllDecodingSequencesAndFillsUpWithAPrompt) {
  EXPECT_EQ(chunks({decoding(Lane::chat, 1, 0, 0), prompt(Lane::chat, 1, 0, 1000),
                    decoding(Lane::chat, 1, 0, 0)},
                   limits()),
            (Chunks{{0, 1}, {2, 1}, {1, 198}}));
}

TEST(PlanStep, TakesPromptsOfAKeyInTurnAndEndsWithTheEndOfOne) {
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 0, 150), prompt(Lane::chat, 1, 0, 150)}, limits()),
            (Chunks{{0, 150}}));
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 0, 50), prompt(Lane::chat, 1, 0, 350)}, limits()),
            (Chunks{{0, 50}, {1, 150}}));
}

TEST(PlanStep, ServesTheLeastServedKeyFirst) {
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 900, 500), prompt(Lane::chat, 2, 800, 500)}, limits()),
            (Chunks{{1, 200}}));
}

TEST(PlanStep, LeavesHalfTheStepToPromptsAndTakesTurnsAmongTheRest) {
  std::vector<PlanRequest> running;
  for (int i = 0; i < 12; ++i) running.push_back(decoding(Lane::chat, 1, 0, 100 - i));
  running.push_back(prompt(Lane::chat, 1, 0, 100));
  PlanLimits bounds = limits();
  bounds.cost.row_ms = 20;
  EXPECT_EQ(chunks(running, bounds), (Chunks{{11, 1}, {10, 1}, {9, 1}, {8, 1}, {7, 1}, {12, 5}}));
}

TEST(PlanStep, TakesNoLowerLaneAlongWithAPrompt) {
  EXPECT_EQ(chunks({decoding(Lane::batch, 1, 0, 0), prompt(Lane::chat, 2, 0, 10)}, limits()),
            (Chunks{{1, 10}}));
  EXPECT_EQ(chunks({prompt(Lane::batch, 1, 0, 1000), decoding(Lane::chat, 2, 0, 0)}, limits()),
            (Chunks{{1, 1}, {0, 199}}));
}

TEST(PlanStep, KeepsLowerLanesShortWhileACompletionDecodes) {
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 0, 1000), decoding(Lane::completion, 2, 0, 0)}, limits()),
            (Chunks{{1, 1}, {0, 59}}));
}

TEST(PlanStep, GivesALaneThatWaitedLongAQuarterOfAStep) {
  PlanLimits bounds = limits();
  bounds.now_ms = kLaneRowWaitMs;
  EXPECT_EQ(chunks({prompt(Lane::batch, 1, 0, 1000), prompt(Lane::chat, 2, 0, 1000)}, bounds),
            (Chunks{{0, 50}, {1, 150}}));
}

TEST(PlanStep, MakesLongerStepsOfChatsAmongThemselves) {
  PlanLimits bounds = limits();
  bounds.completions_expected = false;
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 0, 1000)}, bounds), (Chunks{{0, 500}}));
}

TEST(PlanStep, GetsOnHoweverSlowTheMachine) {
  PlanLimits bounds = limits();
  bounds.cost = {.base_ms = 5000, .row_ms = 1000, .context_per_row = 1e9};
  EXPECT_EQ(chunks({prompt(Lane::chat, 1, 0, 1000)}, bounds), (Chunks{{0, kStepRowsLeast}}));
}

TEST(PlanStep, TakesFewerRowsFarBackInAContext) {
  PlanLimits bounds = limits();
  bounds.cost.context_per_row = 1000;
  std::vector<PlanRequest> running = {prompt(Lane::chat, 1, 0, 1000)};
  running[0].pages_max = 100;
  running[0].sequences[0].position = 3000;
  EXPECT_EQ(chunks(running, bounds), (Chunks{{0, 50}}));
}

TEST(PlanStep, ComputesACommonBeginningOnce) {
  const std::vector<PageHash> hashes = {5, 6, 7};
  std::vector<PlanRequest> running = {prompt(Lane::chat, 1, 0, 300), prompt(Lane::chat, 2, 0, 300)};
  for (PlanRequest& request : running) request.sequences[0].prompt_hashes = hashes;
  PlanLimits bounds = limits();
  bounds.completions_expected = false;
  EXPECT_EQ(chunks(running, bounds), (Chunks{{0, 300}}));
  // The second key has come to be the least served, but the first is further on.
  running[0].sequences[0] = {
      .position = 30, .tokens_left = 270, .reusable = {}, .prompt_hashes = hashes};
  running[0].key_served = 30;
  EXPECT_EQ(chunks(running, bounds), (Chunks{{0, 270}}));
}

TEST(PlanStep, AdoptsKnownPagesInsteadOfComputingThem) {
  const std::vector<PageId> known = {3, 4};
  std::vector<PlanRequest> running = {prompt(Lane::chat, 1, 0, 140)};
  running[0].sequences[0].reusable = known;
  const auto plan = plan_step(running, limits());
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].adopted_pages, 2);
  EXPECT_EQ(plan[0].tokens, 12);
}

TEST(PlanStep, ComputesWhatThePagesAllow) {
  PlanLimits bounds = limits();
  bounds.page_count = 3;
  bounds.context_pages = 3;
  const std::vector<PageId> held = {0};
  std::vector<PlanRequest> running = {prompt(Lane::chat, 1, 0, 180), prompt(Lane::chat, 1, 0, 100)};
  running[0].pages_max = 3;
  running[1].pages_max = 3;
  running[1].pages = held;
  running[1].sequences[0].position = 60;
  // The second wants two more, as many as are free, and so ends before the first may begin.
  EXPECT_EQ(chunks(running, bounds), (Chunks{{1, 100}}));
}

TEST(PlanAdmission, TakesTheLeastServedKeyAndOfAKeyTheFirst) {
  PlanLimits bounds = limits();
  bounds.sequences_max = 4;
  const std::vector<PlanWaiting> queue = {waiting(Lane::chat, 1, 0), waiting(Lane::chat, 1, 0),
                                          waiting(Lane::chat, 2, 50), waiting(Lane::chat, 2, 50)};
  EXPECT_EQ(plan_admission({}, queue, bounds), (std::vector<int>{0, 2, 1}));
}

TEST(PlanAdmission, TakesLanesInOrderAndKeepsRoomForHigherOnes) {
  std::vector<PlanWaiting> queue(20, waiting(Lane::batch, 1, 0));
  queue.push_back(waiting(Lane::chat, 1, 0));
  const auto admitted = plan_admission({}, queue, limits());
  EXPECT_EQ(admitted.front(), 20);
  // Half of the places; a key with few running finds a quarter more.
  EXPECT_EQ(admitted.size(), 1u + 8);
}

TEST(PlanAdmission, LetsNobodyOvertakeOneThatWaitsForPages) {
  PlanLimits bounds = limits();
  bounds.page_count = bounds.context_pages = 16;
  const std::vector<PageId> held = {0, 1, 2, 3, 4, 5, 6, 7};
  PlanRequest runs = prompt(Lane::chat, 1, 0, 10);
  runs.pages = held;
  runs.pages_max = 12;
  runs.sequences[0].position = 500;
  const std::vector<PlanWaiting> queue = {waiting(Lane::chat, 2, 0, 17),
                                          waiting(Lane::chat, 2, 0, 1)};
  EXPECT_TRUE(plan_admission(std::vector{runs}, queue, bounds).empty());
}

TEST(PlanAdmission, LetsALaneThatWaitedLongBeginFirst) {
  PlanLimits bounds = limits();
  bounds.sequences_max = 1;
  bounds.now_ms = kLaneBeginWaitMs;
  bounds.lane_begun_ms = {bounds.now_ms, bounds.now_ms, bounds.now_ms, 0};
  const std::vector<PlanWaiting> queue = {waiting(Lane::chat, 1, 0), waiting(Lane::batch, 1, 0)};
  EXPECT_EQ(plan_admission({}, queue, bounds).front(), 1);
}

TEST(StepCost, IsLearntFromSteps) {
  StepCostEstimate estimate(1e9);
  EXPECT_GT(estimate.cost().rows_within(100), 0);
  for (int i = 0; i < 60; ++i) estimate.add(1 + i % 7 * 20, 30 + 2.5 * (1 + i % 7 * 20));
  EXPECT_NEAR(estimate.cost().row_ms, 2.5, 0.01);
  EXPECT_NEAR(estimate.cost().base_ms, 30, 1);
  EXPECT_NEAR(estimate.cost().rows_within(280), 100, 1);
  // Steps of one size, then of another: no nonsense in between.
  StepCostEstimate even(1e9);
  for (int i = 0; i < 100; ++i) even.add(8, 50);
  EXPECT_GT(even.cost().row_ms, 0);
  EXPECT_GE(even.cost().base_ms, 0);
  EXPECT_NEAR(even.cost().base_ms + 8 * even.cost().row_ms, 50, 1);
}

TEST(KeyCounters, LetsNobodySaveUp) {
  KeyCounters keys;
  keys.arrive(1, 0);
  keys.charge(1, 1000);
  keys.arrive(2, 5);
  EXPECT_EQ(keys.served(2), 1000);
  EXPECT_TRUE(keys.shared(2000));
  keys.charge(2, 50);
  keys.leave(2, 3000);
  keys.charge(1, 10);
  keys.arrive(2, 4000);
  EXPECT_EQ(keys.served(2), 1050);
  keys.leave(1, 4000);
  keys.leave(2, 5000);
  keys.arrive(3, 6000);
  EXPECT_GE(keys.served(3), 1010);
  EXPECT_FALSE(keys.shared(kKeyMemoryMs + 7000));
}

}  // namespace
}  // namespace bise
