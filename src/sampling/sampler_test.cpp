#include "sampling/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "sampling/exponential.h"

namespace bise {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> random_logits(int count, unsigned seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

SamplingOptions at_temperature(float temperature) {
  SamplingOptions options;
  options.temperature = temperature;
  return options;
}

std::vector<TokenId> candidate_ids(const std::vector<float>& logits, const SamplingOptions& options,
                                   const TokenHistory& history = {}) {
  Sampler sampler;
  std::vector<TokenId> ids;
  const auto candidates = sampler.candidates(logits, history, options).value();
  for (const auto& candidate : candidates) ids.push_back(candidate.id);
  return ids;
}

TokenId greedy(const std::vector<float>& logits, const SamplingOptions& options,
               const TokenHistory& history) {
  Sampler sampler;
  return sampler.sample(logits, history, options, 0).value();
}

// The filters written out plainly: sorts everything, in double.
std::vector<TokenId> plain_candidates(const std::vector<float>& logits,
                                      const SamplingOptions& options) {
  struct Token {
    TokenId id;
    double score;
    double p = 0;
  };
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    tokens.push_back({static_cast<TokenId>(i), double{logits[i]} / double{options.temperature}});
  }
  const auto sort_by_score = [&] {
    std::stable_sort(tokens.begin(), tokens.end(),
                     [](const Token& a, const Token& b) { return a.score > b.score; });
  };
  const auto normalise = [&] {
    double sum = 0;
    for (const Token& token : tokens) sum += std::exp(token.score);
    for (Token& token : tokens) token.p = std::exp(token.score) / sum;
  };
  const auto cut = [&](double mass) {
    double sum = 0;
    std::size_t kept = 0;
    while (kept < tokens.size() && (kept == 0 || sum < mass)) sum += tokens[kept++].p;
    tokens.resize(kept);
  };
  sort_by_score();
  if (options.top_k > 0) tokens.resize(std::min<std::size_t>(options.top_k, tokens.size()));
  normalise();
  if (options.typical_p < 1) {
    double entropy = 0;
    for (const Token& token : tokens) entropy -= token.p * std::log(token.p);
    std::stable_sort(tokens.begin(), tokens.end(), [entropy](const Token& a, const Token& b) {
      return std::abs(-std::log(a.p) - entropy) < std::abs(-std::log(b.p) - entropy);
    });
    cut(options.typical_p);
    sort_by_score();
    normalise();
  }
  if (options.top_p < 1) cut(options.top_p);
  std::erase_if(tokens, [&, best = tokens[0].p](const Token& token) {
    return token.p < best * double{options.min_p};
  });
  std::vector<TokenId> ids;
  for (const Token& token : tokens) ids.push_back(token.id);
  return ids;
}

TEST(Sampler, GreedyTakesTheLargestAndOfEqualOnesTheFirst) {
  std::vector<float> logits(1000, -3.0F);
  logits[700] = logits[300] = 2.0F;
  EXPECT_EQ(greedy(logits, {}, {}), 300);
  logits[999] = 2.5F;
  EXPECT_EQ(greedy(logits, {}, {}), 999);
}

TEST(Sampler, TemperaturesNearZeroAreGreedy) {
  const std::vector<float> logits = {1.0F, 1.0001F, 0.0F};
  EXPECT_EQ(greedy(logits, at_temperature(1e-6F), {}), 1);
}

TEST(Sampler, OneAllowedTokenIsTaken) {
  std::vector<float> logits(5000, -kInfinity);
  logits[4321] = -50.0F;
  for (const float temperature : {0.0F, 1.0F, 5.0F}) {
    SamplingOptions options = at_temperature(temperature);
    EXPECT_EQ(greedy(logits, options, {}), 4321);
    options.top_k = 10;
    EXPECT_EQ(greedy(logits, options, {}), 4321);
    options.typical_p = 0.5F;
    EXPECT_EQ(greedy(logits, options, {}), 4321);
    options.top_k = 0;
    EXPECT_EQ(greedy(logits, options, {}), 4321);
    options.typical_p = 1;
    options.top_p = 0.5F;
    EXPECT_EQ(greedy(logits, options, {}), 4321);
    options.top_p = 1;
    options.min_p = 0.5F;
    EXPECT_EQ(greedy(logits, options, {}), 4321);
  }
}

TEST(Sampler, RefusesLogitsThatAreNoNumbers) {
  Sampler sampler;
  std::vector<float> logits(200, 0.0F);
  logits[130] = std::nanf("");
  const auto result = sampler.sample(logits, {}, at_temperature(1), 0);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::internal);
  EXPECT_NE(result.error().message.find("token 130 is"), std::string::npos);
  logits[130] = kInfinity;
  EXPECT_FALSE(sampler.sample(logits, {}, {}, 0).ok());
  logits.assign(200, -kInfinity);
  EXPECT_FALSE(sampler.sample(logits, {}, {}, 0).ok());
}

TEST(Sampler, FiltersAgreeWithPlainOnesOnRandomOptions) {
  std::mt19937 random(11);
  const auto uniform = [&] { return static_cast<float>(random() % 1000) / 1000; };
  for (int round = 0; round < 150; ++round) {
    const int vocab = round % 3 == 0 ? 5003 : 300;
    const std::vector<float> logits = random_logits(vocab, round, 0.5F + 4 * uniform());
    SamplingOptions options = at_temperature(0.2F + 2 * uniform());
    if (random() % 2 == 0) options.top_k = 1 + static_cast<int>(random() % 400);
    if (random() % 3 == 0) options.typical_p = 0.1F + 0.8F * uniform();
    if (random() % 2 == 0) options.top_p = 0.1F + 0.89F * uniform();
    if (random() % 2 == 0) options.min_p = 0.2F * uniform();
    const std::vector<TokenId> ours = candidate_ids(logits, options);
    const std::vector<TokenId> plain = plain_candidates(logits, options);
    // Where a mass is reached within rounding, one token more or less is no error.
    const std::size_t shared = std::min(ours.size(), plain.size());
    if (options.min_p == 0 && options.top_p == 1 && options.typical_p == 1 && options.top_k == 0) {
      continue;
    }
    EXPECT_LE(std::max(ours.size(), plain.size()) - shared, 1U) << round;
    if (options.typical_p == 1) {
      EXPECT_TRUE(std::equal(ours.begin(), ours.begin() + shared, plain.begin())) << round;
    }
  }
}

TEST(Sampler, TopKKeepsTheLowerIdsOfEqualLogits) {
  std::vector<float> logits(300, 1.0F);
  SamplingOptions options = at_temperature(1);
  options.top_k = 3;
  EXPECT_EQ(candidate_ids(logits, options), (std::vector<TokenId>{0, 1, 2}));
  options.top_k = 1000;
  EXPECT_EQ(candidate_ids(logits, options).size(), 300U);
}

TEST(Sampler, TopPOfZeroLeavesTheLikeliest) {
  SamplingOptions options = at_temperature(1);
  options.top_p = 0;
  EXPECT_EQ(candidate_ids({0.0F, 3.0F, 1.0F}, options), (std::vector<TokenId>{1}));
}

TEST(Sampler, TheTemperatureComesBeforeTheFilters) {
  // At 1 the second token has 0.27 of the mass, at 4 it has 0.44.
  const std::vector<float> logits = {1.0F, 0.0F};
  SamplingOptions options = at_temperature(1);
  options.min_p = 0.5F;
  EXPECT_EQ(candidate_ids(logits, options).size(), 1U);
  options.temperature = 4;
  EXPECT_EQ(candidate_ids(logits, options).size(), 2U);
}

TEST(Sampler, LogitBiasMovesTokensAndBansThem) {
  const std::vector<float> logits = {5.0F, 4.0F, 3.0F};
  SamplingOptions options;
  options.logit_bias = {{0, -100.0F}};
  EXPECT_EQ(greedy(logits, options, {}), 1);
  options.logit_bias.emplace_back(2, 2.0F);
  EXPECT_EQ(greedy(logits, options, {}), 2);
}

TEST(Sampler, RepetitionPenaltyDividesPositiveAndMultipliesNegativeLogits) {
  const std::vector<TokenId> prompt = {0, 0, 2};
  SamplingOptions options;
  options.repetition_penalty = 2;
  EXPECT_EQ(greedy({4.0F, 2.1F, 0.0F}, options, {prompt, {}}), 1);     // 4 / 2 < 2.1
  EXPECT_EQ(greedy({4.4F, 2.1F, 0.0F}, options, {prompt, {}}), 0);     // once, not twice
  EXPECT_EQ(greedy({-9.0F, -3.0F, -2.0F}, options, {prompt, {}}), 1);  // -2 * 2 < -3
}

TEST(Sampler, RepetitionWindowCountsFromTheEndThroughAnswerAndPrompt) {
  const std::vector<TokenId> prompt = {0, 1};
  const std::vector<TokenId> answer = {2};
  SamplingOptions options;
  options.repetition_penalty = 10;
  options.repetition_window = 2;
  EXPECT_EQ(greedy({3.0F, 5.0F, 5.0F}, options, {prompt, answer}), 0);
  options.repetition_window = 1;
  EXPECT_EQ(greedy({3.0F, 5.0F, 5.0F}, options, {prompt, answer}), 1);
}

TEST(Sampler, FrequencyAndPresencePenaltiesCountTheAnswerOnly) {
  const std::vector<TokenId> prompt = {0, 0, 0};
  const std::vector<TokenId> answer = {1, 1, 2};
  SamplingOptions options;
  options.frequency_penalty = 1;
  EXPECT_EQ(greedy({1.0F, 2.9F, 0.0F}, options, {prompt, answer}), 0);
  EXPECT_EQ(greedy({1.0F, 3.1F, 0.0F}, options, {prompt, answer}), 1);
  options.frequency_penalty = 0;
  options.presence_penalty = 1;
  EXPECT_EQ(greedy({1.0F, 2.1F, 0.0F}, options, {prompt, answer}), 1);
}

TEST(Sampler, PenaltiesLeaveNoTraceInTheNextCall) {
  const std::vector<TokenId> answer = {0, 0, 0, 0};
  SamplingOptions options;
  options.frequency_penalty = 1;
  Sampler sampler;
  const std::vector<float> logits = {3.0F, 2.0F};
  EXPECT_EQ(sampler.sample(logits, {{}, answer}, options, 0).value(), 1);
  EXPECT_EQ(sampler.sample(logits, {}, options, 0).value(), 0);
}

double chi_square(const std::vector<float>& logits, const SamplingOptions& options, int draws) {
  Sampler sampler;
  const auto candidates = sampler.candidates(logits, {}, options).value();
  double total = 0;
  for (const auto& candidate : candidates) total += double{candidate.weight};
  std::vector<int> counts(logits.size(), 0);
  for (int position = 0; position < draws; ++position) {
    ++counts[sampler.sample(logits, {}, options, position).value()];
  }
  double sum = 0;
  for (const auto& candidate : candidates) {
    const double expected = draws * double{candidate.weight} / total;
    sum += (counts[candidate.id] - expected) * (counts[candidate.id] - expected) / expected;
    counts[candidate.id] = 0;
  }
  for (const int count : counts) EXPECT_EQ(count, 0);  // never a token that was filtered out
  return sum;
}

// Bounds: 99.9 % of chi-square for the degrees of freedom. The seeds are fixed.
TEST(Sampler, DrawsFollowTheProbabilities) {
  const std::vector<float> logits = random_logits(40, 3, 1);
  SamplingOptions options = at_temperature(1);
  EXPECT_LT(chi_square(logits, options, 40000), 72.1);  // 39
  options.seed = 77;
  options.temperature = 2;
  EXPECT_LT(chi_square(logits, options, 40000), 72.1);
  options.top_k = 11;
  EXPECT_LT(chi_square(logits, options, 40000), 29.6);  // 10
}

TEST(Sampler, DrawsFromSeveralBlocksFollowTheProbabilities) {
  std::vector<float> logits(4000, -kInfinity);
  for (int i = 0; i < 40; ++i) logits[i * 100 + 37] = static_cast<float>(i % 7) * 0.3F;
  SamplingOptions options = at_temperature(1);
  options.seed = 5;
  EXPECT_LT(chi_square(logits, options, 10000), 72.1);
}

TEST(Sampler, TheSameSeedAndPositionGiveTheSameToken) {
  const std::vector<float> logits = random_logits(3000, 21, 2);
  SamplingOptions options = at_temperature(1);
  options.seed = 42;
  Sampler a;
  Sampler b;
  b.sample(random_logits(100, 1, 1), {}, options, 9).value();
  int differences = 0;
  for (int position = 0; position < 50; ++position) {
    options.seed = 42;
    const TokenId token = a.sample(logits, {}, options, position).value();
    EXPECT_EQ(b.sample(logits, {}, options, position).value(), token);
    options.seed = 43;
    differences += a.sample(logits, {}, options, position).value() != token ? 1 : 0;
  }
  EXPECT_GT(differences, 30);
}

// Pins the draws: a change here changes everybody's seeded texts.
TEST(Sampler, SeededDrawsStayWhatTheyAre) {
  std::vector<float> logits(1000);
  for (int i = 0; i < 1000; ++i) logits[i] = static_cast<float>((i * 7919) % 1000) / 250.0F;
  SamplingOptions options = at_temperature(1);
  options.seed = 2026;
  Sampler sampler;
  std::vector<TokenId> drawn;
  for (int position = 0; position < 6; ++position) {
    drawn.push_back(sampler.sample(logits, {}, options, position).value());
  }
  options.top_p = 0.5F;
  for (int position = 0; position < 6; ++position) {
    drawn.push_back(sampler.sample(logits, {}, options, position).value());
  }
  EXPECT_EQ(drawn,
            (std::vector<TokenId>{433, 988, 693, 732, 633, 313, 433, 988, 692, 730, 631, 310}));
}

TEST(Sampler, LogProbabilitiesAreOfTheRawDistribution) {
  const std::vector<float> logits = random_logits(3000, 8, 3);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit});
  std::vector<TokenId> order(logits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<TokenId>(i);
  std::sort(order.begin(), order.end(),
            [&](TokenId a, TokenId b) { return logits[a] > logits[b]; });
  Sampler sampler;
  const LogProbs out = sampler.log_probabilities(logits, 17, kTopLogProbsMax).value();
  EXPECT_EQ(out.chosen.id, 17);
  EXPECT_NEAR(out.chosen.log_probability, double{logits[17]} - std::log(sum), 1e-5);
  ASSERT_EQ(out.top.size(), 20U);
  for (std::size_t i = 0; i < out.top.size(); ++i) {
    EXPECT_EQ(out.top[i].id, order[i]);
    EXPECT_NEAR(out.top[i].log_probability, double{logits[order[i]]} - std::log(sum), 1e-5);
  }
  EXPECT_TRUE(sampler.log_probabilities(logits, 17, 0).value().top.empty());
}

TEST(ExpNonpositive, IsWithinTwoUnitsInTheLastPlace) {
  double worst = 0;
  for (float x = -87; x <= 0; x += 0.0007F) {
    const double exact = std::exp(double{x});
    worst = std::max(worst, std::abs(double{exp_nonpositive(x)} - exact) / exact);
  }
  EXPECT_LT(worst, 2.4e-7);
  EXPECT_EQ(exp_nonpositive(0), 1.0F);
  EXPECT_EQ(exp_nonpositive(-88), 0.0F);
  EXPECT_EQ(exp_nonpositive(-kInfinity), 0.0F);
}

TEST(CheckSamplingOptions, NamesTheFieldThatIsOutOfRange) {
  EXPECT_TRUE(check(at_temperature(0.7F), 10).ok());
  EXPECT_EQ(check(at_temperature(-1), 10).error().message,
            "temperature is -1 but must lie between 0 and 100");
  EXPECT_FALSE(check(at_temperature(std::nanf("")), 10).ok());
  SamplingOptions options;
  options.top_p = 1.5F;
  EXPECT_EQ(check(options, 10).error().message, "top_p is 1.5 but must lie between 0 and 1");
  options = {};
  options.logit_bias = {{10, 1.0F}};
  EXPECT_EQ(check(options, 10).error().message,
            "logit_bias names the token 10 but the vocabulary has ids 0 to 9");
}

}  // namespace
}  // namespace bise
