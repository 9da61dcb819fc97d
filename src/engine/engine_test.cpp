#include "engine/engine.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "backends/cpu/cpu_backend.h"
#include "engine/session.h"
#include "engine/test_engine.h"
#include "models/model_tokenizer.h"

namespace bise {
namespace {

// A model of the golden files with its own tokenizer; its context is 256.
constexpr const char* kPath = "tests/golden/gguf/tok.gguf";
constexpr int kContext = 256;

struct Base {
  Checkpoint checkpoint;
  std::unique_ptr<Backend> backend;
};

Result<EngineModel> load_tok(int page_count) {
  Checkpoint checkpoint = TRY(Checkpoint::open(kPath));
  auto backend = TRY(make_cpu_backend({.threads = 2, .exact = false, .isa = ""}));
  LoadedTokenizer tokenizer = TRY(load_model_tokenizer(checkpoint));
  auto base = std::make_shared<Base>(Base{std::move(checkpoint), std::move(backend)});
  EngineModel model;
  model.model = TRY(Model::load(base->checkpoint, *base->backend));
  model.cache =
      TRY(KvCache::create(*base->backend, model.model->kv_shape(KvElement::f16), page_count));
  model.tokenizer = std::move(tokenizer.tokenizer);
  model.base = std::move(base);
  return model;
}

ModelEntry tok_entry(const std::string& name, int page_count) {
  const Checkpoint checkpoint = Checkpoint::open(kPath).value();
  return {.name = name,
          .vocab_size = read_spec(checkpoint).value().vocab_size,
          .context_tokens = kContext,
          .bytes = 1000,
          .pinned = false,
          .load = [page_count] { return load_tok(page_count); }};
}

GenerationRequest request_of(const std::string& model, std::vector<TokenId> prompt,
                             std::int64_t tokens_max) {
  GenerationRequest request;
  request.model = model;
  request.prompt = std::move(prompt);
  request.tokens_max = tokens_max;
  return request;
}

std::vector<TokenId> random_prompt(std::mt19937& random, int vocab, int length) {
  std::vector<TokenId> prompt;
  for (int i = 0; i < length; ++i) {
    prompt.push_back(static_cast<TokenId>(random() % static_cast<std::uint32_t>(vocab)));
  }
  return prompt;
}

std::shared_ptr<RecordingSink> run(Engine& engine, GenerationRequest request) {
  auto sink = std::make_shared<RecordingSink>();
  engine.submit(std::move(request), sink).value();
  sink->wait();
  return sink;
}

// What a session by itself makes of the request.
std::vector<TokenId> alone(const GenerationRequest& request) {
  EngineModel model = load_tok(page_count_for(kContext)).value();
  Session session(*model.model, *model.cache, kContext);
  return session
      .generate(request.prompt,
                {.sampling = request.sampling,
                 .tokens_max = request.tokens_max,
                 .end_ids = request.end_ids,
                 .top_log_probs = {}},
                {})
      .value()
      .tokens;
}

TEST(Engine, GivesInCompanyTheTokensThatEachRequestGetsAlone) {
  Engine engine({tok_entry("tok", 40)}, {});
  std::mt19937 random(3);
  const int vocab = engine.models().front().vocab_size;
  const auto shared = random_prompt(random, vocab, 150);
  std::vector<GenerationRequest> requests;
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (int i = 0; i < 24; ++i) {
    std::vector<TokenId> prompt = random_prompt(random, vocab, 1 + static_cast<int>(random() % 60));
    if (i % 2 == 0) prompt.insert(prompt.begin(), shared.begin(), shared.end());
    requests.push_back(request_of("tok", std::move(prompt), i % 5 == 0 ? 0 : 30));
    requests.back().sampling.temperature = i % 3 == 0 ? 0.0F : 1.0F;
    requests.back().sampling.seed = random();
    requests.back().key = static_cast<KeyId>(i % 3);
  }
  for (const GenerationRequest& request : requests) {
    sinks.push_back(std::make_shared<RecordingSink>());
    engine.submit(request, sinks.back()).value();
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    sinks[i]->wait();
    EXPECT_EQ(sinks[i]->choices[0].tokens, alone(requests[i])) << "request " << i;
  }
  EXPECT_GT(engine.stats().models[0].prefix_tokens_hit, 0u);
}

TEST(Engine, ReusesWholePagesOfAnEarlierPrompt) {
  Engine engine({tok_entry("tok", 40)}, {});
  std::mt19937 random(4);
  const auto prompt = random_prompt(random, engine.models().front().vocab_size, 129);
  EXPECT_EQ(run(engine, request_of("tok", prompt, 4))->start->cached_tokens, 0);
  const auto second = run(engine, request_of("tok", prompt, 4));
  EXPECT_EQ(second->start->cached_tokens, 2 * kPageSlots);
  EXPECT_EQ(second->end->cached_tokens, 2 * kPageSlots);
  GenerationRequest fresh = request_of("tok", prompt, 4);
  fresh.reuse_prefix = false;
  EXPECT_EQ(run(engine, fresh)->start->cached_tokens, 0);
  GenerationRequest other = request_of("tok", prompt, 4);
  other.prefix_scope = 7;
  EXPECT_EQ(run(engine, other)->start->cached_tokens, 0);
}

TEST(Engine, GivesEachChoiceItsOwnSeed) {
  Engine engine({tok_entry("tok", 40)}, {});
  std::mt19937 random(5);
  for (const int length : {1, 63, 64, 65, 100}) {
    GenerationRequest request =
        request_of("tok", random_prompt(random, engine.models().front().vocab_size, length), 12);
    request.sampling.temperature = 1;
    request.sampling.seed = 11;
    request.choice_count = 5;
    request.top_log_probs = 2;
    const auto sink = run(engine, request);
    ASSERT_EQ(sink->choices.size(), 5u);
    EXPECT_EQ(sink->end->token_count, 5 * 12);
    for (int choice = 0; choice < 5; ++choice) {
      GenerationRequest single = request;
      single.choice_count = 1;
      single.sampling.seed = choice_seed(11, choice);
      EXPECT_EQ(sink->choices[choice].tokens, alone(single));
      EXPECT_EQ(sink->choices[choice].log_probs.size(), 12u);
      EXPECT_EQ(sink->choices[choice].log_probs[0].top.size(), 2u);
    }
  }
}

TEST(Engine, EndsAtAStopStringAndDoesNotGiveItOut) {
  Engine engine({tok_entry("tok", 40)}, {});
  std::mt19937 random(6);
  GenerationRequest request =
      request_of("tok", random_prompt(random, engine.models().front().vocab_size, 20), 60);
  request.sampling.temperature = 1;
  const auto whole = run(engine, request);
  const std::string& text = whole->choices[0].text;
  ASSERT_GT(text.size(), 60u);
  const std::string stop = text.substr(text.size() / 2, 5);
  request.stop_strings = {"never to be found", stop};
  const auto stopped = run(engine, request);
  const RecordingSink::Choice& choice = stopped->choices[0];
  EXPECT_EQ(choice.text, text.substr(0, text.find(stop)));
  EXPECT_EQ(choice.end->reason, FinishReason::stop_string);
  EXPECT_EQ(choice.end->stop_index, 1);
  EXPECT_LT(choice.tokens.size(), whole->choices[0].tokens.size());
  EXPECT_EQ(choice.end->token_count, static_cast<std::int64_t>(choice.tokens.size()));
  request.tokens_min = 60;
  EXPECT_EQ(run(engine, request)->choices[0].text, text);
}

TEST(Engine, EndsAtEndTokensLengthAndContext) {
  Engine engine({tok_entry("tok", 40)}, {});
  std::mt19937 random(7);
  const auto prompt = random_prompt(random, engine.models().front().vocab_size, 30);
  const auto whole = run(engine, request_of("tok", prompt, 0));
  EXPECT_EQ(whole->choices[0].end->reason, FinishReason::context_full);
  EXPECT_EQ(whole->choices[0].tokens.size(), kContext - prompt.size());
  GenerationRequest request = request_of("tok", prompt, 50);
  EXPECT_EQ(run(engine, request)->choices[0].end->reason, FinishReason::length);
  request.end_ids = {whole->choices[0].tokens[9]};
  const auto ended = run(engine, request);
  EXPECT_EQ(ended->choices[0].end->reason, FinishReason::end_token);
  EXPECT_EQ(ended->choices[0].end->end_id, request.end_ids[0]);
  EXPECT_LE(ended->choices[0].tokens.size(), 9u);
  request.tokens_min = 30;
  const auto longer = run(engine, request);
  EXPECT_GE(longer->choices[0].tokens.size(), 30u);
}

class StoppingSink final : public RecordingSink {
 public:
  Flow token(const TokenEvent& event) override {
    RecordingSink::token(event);
    return choices[0].tokens.size() == 3 ? Flow::stop : Flow::go_on;
  }
};

TEST(Engine, EndsWhenTheSinkSaysSo) {
  Engine engine({tok_entry("tok", 40)}, {});
  auto sink = std::make_shared<StoppingSink>();
  engine.submit(request_of("tok", {1, 2, 3}, 0), sink).value();
  sink->wait();
  EXPECT_EQ(sink->choices[0].end->reason, FinishReason::stopped);
  EXPECT_EQ(sink->choices[0].tokens.size(), 3u);
  EXPECT_EQ(sink->end->token_count, 3);
}

TEST(Engine, RefusesWhatCannotBeAnswered) {
  Engine engine({tok_entry("tok", 40)}, {.queue_max = 0});
  const auto sink = std::make_shared<RecordingSink>();
  const auto error_of = [&](GenerationRequest request) {
    return engine.submit(std::move(request), sink).error();
  };
  EXPECT_EQ(error_of(request_of("tok", {}, 1)).code, ErrorCode::invalid_argument);
  const Error full = error_of(request_of("tok", std::vector<TokenId>(kContext, 1), 1));
  EXPECT_EQ(full.code, ErrorCode::invalid_argument);
  EXPECT_EQ(full.message,
            "the prompt has 256 tokens, but the context of tok holds 256, the answer included");
  EXPECT_EQ(error_of(request_of("tok", {-1}, 1)).code, ErrorCode::invalid_argument);
  const Error unknown = error_of(request_of("tik", {1}, 1));
  EXPECT_EQ(unknown.code, ErrorCode::not_found);
  EXPECT_EQ(unknown.message, "there is no model tik; there is tok");
  EXPECT_EQ(error_of(request_of("tok", {1}, 1)).code, ErrorCode::overloaded);
  EXPECT_GE(engine.retry_after_s(), 1);
  EXPECT_EQ(engine.stats().refused, 1u);
}

TEST(Engine, EndsWhatIsCancelledWhereverItIs) {
  Engine engine({tok_entry("tok", 40)}, {.sequences_max = 2});
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  std::vector<GenerationHandle> handles;
  for (int i = 0; i < 10; ++i) {
    sinks.push_back(std::make_shared<RecordingSink>());
    handles.push_back(engine.submit(request_of("tok", {1, 2, i}, 0), sinks.back()).value());
  }
  for (GenerationHandle& handle : handles) handle.cancel();
  for (const auto& sink : sinks) {
    sink->wait();
    if (sink->start) {
      EXPECT_TRUE(sink->choices[0].end->reason == FinishReason::cancelled ||
                  sink->choices[0].end->reason == FinishReason::context_full);
    } else {
      EXPECT_EQ(sink->error->code, ErrorCode::cancelled);
    }
  }
  while (engine.request_count() > 0) std::this_thread::yield();
  EXPECT_EQ(run(engine, request_of("tok", {1}, 2))->choices[0].tokens.size(), 2u);
}

TEST(Engine, LetsAPausedRequestRest) {
  Engine engine({tok_entry("tok", 40)}, {});
  auto sink = std::make_shared<RecordingSink>();
  GenerationHandle handle = engine.submit(request_of("tok", {1, 2}, 0), sink).value();
  handle.set_paused(true);
  EXPECT_EQ(run(engine, request_of("tok", {5}, 20))->choices[0].tokens.size(), 20u);
  handle.set_paused(false);
  sink->wait();
  EXPECT_EQ(sink->choices[0].end->reason, FinishReason::context_full);
}

TEST(Engine, TellsWhatRanWhenItEnds) {
  auto sink = std::make_shared<RecordingSink>();
  {
    Engine engine({tok_entry("tok", 40)}, {});
    engine.submit(request_of("tok", {1, 2}, 0), sink).value();
  }
  EXPECT_TRUE(sink->end);
}

TEST(Engine, BringsModelsInTurnIntoABudgetForOne) {
  Engine engine({tok_entry("a", 8), tok_entry("b", 8)}, {.budget_bytes = 1500});
  for (int round = 0; round < 2; ++round) {
    for (const char* name : {"a", "b"}) {
      EXPECT_EQ(run(engine, request_of(name, {1, 2, 3}, 5))->choices[0].tokens.size(), 5u);
      EXPECT_LE(engine.stats().resident_bytes, 1500u);
    }
  }
  EXPECT_EQ(engine.stats().models[0].loads, 2u);
  ASSERT_TRUE(engine.set_pinned("b", true).ok());
  const auto refused = run(engine, request_of("a", {1}, 1));
  EXPECT_EQ(refused->error->code, ErrorCode::out_of_memory);
  EXPECT_EQ(run(engine, request_of("b", {1, 2, 3}, 5))->choices[0].tokens.size(), 5u);
}

TEST(Engine, SaysWhyAModelDoesNotLoad) {
  ModelEntry broken = tok_entry("broken", 8);
  broken.load = []() -> Result<EngineModel> {
    return Error{ErrorCode::corrupt_file, "the file is broken"};
  };
  Engine engine({broken, tok_entry("tok", 8)}, {});
  const auto sink = run(engine, request_of("broken", {1}, 1));
  EXPECT_EQ(sink->error->message, "the file is broken");
  EXPECT_FALSE(sink->start);
  EXPECT_EQ(engine.models()[0].last_error, "the file is broken");
  EXPECT_EQ(run(engine, request_of("tok", {1}, 1))->choices[0].tokens.size(), 1u);
}

TEST(Engine, LoadsAndUnloadsOnRequestAndWhenIdle) {
  Engine engine({tok_entry("tok", 8)}, {.idle_unload_s = 0.01});
  const auto wait_for = [&](ModelState state) {
    while (engine.models()[0].state != state) std::this_thread::yield();
  };
  ASSERT_TRUE(engine.set_pinned("tok", true).ok());
  ASSERT_TRUE(engine.load("tok").ok());
  wait_for(ModelState::ready);
  ASSERT_TRUE(engine.unload("tok").ok());
  wait_for(ModelState::unloaded);
  EXPECT_EQ(engine.stats().resident_bytes, 0u);
  ASSERT_TRUE(engine.set_pinned("tok", false).ok());
  ASSERT_TRUE(engine.load("tok").ok());
  wait_for(ModelState::ready);
  wait_for(ModelState::unloaded);
  EXPECT_EQ(engine.load("tik").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace bise
