#include "engine/simulation.h"

#include <gtest/gtest.h>

#include <random>

namespace bise {
namespace {

std::vector<TokenId> random_prompt(std::mt19937& random, int length) {
  std::vector<TokenId> prompt;
  for (int i = 0; i < length; ++i) {
    prompt.push_back(1 + static_cast<TokenId>(random() % (kTestVocab - 1)));
  }
  return prompt;
}

// A number from 0 on, below `limit`.
int below(std::mt19937& random, int limit) {
  return static_cast<int>(random() % static_cast<std::uint32_t>(limit));
}

GenerationRequest request_of(std::vector<TokenId> prompt, std::int64_t tokens_max) {
  GenerationRequest request;
  request.model = "test";
  request.prompt = std::move(prompt);
  request.tokens_max = tokens_max;
  return request;
}

// Any mix of what a request may ask for. Prompts often begin like others.
GenerationRequest random_request(std::mt19937& random, const std::vector<TokenId>& shared,
                                 int context_tokens) {
  std::vector<TokenId> prompt;
  if (random() % 2 == 0) {
    prompt.assign(shared.begin(), shared.begin() + random() % (shared.size() + 1));
  }
  const auto more = random_prompt(random, 1 + static_cast<int>(random() % 200));
  prompt.insert(prompt.end(), more.begin(), more.end());
  prompt.resize(std::min<std::size_t>(prompt.size(), context_tokens - 1));
  GenerationRequest request =
      request_of(std::move(prompt), random() % 4 == 0 ? 0 : 1 + random() % 150);
  request.sampling.temperature = random() % 2 == 0 ? 0.0F : 1.0F;
  request.sampling.seed = random();
  if (random() % 3 != 0) request.end_ids = {kTestEnd, 1};
  if (random() % 5 == 0) request.choice_count = 1 + static_cast<int>(random() % kChoicesMax);
  if (random() % 8 == 0) {
    request.tokens_min = request.tokens_max > 0 ? request.tokens_max / 2 : 10;
  }
  request.lane = static_cast<Lane>(random() % kLaneCount);
  request.key = random() % 4;
  request.reuse_prefix = random() % 6 != 0;
  request.prefix_scope = random() % 5 == 0 ? 1 : 0;
  return request;
}

void expect_right_answers(Simulation& simulation, int context_tokens) {
  for (Simulation::Run& run : simulation.runs()) {
    ASSERT_TRUE(run.end_s) << "a request did not end";
    ASSERT_TRUE(run.sink->end);
    if (!run.sink->start) {
      ASSERT_TRUE(run.cancelled_s);
      EXPECT_EQ(run.sink->error->code, ErrorCode::cancelled);
      continue;
    }
    EXPECT_FALSE(run.sink->error);
    for (int choice = 0; choice < run.request.choice_count; ++choice) {
      const RecordingSink::Choice& got = run.sink->choices[choice];
      const ExpectedChoice expected = expected_choice(run.request, choice, context_tokens);
      ASSERT_TRUE(got.end);
      EXPECT_EQ(got.end->token_count, static_cast<std::int64_t>(got.tokens.size()));
      if (got.end->reason == FinishReason::cancelled) {
        ASSERT_TRUE(run.cancelled_s);
        ASSERT_LE(got.tokens.size(), expected.tokens.size());
        EXPECT_TRUE(std::equal(got.tokens.begin(), got.tokens.end(), expected.tokens.begin()));
        continue;
      }
      EXPECT_EQ(got.tokens, expected.tokens);
      EXPECT_EQ(got.end->reason, expected.reason);
    }
  }
}

class RandomSimulation : public testing::TestWithParam<int> {};

// Pages from plenty to barely one request's; cancels at any time; everything at once. Page accounts
// are checked after each step, the texts against a model without an engine.
TEST_P(RandomSimulation, EveryRequestEndsWithTheRightTextAndNoPageIsLost) {
  const int seed = GetParam();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  Simulation::Options options;
  options.context_tokens = 256 + static_cast<int>(random() % 256);
  const int least = page_count_for(options.context_tokens);
  options.page_count = least + static_cast<int>(random() % (seed % 3 == 0 ? 3u : 60u));
  options.cost = {.base_ms = 1.0 + below(random, 50), .row_ms = 0.1 + 0.01 * below(random, 1000)};
  options.engine.sequences_max = 1 + static_cast<int>(random() % 40);
  options.completions_expected = random() % 2 == 0;
  if (random() % 3 == 0) options.engine.prefix_cache_bytes = (random() % 10) * 16384;
  Simulation simulation(options);
  const auto shared = random_prompt(random, 230);
  const double spread_s = random() % 2 == 0 ? 0.0 : 60.0;
  for (int i = 0; i < 60; ++i) {
    const double arrives = spread_s * below(random, 1000) / 1000;
    std::optional<double> cancelled;
    if (random() % 4 == 0) cancelled = arrives + 0.02 * below(random, 1000);
    simulation.add(arrives, random_request(random, shared, options.context_tokens), cancelled);
  }
  simulation.run();
  if (HasFatalFailure()) return;
  expect_right_answers(simulation, options.context_tokens);
  EXPECT_LE(simulation.tools().keys.size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSimulation, testing::Range(0, 40));

}  // namespace
}  // namespace bise
