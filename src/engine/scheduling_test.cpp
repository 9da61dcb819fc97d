// What a person notices of the scheduler: how long until the first token, and who gets how much.

#include <gtest/gtest.h>

#include <random>

#include "engine/simulation.h"

namespace bise {
namespace {

std::vector<TokenId> prompt_of(int length, int seed) {
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  std::vector<TokenId> prompt;
  for (int i = 0; i < length; ++i) {
    prompt.push_back(1 + static_cast<TokenId>(random() % (kTestVocab - 1)));
  }
  return prompt;
}

GenerationRequest request_of(int prompt, std::int64_t answer, Lane lane, KeyId key, int seed) {
  GenerationRequest request;
  request.prompt = prompt_of(prompt, seed);
  request.tokens_max = answer;
  request.lane = lane;
  request.key = key;
  return request;
}

// Like the starter on two cores: 5 ms for a step and 1 ms a row.
Simulation::Options machine() {
  Simulation::Options options;
  options.page_count = 800;
  options.context_tokens = 2048;
  options.cost = {.base_ms = 5, .row_ms = 1};
  return options;
}

double first_token_after(Simulation& simulation, int run) {
  return *simulation.at(run).first_token_s - simulation.at(run).arrives_s;
}

double percentile_95(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() * 95 / 100];
}

// First tokens of 50 requests, one each second, beside `crowd` requests of the batch lane, and by
// themselves.
void expect_delay(Lane lane, int prompt, double delay_max_s) {
  std::vector<double> delays;
  double alone_s = 0;
  for (const int crowd : {0, 16}) {
    Simulation::Options options = machine();
    options.completions_expected = lane == Lane::completion;
    Simulation simulation(options);
    for (int i = 0; i < crowd; ++i) {
      for (int round = 0; round < 20; ++round) {
        simulation.add(0.01 * i, request_of(300, 200, Lane::batch, 1, 1000 * round + i));
      }
    }
    std::vector<int> runs;
    for (int i = 0; i < 50; ++i) {
      runs.push_back(simulation.add(5 + 1.137 * i, request_of(prompt, 10, lane, 2, 100000 + i)));
    }
    simulation.run();
    for (const int run : runs) delays.push_back(first_token_after(simulation, run));
    if (crowd == 0) {
      alone_s = percentile_95(delays);
      delays.clear();
    } else {
      // The crowd was there all the time.
      EXPECT_GT(*simulation.at(0).end_s, 0);
      EXPECT_GT(simulation.now_s(), 5 + 1.137 * 50);
    }
  }
  EXPECT_LE(percentile_95(delays), alone_s + delay_max_s);
}

TEST(Scheduling, GivesAChatItsFirstTokenBesideBatches) {
  expect_delay(Lane::chat, 64, 0.3);
  expect_delay(Lane::chat, 500, 0.3);
}

TEST(Scheduling, GivesACompletionItsFirstTokenBesideBatches) {
  expect_delay(Lane::completion, 64, 0.3);
  expect_delay(Lane::completion, 400, 0.3);
}

TEST(Scheduling, KeepsAStepWithinItsTime) {
  for (const Lane lane : {Lane::chat, Lane::agent, Lane::batch}) {
    Simulation::Options options = machine();
    options.completions_expected = true;
    Simulation simulation(options);
    for (int i = 0; i < 30; ++i) simulation.add(0.05 * i, request_of(700, 50, lane, 1, i));
    simulation.run();
    // The first steps find out what a row costs.
    const std::vector<double>& steps = simulation.step_ms();
    EXPECT_LE(*std::max_element(steps.begin() + 5, steps.end()), 1.1 * kShortStepMs);
  }
}

TEST(Scheduling, LetsLowerLanesGetOnBesideEndlessChats) {
  Simulation simulation(machine());
  for (int i = 0; i < 400; ++i) {
    simulation.add(0.25 * i, request_of(300, 20, Lane::chat, 1, i));
  }
  const int batch = simulation.add(1, request_of(300, 20, Lane::batch, 2, 5000));
  const int agent = simulation.add(1, request_of(300, 20, Lane::agent, 2, 6000));
  simulation.run();
  EXPECT_LT(*simulation.at(batch).end_s, 110);
  EXPECT_LT(*simulation.at(agent).end_s, 110);
}

TEST(Scheduling, ServesPromptsInTurn) {
  Simulation simulation(machine());
  std::vector<int> runs;
  for (int i = 0; i < 8; ++i)
    runs.push_back(simulation.add(0, request_of(256, 64, Lane::chat, 1, i)));
  simulation.run();
  std::vector<double> first;
  for (const int run : runs) first.push_back(first_token_after(simulation, run));
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  // All together everybody would wait for the whole 2 s.
  EXPECT_LT(first[0], 0.6);
  double mean = 0;
  for (const double s : first) mean += s / 8;
  EXPECT_LT(mean, 0.62 * first[7]);
}

TEST(Scheduling, AnswersALoneRequestSoonBesideAHundredOfAnotherKey) {
  for (const int sequences_max : {8, 64}) {
    double alone_s = 0;
    for (const int others : {0, 100}) {
      Simulation::Options options = machine();
      options.engine.sequences_max = sequences_max;
      Simulation simulation(options);
      for (int i = 0; i < others; ++i) simulation.add(0, request_of(200, 100, Lane::chat, 1, i));
      const int early = simulation.add(0, request_of(200, 100, Lane::chat, 2, 999));
      const int run = simulation.add(5, request_of(200, 10, Lane::chat, 2, 1000));
      simulation.run();
      ASSERT_TRUE(simulation.at(early).end_s);
      if (others == 0) {
        alone_s = first_token_after(simulation, run);
      } else {
        EXPECT_LE(first_token_after(simulation, run), 2 * alone_s + kChatStepMs / 1000);
      }
    }
  }
}

// Two keys that always have work get the same number of rows, whatever their requests look like,
// up to what is underway at once.
TEST(Scheduling, SharesTokensBetweenKeysThatAlwaysHaveWork) {
  Simulation::Options options = machine();
  options.engine.sequences_max = 16;
  Simulation simulation(options);
  for (int i = 0; i < 120; ++i) {
    simulation.add(0, request_of(800, 40, Lane::chat, 1, i));
    simulation.add(0, request_of(60, 40, Lane::chat, 2, 1000 + i));
    simulation.add(0, request_of(60, 40, Lane::chat, 2, 2000 + i));
  }
  double worst = 0;
  simulation.after_delivery = [&] {
    int left[2] = {0, 0};
    for (const Simulation::Run& run : simulation.runs()) {
      if (!run.end_s) ++left[run.request.key - 1];
    }
    if (left[0] < 16 || left[1] < 16) return;
    const double difference = simulation.tools().keys.served(1) - simulation.tools().keys.served(2);
    worst = std::max(worst, std::abs(difference));
  };
  simulation.run();
  EXPECT_GT(worst, 0);
  EXPECT_LE(worst, 16 * 840);
}

TEST(Scheduling, ComputesASharedPromptOnce) {
  Simulation simulation(machine());
  std::vector<TokenId> shared = prompt_of(1000, 1);
  std::vector<int> runs;
  for (int i = 0; i < 8; ++i) {
    GenerationRequest request = request_of(32, 32, Lane::chat, static_cast<KeyId>(i), 10 + i);
    request.prompt.insert(request.prompt.begin(), shared.begin(), shared.end());
    runs.push_back(simulation.add(0, std::move(request)));
  }
  simulation.run();
  // Fifteen pages of the shared tokens are whole; each computes the rest and its own.
  EXPECT_LE(simulation.stats().prefill_tokens, 1032u + 7 * (40 + 32));
  EXPECT_EQ(simulation.stats().prefix_tokens_hit, 7u * 960);
}

TEST(Scheduling, EndsOnlyTheRequestThatAStepBreaksOn) {
  Simulation simulation(machine());
  simulation.model().broken_token = 7;
  std::vector<int> runs;
  for (int i = 0; i < 6; ++i) {
    GenerationRequest request = request_of(100, 30, Lane::chat, 1, i);
    std::replace(request.prompt.begin(), request.prompt.end(), 7, 8);
    if (i == 3) request.prompt[50] = 7;
    // None draws it later.
    request.sampling.logit_bias = {{7, -100.0F}};
    runs.push_back(simulation.add(0, std::move(request)));
  }
  simulation.run();
  for (int i = 0; i < 6; ++i) {
    RecordingSink& sink = *simulation.at(runs[static_cast<std::size_t>(i)]).sink;
    const RecordingSink::Choice& choice = sink.choices[0];
    if (i == 3) {
      EXPECT_EQ(choice.end->reason, FinishReason::error);
      EXPECT_EQ(sink.error->message, "not finite numbers in test");
    } else {
      EXPECT_EQ(choice.end->reason, FinishReason::length);
      EXPECT_EQ(choice.tokens,
                expected_choice(simulation.at(runs[static_cast<std::size_t>(i)]).request, 0, 2048)
                    .tokens);
    }
  }
}

}  // namespace
}  // namespace bise
