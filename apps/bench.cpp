#include "apps/bench.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "apps/machine.h"
#include "apps/memory_need.h"
#include "apps/model_store.h"
#include "apps/units.h"
#include "backends/cpu/cpu_backend.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "models/model.h"
#include "sampling/logit_scan.h"

namespace bise {
namespace {

constexpr int kDecodeTokens = 32;
constexpr int kBatchPromptTokens = 16;
constexpr int kBatchTokens = 8;

// Tokens per second of the measured runs.
struct Rates {
  double median;
  double lowest;
  double highest;
};

class Bench {
 public:
  Bench(Model& model, KvCache& cache, int repeat)
      : model_(model), cache_(cache), repeat_(repeat), vocab_(model.spec().vocab_size) {}

  Result<Rates> prefill(int tokens);
  Result<Rates> decode(int depth);
  Result<Rates> batch(int sequences);

 private:
  // Runs `once` (which gives the seconds of what is measured) for a warm-up and `repeat` times.
  template <class Once>
  Result<Rates> measure(int tokens, const Once& once);
  Result<void> read(PageTable& table, int tokens);
  Result<void> write(std::vector<PageTable>& tables, int tokens);
  // Some text: ids spread over the vocabulary, the same in every run.
  std::vector<TokenId> tokens(int count) const;

  Model& model_;
  KvCache& cache_;
  int repeat_;
  int vocab_;
  std::vector<float> logits_;
  LogitScan scan_;
};

std::vector<TokenId> Bench::tokens(int count) const {
  std::vector<TokenId> ids(count);
  std::uint64_t state = 1;
  for (TokenId& id : ids) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    id = static_cast<TokenId>((state >> 33) % static_cast<std::uint64_t>(vocab_));
  }
  return ids;
}

template <class Once>
Result<Rates> Bench::measure(int tokens, const Once& once) {
  std::vector<double> rates;
  for (int run = 0; run <= repeat_; ++run) {
    const double seconds = TRY(once());
    if (run > 0) rates.push_back(tokens / seconds);
  }
  std::sort(rates.begin(), rates.end());
  const std::size_t middle = rates.size() / 2;
  const double median =
      rates.size() % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
  return Rates{median, rates.front(), rates.back()};
}

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// Reads a prompt in full steps, with the logits of its last token.
Result<void> Bench::read(PageTable& table, int count) {
  const std::vector<TokenId> ids = tokens(count);
  logits_.resize(vocab_);
  std::span<const TokenId> rest = ids;
  while (!rest.empty()) {
    const std::size_t rows = std::min<std::size_t>(rest.size(), model_.step_rows_max());
    SequenceChunk chunk = {&table, rest.first(rows),
                           rows == rest.size() ? LogitRows::last : LogitRows::none};
    TRY_VOID(model_.step({&chunk, 1}, cache_, logits_.data()));
    rest = rest.subspan(rows);
  }
  return {};
}

// Greedy tokens for all sequences together.
Result<void> Bench::write(std::vector<PageTable>& tables, int count) {
  logits_.resize(tables.size() * vocab_);
  std::vector<TokenId> next(tables.size(), 1 % vocab_);
  for (int step = 0; step < count; ++step) {
    std::vector<SequenceChunk> chunks;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      chunks.push_back({&tables[i], {&next[i], 1}, LogitRows::last});
    }
    TRY_VOID(model_.step(chunks, cache_, logits_.data()));
    for (std::size_t i = 0; i < tables.size(); ++i) {
      TRY_VOID(scan_.read(std::span(logits_).subspan(i * vocab_, vocab_)));
      next[i] = scan_.argmax();
    }
  }
  return {};
}

Result<Rates> Bench::prefill(int count) {
  return measure(count, [&]() -> Result<double> {
    PageTable table(cache_);
    const Stopwatch watch;
    TRY_VOID(read(table, count));
    return watch.seconds();
  });
}

Result<Rates> Bench::decode(int depth) {
  std::vector<PageTable> tables;
  tables.emplace_back(cache_);
  if (depth > 0) TRY_VOID(read(tables[0], depth));
  return measure(kDecodeTokens, [&]() -> Result<double> {
    tables[0].truncate(depth);
    const Stopwatch watch;
    TRY_VOID(write(tables, kDecodeTokens));
    return watch.seconds();
  });
}

Result<Rates> Bench::batch(int sequences) {
  std::vector<PageTable> tables;
  for (int i = 0; i < sequences; ++i) {
    tables.emplace_back(cache_);
    TRY_VOID(read(tables.back(), kBatchPromptTokens));
  }
  return measure(sequences * kBatchTokens, [&]() -> Result<double> {
    for (PageTable& table : tables) table.truncate(kBatchPromptTokens);
    const Stopwatch watch;
    TRY_VOID(write(tables, kBatchTokens));
    return watch.seconds();
  });
}

Json row_json(const char* key, int value, const Rates& rates, KvElement kv) {
  return Json::object({{key, value},
                       {"kv", kv_element_name(kv)},
                       {"tokens_per_s", rates.median},
                       {"spread", Json(Json::Array{rates.lowest, rates.highest})}});
}

int pages_for(const BenchOptions& options) {
  int pages = 1;
  for (const int tokens : options.prefill) pages = std::max(pages, page_count_for(tokens));
  for (const int depth : options.depth) {
    pages = std::max(pages, page_count_for(depth + kDecodeTokens));
  }
  for (const int sequences : options.batch) {
    pages = std::max(pages, sequences * page_count_for(kBatchPromptTokens + kBatchTokens));
  }
  return pages;
}

Result<void> check(const BenchOptions& options, const Checkpoint& checkpoint, const ModelSpec& spec,
                   KvElement kv) {
  const auto check_length = [&](const char* flag, int tokens) -> Result<void> {
    if (tokens <= spec.context_tokens) return {};
    return Error{ErrorCode::invalid_argument, concat(flag, ": ", tokens,
                                                     " tokens are more than the "
                                                     "model's context of ",
                                                     spec.context_tokens)};
  };
  for (const int tokens : options.prefill) TRY_VOID(check_length("--prefill", tokens));
  for (const int depth : options.depth) TRY_VOID(check_length("--depth", depth + kDecodeTokens));
  const std::int64_t positions = std::int64_t{pages_for(options)} * kPageSlots;
  return check_memory(memory_need(checkpoint, spec, kv, positions, options.threads),
                      checkpoint.path(), positions, memory_available(checkpoint.file_bytes()));
}

// Rows as they come: for people on stdout, for programs into the object.
class Report {
 public:
  Report(const BenchOptions& options, KvElement kv) : json_(options.json), kv_(kv) {
    for (const char* key : {"prefill", "decode", "batch"}) out_.set(key, Json::array());
  }

  void add(const char* kind, const char* key, int value, const Rates& rates) {
    out_.find(kind)->push(row_json(key, value, rates, kv_));
    if (json_) return;
    std::printf("%-8s %-10s %7s  kv %-5s %9s tokens/s  (%s to %s)\n", kind, key,
                count_text(value).c_str(), kv_element_name(kv_), number_text(rates.median).c_str(),
                number_text(rates.lowest).c_str(), number_text(rates.highest).c_str());
    std::fflush(stdout);
  }

  void finish(Json machine) {
    if (!json_) return;
    Json whole = Json::object({{"machine", std::move(machine)}});
    for (auto& [key, value] : out_.members()) whole.set(key, std::move(value));
    std::printf("%s\n", write_json(whole).c_str());
  }

 private:
  bool json_;
  KvElement kv_;
  Json out_ = Json::object();
};

Result<void> bench(BenchOptions options) {
  const std::string path = TRY(resolve_model(options.model, data_folder()));
  const Checkpoint checkpoint = TRY(Checkpoint::open(path));
  const ModelSpec spec = TRY(read_spec(checkpoint));
  if (options.prefill.empty()) {
    options.prefill = {static_cast<int>(std::min<std::int64_t>(512, spec.context_tokens))};
  }
  const KvElement kv = options.kv.value_or(KvElement::f16);
  TRY_VOID(check(options, checkpoint, spec, kv));
  const auto backend =
      TRY(make_cpu_backend({.threads = options.threads, .exact = false, .isa = ""}));
  const auto model = TRY(Model::load(checkpoint, *backend));
  const auto cache = TRY(KvCache::create(*backend, model->kv_shape(kv), pages_for(options)));

  const int threads = options.threads > 0 ? options.threads : default_thread_count();
  Json machine = machine_json({threads, backend->description()});
  machine.set("model", model_name_of(path));
  if (!options.json) {
    std::printf("%s on %s: %s\n", model_name_of(path).c_str(), processor_name().c_str(),
                backend->description().c_str());
  }
  Bench runner(*model, *cache, options.repeat);
  Report report(options, kv);
  for (const int tokens : options.prefill) {
    report.add("prefill", "tokens", tokens, TRY(runner.prefill(tokens)));
  }
  for (const int depth : options.depth) {
    report.add("decode", "depth", depth, TRY(runner.decode(depth)));
  }
  for (const int sequences : options.batch) {
    report.add("batch", "sequences", sequences, TRY(runner.batch(sequences)));
  }
  report.finish(std::move(machine));
  return {};
}

}  // namespace

int run_bench(const BenchOptions& options) {
  const Result<void> done = bench(options);
  if (done.ok()) return 0;
  std::fprintf(stderr, "bise bench: %s\n", done.error().message.c_str());
  return 2;
}

}  // namespace bise
