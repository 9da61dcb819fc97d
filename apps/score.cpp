#include "apps/score.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "apps/memory_need.h"
#include "backends/cpu/cpu_backend.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/npy.h"
#include "kv/kv_cache.h"
#include "models/model.h"

namespace bise {
namespace {

constexpr std::size_t kTokensFileBytesMax = std::size_t{256} << 20;
// Logits of one step: they are looked at and written before the next.
constexpr std::int64_t kLogitBytesMax = 64 << 20;

using Tokens = std::vector<std::int32_t>;

Result<Tokens> read_sequence(const Json& array, std::string_view where) {
  Tokens tokens;
  for (const Json& item : array.items()) {
    const std::optional<std::int64_t> id = item.to_int64();
    if (!id || *id < 0 || *id > INT32_MAX) {
      return Error{
          ErrorCode::invalid_argument,
          concat(quoted(where, 400), ": ", quoted(write_json(item), 40), " is no token id")};
    }
    tokens.push_back(static_cast<std::int32_t>(*id));
  }
  if (tokens.empty()) {
    return Error{ErrorCode::invalid_argument, concat(quoted(where, 400), ": an empty sequence")};
  }
  return tokens;
}

Result<std::vector<Tokens>> read_tokens(const std::string& path) {
  const std::string text = TRY(read_text_file(path, kTokensFileBytesMax));
  Result<Json> value = read_json(text);
  if (!value.ok()) return std::move(value).error().in(quoted(path, 400));
  if (!value->is_array() || value->items().empty()) {
    return Error{ErrorCode::invalid_argument,
                 concat(quoted(path, 400),
                        ": expected an array of token ids, or an array of such "
                        "arrays")};
  }
  std::vector<Tokens> sequences;
  if (!value->items().front().is_array()) {
    sequences.push_back(TRY(read_sequence(*value, path)));
    return sequences;
  }
  for (const Json& item : value->items()) {
    if (!item.is_array()) {
      return Error{ErrorCode::invalid_argument,
                   concat(quoted(path, 400), ": token ids and arrays of them side by side")};
    }
    sequences.push_back(TRY(read_sequence(item, path)));
  }
  return sequences;
}

double log_sum_exp(std::span<const float> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - top));
  return top + std::log(sum);
}

std::int32_t argmax(std::span<const float> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

class Scorer {
 public:
  Scorer(Model& model, KvCache& cache, std::vector<Tokens> sequences, NpyWriter* writer)
      : model_(model),
        cache_(cache),
        sequences_(std::move(sequences)),
        writer_(writer),
        vocab_(static_cast<std::size_t>(model.spec().vocab_size)) {
    for (std::size_t i = 0; i < sequences_.size(); ++i) tables_.emplace_back(cache_);
    losses_.resize(sequences_.size(), 0);
    next_.resize(sequences_.size(), 0);
    greedy_.resize(sequences_.size());
  }

  Result<void> read_all();
  Result<void> decode(int count);
  Json report() const;

 private:
  struct Part {
    std::size_t sequence;
    std::size_t first;
    std::size_t count;
  };
  Result<void> run(const std::vector<Part>& parts);

  Model& model_;
  KvCache& cache_;
  std::vector<Tokens> sequences_;
  NpyWriter* writer_;
  std::size_t vocab_;
  std::vector<PageTable> tables_;
  std::vector<double> losses_;      // sum of -ln p over the tokens after the first
  std::vector<std::int32_t> next_;  // first choice after the last token seen
  std::vector<Tokens> greedy_;
  std::vector<float> logits_;
};

Result<void> Scorer::run(const std::vector<Part>& parts) {
  std::vector<SequenceChunk> chunks;
  std::size_t rows = 0;
  for (const Part& part : parts) {
    const std::span<const std::int32_t> tokens = sequences_[part.sequence];
    chunks.push_back(
        {&tables_[part.sequence], tokens.subspan(part.first, part.count), LogitRows::all});
    rows += part.count;
  }
  logits_.resize(rows * vocab_);
  TRY_VOID(model_.step(chunks, cache_, logits_.data()));
  if (writer_ != nullptr) TRY_VOID(writer_->append(logits_));
  std::span<const float> row(logits_.data(), vocab_);
  for (const Part& part : parts) {
    const Tokens& tokens = sequences_[part.sequence];
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      if (i + 1 < tokens.size()) {
        losses_[part.sequence] +=
            log_sum_exp(row) - static_cast<double>(row[static_cast<std::size_t>(tokens[i + 1])]);
      }
      next_[part.sequence] = argmax(row);
      row = {row.data() + vocab_, vocab_};
    }
  }
  return {};
}

Result<void> Scorer::read_all() {
  const auto fitting = kLogitBytesMax / static_cast<std::int64_t>(vocab_ * sizeof(float));
  const auto rows_max =
      static_cast<std::size_t>(std::clamp<std::int64_t>(fitting, 1, model_.step_rows_max()));
  std::vector<Part> parts;
  std::size_t rows = 0;
  for (std::size_t s = 0; s < sequences_.size(); ++s) {
    for (std::size_t first = 0; first < sequences_[s].size();) {
      const std::size_t count = std::min(rows_max - rows, sequences_[s].size() - first);
      parts.push_back({s, first, count});
      first += count;
      rows += count;
      if (rows < rows_max) continue;
      TRY_VOID(run(parts));
      parts.clear();
      rows = 0;
    }
  }
  if (parts.empty()) return {};
  return run(parts);
}

Result<void> Scorer::decode(int count) {
  const auto together = static_cast<std::size_t>(model_.step_rows_max());
  for (int step = 0; step < count; ++step) {
    for (std::size_t first = 0; first < sequences_.size(); first += together) {
      const std::size_t size = std::min(together, sequences_.size() - first);
      std::vector<SequenceChunk> chunks;
      for (std::size_t s = first; s < first + size; ++s) {
        greedy_[s].push_back(next_[s]);
        // The last token needs no further step.
        if (step + 1 < count) chunks.push_back({&tables_[s], {&next_[s], 1}, LogitRows::last});
      }
      if (chunks.empty()) continue;
      logits_.resize(size * vocab_);
      TRY_VOID(model_.step(chunks, cache_, logits_.data()));
      for (std::size_t s = 0; s < size; ++s) {
        next_[first + s] = argmax({logits_.data() + s * vocab_, vocab_});
      }
    }
  }
  return {};
}

Json Scorer::report() const {
  Json rows = Json::array();
  for (std::size_t s = 0; s < sequences_.size(); ++s) {
    const std::size_t count = sequences_[s].size();
    Json row = Json::object({{"tokens", Json(static_cast<std::int64_t>(count))}});
    row.set("nll_mean", count > 1 ? Json(losses_[s] / static_cast<double>(count - 1)) : Json());
    Json ids = Json::array();
    for (const std::int32_t id : greedy_[s]) ids.push(Json(id));
    if (!greedy_[s].empty()) row.set("greedy", std::move(ids));
    rows.push(std::move(row));
  }
  return Json::object({{"sequences", std::move(rows)}});
}

Result<void> score(const ScoreOptions& options) {
  std::vector<Tokens> sequences = TRY(read_tokens(options.tokens_file));
  const Checkpoint checkpoint = TRY(Checkpoint::open(options.model));
  const ModelSpec spec = TRY(read_spec(checkpoint));
  const KvElement element = options.kv.value_or(options.exact ? KvElement::f32 : KvElement::f16);
  std::int64_t rows = 0;
  int pages = 0;
  for (const Tokens& tokens : sequences) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    rows += count;
    pages += page_count_for(count + options.greedy);
  }
  const std::int64_t positions = std::int64_t{pages} * kPageSlots;
  MemoryNeed need = memory_need(checkpoint, spec, element, positions, options.threads);
  need.private_bytes += static_cast<std::uint64_t>(kLogitBytesMax);
  TRY_VOID(
      check_memory(need, checkpoint.path(), positions, memory_available(checkpoint.file_bytes())));
  const auto backend =
      TRY(make_cpu_backend({.threads = options.threads, .exact = options.exact, .isa = ""}));
  const auto model = TRY(Model::load(checkpoint, *backend));
  const auto cache = TRY(KvCache::create(*backend, model->kv_shape(element), pages));
  std::optional<NpyWriter> writer;
  if (!options.logits_file.empty()) {
    writer.emplace(TRY(NpyWriter::create(options.logits_file, rows, model->spec().vocab_size)));
  }
  Scorer scorer(*model, *cache, std::move(sequences), writer ? &*writer : nullptr);
  TRY_VOID(scorer.read_all());
  TRY_VOID(scorer.decode(options.greedy));
  if (writer) TRY_VOID(writer->finish());
  std::printf("%s\n", write_json(scorer.report()).c_str());
  return {};
}

}  // namespace

int run_score(const ScoreOptions& options) {
  const Result<void> done = score(options);
  if (done.ok()) return 0;
  std::fprintf(stderr, "bise score: %s\n", done.error().message.c_str());
  return 2;
}

}  // namespace bise
