#pragma once

// For tests: a model whose next token is a function of all tokens before it, read back from the
// pages they were written to, so that a wrong page shows in the text; a clock that the model moves;
// sinks that remember.

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/generation.h"
#include "engine/model_runner.h"
#include "engine/step_cost.h"
#include "models/model.h"
#include "sampling/sampler.h"

namespace bise {

inline constexpr int kTestVocab = 64;
inline constexpr TokenId kTestEnd = 0;

// Pages of token ids.
class TestKvStorage final : public KvStorage {
 public:
  TestKvStorage(const KvShape& shape, int page_count)
      : shape_(shape), pages_(static_cast<std::size_t>(page_count)) {}
  const KvShape& shape() const override { return shape_; }
  int page_count() const override { return static_cast<int>(pages_.size()); }
  void copy_page(PageId from, PageId to) override { page(to) = page(from); }
  std::array<TokenId, kPageSlots>& page(PageId id) { return pages_[static_cast<std::size_t>(id)]; }

 private:
  KvShape shape_;
  std::vector<std::array<TokenId, kPageSlots>> pages_;
};

// Has memory, no operations.
class TestBackend final : public Backend {
 public:
  std::string description() const override { return "test"; }
  Result<std::unique_ptr<Weight>> load_weight(const MatrixData&) override { return none(); }
  std::unique_ptr<Buffer> load_vector(std::span<const float>) override { return nullptr; }
  Result<std::unique_ptr<Buffer>> allocate(std::size_t) override { return none(); }
  Result<std::unique_ptr<KvStorage>> allocate_kv(const KvShape& shape, int page_count) override {
    return std::unique_ptr<KvStorage>(std::make_unique<TestKvStorage>(shape, page_count));
  }
  void gather(const Weight&, std::span<const std::int32_t>, Activations) override { fail(); }
  void select_rows(Activations, std::span<const int>, Activations) override { fail(); }
  void linear(const LinearInput&, std::span<const Product>) override { fail(); }
  void linear_add(const LinearInput&, const Product&) override { fail(); }
  void linear_swiglu(const LinearInput&, const Weight&, const Weight&, Activations) override {
    fail();
  }
  void rotate_and_store(const StepLayout&, const AttentionShape&, Activations, Activations,
                        Activations, KvStorage&) override {
    fail();
  }
  void attend(const StepLayout&, const AttentionShape&, Activations, const KvStorage&,
              Activations) override {
    fail();
  }
  void read(Activations, float*) override { fail(); }

 private:
  static Error none() { return {ErrorCode::not_supported, "the test backend has no operations"}; }
  static void fail() { CHECK(false); }
};

// Logits after these tokens.
inline void test_logits(std::span<const TokenId> tokens, float* logits) {
  std::uint64_t hash = 1469598103934665603u;
  for (const TokenId token : tokens) {
    hash = (hash ^ static_cast<std::uint64_t>(token)) * 1099511628211u;
  }
  std::mt19937 random(static_cast<std::uint32_t>(hash ^ (hash >> 32)));
  for (int id = 0; id < kTestVocab; ++id) {
    logits[id] = static_cast<float>(random() % 1000) / 200.0F;
  }
}

struct TestCost {
  double base_ms = 5;
  double row_ms = 1;
};

class TestModel final : public Model {
 public:
  TestModel(int context_tokens, const TestCost& cost, Clock::time_point* clock)
      : cost_(cost), clock_(clock) {
    spec_.vocab_size = kTestVocab;
    spec_.context_tokens = context_tokens;
    spec_.hidden_dim = 32;
    // So broad that attention counts for nothing, as in cost_.
    spec_.layers = {{1, 1, 32, 1 << 20, 0}};
  }
  const ModelSpec& spec() const override { return spec_; }
  KvShape kv_shape(KvElement element) const override { return {1, 1, 32, element}; }
  int step_rows_max() const override { return 512; }
  const std::vector<std::string>& unused_tensors() const override { return none_; }
  std::size_t private_bytes() const override { return 0; }

  Result<void> step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) override {
    int rows = 0;
    for (const SequenceChunk& chunk : chunks) {
      TRY_VOID(chunk.table->reserve(static_cast<int>(chunk.tokens.size())));
      rows += static_cast<int>(chunk.tokens.size());
    }
    CHECK(rows <= step_rows_max());
    auto& storage = static_cast<TestKvStorage&>(cache.storage());
    for (const SequenceChunk& chunk : chunks) {
      const int length = chunk.table->length();
      const int before = length - static_cast<int>(chunk.tokens.size());
      for (int i = before; i < length; ++i) {
        slot(storage, *chunk.table, i) = chunk.tokens[static_cast<std::size_t>(i - before)];
      }
      if (std::find(chunk.tokens.begin(), chunk.tokens.end(), broken_token) != chunk.tokens.end()) {
        return Error{ErrorCode::internal, "not finite numbers in test"};
      }
    }
    for (const SequenceChunk& chunk : chunks) {
      if (chunk.logits == LogitRows::none) continue;
      std::vector<TokenId> tokens;
      for (int i = 0; i < chunk.table->length(); ++i) {
        tokens.push_back(slot(storage, *chunk.table, i));
      }
      test_logits(tokens, logits);
      logits += kTestVocab;
    }
    rows_of_steps.push_back(rows);
    if (clock_ != nullptr) {
      *clock_ += std::chrono::microseconds(
          static_cast<std::int64_t>(1000 * (cost_.base_ms + cost_.row_ms * rows)));
    }
    return {};
  }

  std::vector<int> rows_of_steps;
  TokenId broken_token = -1;

 private:
  static TokenId& slot(TestKvStorage& storage, const PageTable& table, int position) {
    const PageId page = table.pages()[static_cast<std::size_t>(position / kPageSlots)];
    return storage.page(page)[static_cast<std::size_t>(position % kPageSlots)];
  }

  ModelSpec spec_;
  TestCost cost_;
  Clock::time_point* clock_;
  std::vector<std::string> none_;
};

// Token i is a letter; the end token is a control token.
class TestTokenizer final : public Tokenizer {
 public:
  void encode(std::string_view text, std::vector<TokenId>& ids) const override {
    for (const char letter : text) ids.push_back(letter - ' ');
  }
  int vocab_size() const override { return kTestVocab; }
  std::optional<TokenId> control_id(std::string_view) const override { return std::nullopt; }
  bool is_control(TokenId id) const override { return id == kTestEnd; }
  std::string_view bytes(TokenId id) const override {
    static const std::string letters = [] {
      std::string all(kTestVocab, ' ');
      std::iota(all.begin(), all.end(), ' ');
      return all;
    }();
    return std::string_view(letters).substr(static_cast<std::size_t>(id), 1);
  }
  std::optional<TokenId> bos_id() const override { return std::nullopt; }
  std::optional<TokenId> eos_id() const override { return kTestEnd; }
};

inline EngineModel make_test_model(int page_count, int context_tokens, const TestCost& cost,
                                   Clock::time_point* clock) {
  auto backend = std::make_shared<TestBackend>();
  EngineModel model;
  model.model = std::make_unique<TestModel>(context_tokens, cost, clock);
  model.cache =
      KvCache::create(*backend, model.model->kv_shape(KvElement::f32), page_count).value();
  model.tokenizer = std::make_shared<TestTokenizer>();
  model.base = backend;
  return model;
}

// What the answer to a request must be, computed without an engine.
struct ExpectedChoice {
  std::vector<TokenId> tokens;
  FinishReason reason;
};
inline ExpectedChoice expected_choice(const GenerationRequest& request, int choice,
                                      std::int64_t context_tokens) {
  Sampler sampler;
  SamplingOptions sampling = request.sampling;
  sampling.seed = choice_seed(sampling.seed, choice);
  std::vector<TokenId> tokens = request.prompt;
  std::vector<float> logits(kTestVocab);
  const std::size_t prompt = tokens.size();
  while (true) {
    test_logits(tokens, logits.data());
    const std::span<const TokenId> all = tokens;
    if (static_cast<std::int64_t>(tokens.size() - prompt) < request.tokens_min) {
      for (const TokenId id : request.end_ids) {
        logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
      }
    }
    const TokenId id =
        sampler.sample(logits, {all.first(prompt), all.subspan(prompt)}, sampling, tokens.size())
            .value();
    const auto answer = [&] {
      return std::vector<TokenId>(tokens.begin() + static_cast<std::ptrdiff_t>(prompt),
                                  tokens.end());
    };
    if (std::find(request.end_ids.begin(), request.end_ids.end(), id) != request.end_ids.end()) {
      return {answer(), FinishReason::end_token};
    }
    tokens.push_back(id);
    const auto count = static_cast<std::int64_t>(tokens.size() - prompt);
    if (count == request.tokens_max) return {answer(), FinishReason::length};
    if (static_cast<std::int64_t>(tokens.size()) >= context_tokens) {
      return {answer(), FinishReason::context_full};
    }
  }
}

// Remembers everything. Others than the caller's thread may look once it has finished.
class RecordingSink : public GenerationSink {
 public:
  struct Choice {
    std::vector<TokenId> tokens;
    std::vector<LogProbs> log_probs;
    std::string text;
    std::optional<ChoiceEvent> end;
  };

  void started(const StartedEvent& event) override {
    CHECK(!start && !end);
    start = event;
  }
  void prefilled(std::int64_t done, std::int64_t total) override {
    CHECK(done <= total && start);
    prefilled_tokens = done;
  }
  Flow token(const TokenEvent& event) override {
    CHECK(start && !end);
    Choice& choice = choices[event.choice];
    CHECK(!choice.end);
    choice.tokens.push_back(event.id);
    if (event.log_probs) choice.log_probs.push_back(*event.log_probs);
    choice.text += event.text;
    return Flow::go_on;
  }
  void choice_finished(const ChoiceEvent& event) override {
    CHECK(start && !end);
    Choice& choice = choices[event.choice];
    CHECK(!choice.end);
    choice.text += event.text;
    choice.end = event;
  }
  void finished(const FinishedEvent& event, const std::optional<Error>& failure) override {
    CHECK(!end);
    const std::lock_guard lock(mutex_);
    end = event;
    error = failure;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return end.has_value(); });
  }

  std::optional<StartedEvent> start;
  std::int64_t prefilled_tokens = 0;
  std::map<int, Choice> choices;
  std::optional<FinishedEvent> end;
  std::optional<Error> error;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace bise
