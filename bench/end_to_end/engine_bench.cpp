// How the engine serves several at once, in one process and without HTTP.
//   engine_bench MODEL CLIENTS PROMPT_TOKENS ANSWER_TOKENS [SHARED_TOKENS [REQUESTS_EACH [LANE]]]
// Each client sends its requests one after the other; their prompts are random tokens of which the
// first SHARED_TOKENS are everybody's. Prints JSON: generated tokens a second, times to the first
// token, between tokens, and what a step costs beside the forward pass.

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "backends/cpu/cpu_backend.h"
#include "engine/engine.h"
#include "models/model_tokenizer.h"

namespace bise {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string path;
  int clients, prompt, answer, shared, requests;
  Lane lane;
};

struct Base {
  Checkpoint checkpoint;
  std::unique_ptr<Backend> backend;
};

Result<EngineModel> load(const std::string& path, int pages) {
  Checkpoint checkpoint = TRY(Checkpoint::open(path));
  auto backend = TRY(make_cpu_backend({.threads = 0, .exact = false, .isa = ""}));
  LoadedTokenizer tokenizer = TRY(load_model_tokenizer(checkpoint));
  auto base = std::make_shared<Base>(Base{std::move(checkpoint), std::move(backend)});
  EngineModel model;
  model.model = TRY(Model::load(base->checkpoint, *base->backend));
  model.cache = TRY(KvCache::create(*base->backend, model.model->kv_shape(KvElement::f16), pages));
  model.tokenizer = std::move(tokenizer.tokenizer);
  model.base = std::move(base);
  return model;
}

class Sink final : public GenerationSink {
 public:
  void started(const StartedEvent& event) override { cached = event.cached_tokens; }
  Flow token(const TokenEvent&) override {
    times.push_back(Clock::now());
    return Flow::go_on;
  }
  void choice_finished(const ChoiceEvent&) override {}
  void finished(const FinishedEvent&, const std::optional<Error>& error) override {
    if (error) std::fprintf(stderr, "%s\n", error->message.c_str());
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_; });
  }

  std::vector<Clock::time_point> times;
  std::int64_t cached = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
};

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

struct Measured {
  std::mutex mutex;
  std::vector<double> first_s, gaps_s;
  std::int64_t tokens = 0, cached = 0;
};

void run_client(Engine& engine, const Options& options, int client, Measured& out) {
  const auto vocab = static_cast<std::uint32_t>(engine.models().front().vocab_size);
  std::mt19937 everybody(1), own(static_cast<std::uint32_t>(client) + 2);
  std::vector<TokenId> shared(static_cast<std::size_t>(options.shared));
  for (TokenId& id : shared) id = static_cast<TokenId>(everybody() % vocab);
  for (int round = 0; round < options.requests; ++round) {
    GenerationRequest request;
    request.model = "model";
    request.prompt = shared;
    while (static_cast<int>(request.prompt.size()) < options.prompt) {
      request.prompt.push_back(static_cast<TokenId>(own() % vocab));
    }
    request.tokens_max = options.answer;
    request.sampling.temperature = 0.2F;
    request.sampling.top_p = 0.9F;
    request.sampling.seed = own();
    request.key = static_cast<KeyId>(client);
    request.lane = options.lane;
    const auto sink = std::make_shared<Sink>();
    const Clock::time_point sent = Clock::now();
    engine.submit(std::move(request), sink).value();
    sink->wait();
    const std::lock_guard lock(out.mutex);
    out.tokens += static_cast<std::int64_t>(sink->times.size());
    out.cached += sink->cached;
    out.first_s.push_back(seconds(sink->times.front() - sent));
    for (std::size_t i = 1; i < sink->times.size(); ++i) {
      out.gaps_s.push_back(seconds(sink->times[i] - sink->times[i - 1]));
    }
  }
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const Options& options) {
  Result<Checkpoint> checkpoint = Checkpoint::open(options.path);
  if (!checkpoint.ok()) {
    std::fprintf(stderr, "%s\n", checkpoint.error().message.c_str());
    return 1;
  }
  const ModelSpec spec = read_spec(*checkpoint).value();
  const int context =
      std::min<int>(options.prompt + options.answer + 64, static_cast<int>(spec.context_tokens));
  const int pages = options.clients * page_count_for(context) + 16;
  Engine engine({{.name = "model",
                  .vocab_size = spec.vocab_size,
                  .context_tokens = context,
                  .bytes = 0,
                  .pinned = false,
                  .load = [&] { return load(options.path, pages); }}},
                {});
  Measured warm_up, out;
  Options once = options;
  once.requests = 1;
  once.prompt = std::min(options.prompt, 32);
  once.shared = 0;
  run_client(engine, once, 1000, warm_up);
  const ModelStats before = engine.stats().models[0];
  const Clock::time_point began = Clock::now();
  std::vector<std::thread> clients;
  for (int i = 0; i < options.clients; ++i) {
    clients.emplace_back([&, i] { run_client(engine, options, i, out); });
  }
  for (std::thread& client : clients) client.join();
  const double wall_s = seconds(Clock::now() - began);
  const ModelStats after = engine.stats().models[0];
  const double steps = static_cast<double>(after.steps - before.steps);
  std::printf(
      "{\"clients\": %d, \"prompt\": %d, \"answer\": %d, \"shared\": %d, \"requests\": %zu, "
      "\"wall_s\": %.3f, \"generated_per_s\": %.1f, \"first_token_s\": {\"mean\": %.3f, \"max\": "
      "%.3f}, \"gap_s\": {\"median\": %.4f, \"max\": %.4f}, \"cached_tokens\": %lld, \"steps\": "
      "%.0f, \"rows_per_step\": %.1f, \"step_ms\": %.3f, \"overhead_ms\": %.3f}\n",
      options.clients, options.prompt, options.answer, options.shared, out.first_s.size(), wall_s,
      static_cast<double>(out.tokens) / wall_s, mean(out.first_s),
      *std::max_element(out.first_s.begin(), out.first_s.end()), median(out.gaps_s),
      out.gaps_s.empty() ? 0 : *std::max_element(out.gaps_s.begin(), out.gaps_s.end()),
      static_cast<long long>(out.cached), steps,
      (after.step_tokens.sum - before.step_tokens.sum) / steps,
      1000 * (after.step_s.sum - before.step_s.sum) / steps,
      1000 * (after.step_overhead_s.sum - before.step_overhead_s.sum) / steps);
  return 0;
}

}  // namespace
}  // namespace bise

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("engine_bench MODEL CLIENTS PROMPT ANSWER [SHARED [REQUESTS [LANE]]]\n", stderr);
    return 2;
  }
  const auto number = [&](int place, int otherwise) {
    return place < argc ? std::atoi(argv[place]) : otherwise;
  };
  return bise::run({.path = argv[1],
                    .clients = number(2, 1),
                    .prompt = number(3, 64),
                    .answer = number(4, 32),
                    .shared = number(5, 0),
                    .requests = number(6, 1),
                    .lane = static_cast<bise::Lane>(number(7, 1))});
}
