#include "engine/session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/cpu_backend.h"

namespace bise {
namespace {

constexpr int kVocab = 50;

// After token t the likeliest is t + 1 (round), then t + 2. Remembers what it was asked to compute.
class CountingModel final : public Model {
 public:
  CountingModel() {
    spec_.vocab_size = kVocab;
    spec_.context_tokens = 1000;
    spec_.hidden_dim = 32;
    spec_.layers = {{1, 1, 32, 32, 0}};
  }
  const ModelSpec& spec() const override { return spec_; }
  KvShape kv_shape(KvElement element) const override { return {1, 1, 32, element}; }
  int step_rows_max() const override { return 40; }
  const std::vector<std::string>& unused_tensors() const override { return none_; }
  std::size_t private_bytes() const override { return 0; }

  Result<void> step(std::span<SequenceChunk> chunks, KvCache&, float* logits) override {
    for (const SequenceChunk& chunk : chunks) {
      if (std::find(chunk.tokens.begin(), chunk.tokens.end(), broken_token) != chunk.tokens.end()) {
        return Error{ErrorCode::internal, "broken"};
      }
      const Result<void> reserved = chunk.table->reserve(static_cast<int>(chunk.tokens.size()));
      if (!reserved.ok()) return reserved;
      computed.insert(computed.end(), chunk.tokens.begin(), chunk.tokens.end());
      chunk_sizes.push_back(static_cast<int>(chunk.tokens.size()));
      lengths.push_back(chunk.table->length());
      if (chunk.logits == LogitRows::none) continue;
      std::fill_n(logits, kVocab, 0.0F);
      logits[(chunk.tokens.back() + 1) % kVocab] = 9;
      logits[(chunk.tokens.back() + 2) % kVocab] = 8;
    }
    return {};
  }

  std::vector<TokenId> computed;
  std::vector<int> chunk_sizes;
  std::vector<int> lengths;
  TokenId broken_token = -1;

 private:
  ModelSpec spec_;
  std::vector<std::string> none_;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest()
      : backend_(make_cpu_backend({.threads = 1, .exact = false, .isa = ""}).value()),
        cache_(KvCache::create(*backend_, model_.kv_shape(KvElement::f32), 4).value()),
        session_(model_, *cache_, 200) {}

  Generation run(const std::vector<TokenId>& prompt, const GenerateOptions& options,
                 const GenerateHooks& hooks = {}) {
    return session_.generate(prompt, options, hooks).value();
  }
  static GenerateOptions at_most(std::int64_t tokens) {
    GenerateOptions options;
    options.tokens_max = tokens;
    return options;
  }

  CountingModel model_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<KvCache> cache_;
  Session session_;
};

using Tokens = std::vector<TokenId>;

TEST_F(SessionTest, ContinuesThePromptToTheLimit) {
  const Generation generation = run({5, 6, 7}, at_most(4));
  EXPECT_EQ(generation.tokens, (Tokens{8, 9, 10, 11}));
  EXPECT_EQ(generation.finish, Finish::length);
  EXPECT_EQ(generation.stats.prompt_tokens, 3);
  EXPECT_EQ(generation.stats.answer_tokens, 4);
  // The last token is not computed: nobody needs what comes after it.
  EXPECT_EQ(model_.computed, (Tokens{5, 6, 7, 8, 9, 10}));
}

TEST_F(SessionTest, EndsBeforeAnEndToken) {
  GenerateOptions options;
  options.end_ids = {40, 9};
  const Generation generation = run({6}, options);
  EXPECT_EQ(generation.tokens, (Tokens{7, 8}));
  EXPECT_EQ(generation.finish, Finish::end_token);
}

TEST_F(SessionTest, StopsWhenTheCallerSaysSo) {
  Tokens seen;
  GenerateHooks hooks;
  hooks.on_token = [&](const SampledToken& token) {
    seen.push_back(token.id);
    return seen.size() == 3 ? Flow::stop : Flow::go_on;
  };
  const Generation generation = run({1}, {}, hooks);
  EXPECT_EQ(generation.finish, Finish::stopped);
  EXPECT_EQ(seen, (Tokens{2, 3, 4}));
  EXPECT_EQ(generation.tokens, seen);
}

TEST_F(SessionTest, IsCancelledBetweenSteps) {
  std::atomic<bool> cancel = false;
  GenerateHooks hooks;
  hooks.cancel = &cancel;
  hooks.on_token = [&](const SampledToken& token) {
    cancel = token.id == 4;
    return Flow::go_on;
  };
  Generation generation = run({1}, {}, hooks);
  EXPECT_EQ(generation.finish, Finish::cancelled);
  EXPECT_EQ(generation.tokens, (Tokens{2, 3, 4}));
  generation = run({1, 2}, {}, hooks);
  EXPECT_EQ(generation.finish, Finish::cancelled);
  EXPECT_TRUE(generation.tokens.empty());
}

TEST_F(SessionTest, ReusesTheCommonBeginning) {
  run({1, 2, 3}, at_most(3));  // stores 1 2 3 4 5
  model_.computed.clear();
  const Generation generation = run({1, 2, 3, 4, 9, 9}, at_most(1));
  EXPECT_EQ(model_.computed, (Tokens{9, 9}));
  EXPECT_EQ(generation.stats.reused_tokens, 4);
  EXPECT_EQ(model_.lengths.back(), 6);
  // The same prompt again: only its last token, for the logits.
  model_.computed.clear();
  run({1, 2, 3, 4, 9, 9}, at_most(1));
  EXPECT_EQ(model_.computed, (Tokens{9}));
  // A shorter one: what follows is forgotten.
  model_.computed.clear();
  run({1, 2}, at_most(1));
  EXPECT_EQ(model_.computed, (Tokens{2}));
  EXPECT_EQ(model_.lengths.back(), 2);
  EXPECT_EQ(Tokens(session_.stored().begin(), session_.stored().end()), (Tokens{1, 2}));
}

TEST_F(SessionTest, ReadsLongPromptsInSteps) {
  Tokens prompt(150);
  for (int i = 0; i < 150; ++i) prompt[i] = i % kVocab;
  std::vector<std::int64_t> progress;
  GenerateHooks hooks;
  hooks.on_prefill = [&](std::int64_t done, std::int64_t total) {
    EXPECT_EQ(total, 150);
    progress.push_back(done);
  };
  const Generation generation = run(prompt, at_most(1), hooks);
  EXPECT_EQ(generation.tokens, (Tokens{150 % kVocab}));
  EXPECT_EQ(model_.computed, prompt);
  for (const int size : model_.chunk_sizes) EXPECT_LE(size, model_.step_rows_max());
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back(), 150);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
}

TEST_F(SessionTest, EndsWhereTheContextDoes) {
  const Generation generation = run(Tokens(198, 1), {});
  EXPECT_EQ(generation.finish, Finish::context_full);
  EXPECT_EQ(generation.tokens, (Tokens{2, 3}));
}

TEST_F(SessionTest, RefusesPromptsWithoutRoomForAnAnswer) {
  const auto full = session_.generate(Tokens(200, 1), {}, {});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(full.error().message.find("200"), std::string::npos);
  EXPECT_FALSE(session_.generate(Tokens(), {}, {}).ok());
  GenerateOptions options;
  options.sampling.top_p = 2;
  EXPECT_FALSE(session_.generate(Tokens{1}, options, {}).ok());
  EXPECT_TRUE(model_.computed.empty());
}

TEST_F(SessionTest, AfterAnErrorNothingIsTakenAsStored) {
  model_.broken_token = 9;
  EXPECT_FALSE(session_.generate(Tokens{1, 9}, {}, {}).ok());
  EXPECT_TRUE(session_.stored().empty());
  EXPECT_EQ(cache_->pool().free_count(), cache_->pool().page_count());
  model_.broken_token = -1;
  EXPECT_EQ(run({1}, at_most(1)).tokens, (Tokens{2}));
}

TEST_F(SessionTest, SeedsRepeatAnswersWhateverCameBefore) {
  GenerateOptions options = at_most(20);
  options.sampling.temperature = 2;
  options.sampling.seed = 11;
  const Tokens first = run({1, 2}, options).tokens;
  run({7, 8, 9}, options);
  EXPECT_EQ(run({1, 2}, options).tokens, first);
  options.sampling.seed = 12;
  EXPECT_NE(run({1, 2}, options).tokens, first);
}

TEST_F(SessionTest, TellsLogProbabilitiesWhenAsked) {
  GenerateOptions options = at_most(1);
  options.top_log_probs = 2;
  SampledToken seen = {};
  GenerateHooks hooks;
  hooks.on_token = [&](const SampledToken& token) {
    seen = token;
    return Flow::go_on;
  };
  run({1}, options, hooks);
  ASSERT_TRUE(seen.log_probs.has_value());
  EXPECT_EQ(seen.log_probs->chosen.id, 2);
  ASSERT_EQ(seen.log_probs->top.size(), 2U);
  EXPECT_EQ(seen.log_probs->top[1].id, 3);
  EXPECT_NEAR(seen.log_probs->top[0].log_probability - seen.log_probs->top[1].log_probability, 1,
              1e-5);
}

}  // namespace
}  // namespace bise
