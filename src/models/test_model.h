#pragma once

// For tests: a model with its backend, and runs over token sequences.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/cpu/cpu_backend.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/checkpoint.h"
#include "kv/kv_cache.h"
#include "models/model.h"

namespace bise {

using Tokens = std::vector<std::int32_t>;

inline Json read_json_file(const std::string& path) {
  return *read_json(*read_text_file(path, 1 << 24));
}

inline Tokens to_tokens(const Json& array) {
  Tokens tokens;
  for (const Json& item : array.items()) {
    tokens.push_back(static_cast<std::int32_t>(*item.to_int64()));
  }
  return tokens;
}

inline std::vector<Tokens> read_sequences(const std::string& path) {
  std::vector<Tokens> sequences;
  const Json all = read_json_file(path);
  for (const Json& item : all.items()) sequences.push_back(to_tokens(item));
  return sequences;
}

inline Tokens random_tokens(std::mt19937& random, std::size_t count, std::uint32_t vocab) {
  Tokens tokens;
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<std::int32_t>(random() % vocab));
  }
  return tokens;
}

class TestModel {
 public:
  TestModel(const std::string& path, const CpuOptions& options)
      : checkpoint_(Checkpoint::open(path).value()),
        backend_(make_cpu_backend(options).value()),
        model_(Model::load(checkpoint_, *backend_).value()) {}

  Model& model() { return *model_; }
  Backend& backend() { return *backend_; }
  std::size_t vocab() const { return static_cast<std::size_t>(model_->spec().vocab_size); }

  // All logits of all sequences, in one step (they are short here).
  std::vector<float> score(const std::vector<Tokens>& sequences, KvElement element) {
    const auto cache = new_cache(sequences, element);
    std::vector<PageTable> tables;
    std::vector<SequenceChunk> chunks;
    std::size_t rows = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) tables.emplace_back(*cache);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      chunks.push_back({&tables[i], sequences[i], LogitRows::all});
      rows += sequences[i].size();
    }
    std::vector<float> logits(rows * vocab());
    model_->step(chunks, *cache, logits.data()).value();
    return logits;
  }

  // The same in many steps, each with a random piece of some of the sequences in random order.
  std::vector<float> score_in_random_chunks(const std::vector<Tokens>& sequences, KvElement element,
                                            std::mt19937& random) {
    const auto cache = new_cache(sequences, element);
    std::vector<PageTable> tables;
    std::vector<std::size_t> starts, done(sequences.size(), 0);
    std::size_t rows = 0;
    for (const Tokens& sequence : sequences) {
      tables.emplace_back(*cache);
      starts.push_back(rows);
      rows += sequence.size();
    }
    std::vector<float> all(rows * vocab());
    while (done != lengths(sequences)) {
      std::vector<std::size_t> order(sequences.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::shuffle(order.begin(), order.end(), random);
      std::vector<SequenceChunk> chunks;
      std::vector<std::size_t> rows_of, begins;
      for (const std::size_t i : order) {
        const std::size_t left = sequences[i].size() - done[i];
        if (left == 0 || random() % 4 == 0) continue;
        const std::size_t count = std::min<std::size_t>(left, 1 + random() % 40);
        const std::span<const std::int32_t> tokens = sequences[i];
        chunks.push_back({&tables[i], tokens.subspan(done[i], count), LogitRows::all});
        begins.push_back(starts[i] + done[i]);
        rows_of.push_back(count);
        done[i] += count;
      }
      std::vector<float> logits((std::accumulate(rows_of.begin(), rows_of.end(), std::size_t{0})) *
                                vocab());
      model_->step(chunks, *cache, logits.data()).value();
      auto from = logits.begin();
      for (std::size_t i = 0; i < chunks.size(); ++i) {
        const auto count = static_cast<std::ptrdiff_t>(rows_of[i] * vocab());
        std::copy(from, from + count,
                  all.begin() + static_cast<std::ptrdiff_t>(begins[i] * vocab()));
        from += count;
      }
    }
    return all;
  }

  // The prompt once, then two forks of it, one with other tokens first; logits of the ending.
  std::vector<float> score_after_fork(const Tokens& prompt, const Tokens& ending,
                                      KvElement element) {
    const auto cache = new_cache({prompt, ending, ending, prompt}, element);
    PageTable first(*cache);
    SequenceChunk read[] = {{&first, prompt, LogitRows::none}};
    model_->step(read, *cache, nullptr).value();
    PageTable other = first.fork(first.length());
    const Tokens elsewhere(20, 3);
    SequenceChunk aside[] = {{&other, elsewhere, LogitRows::none}};
    model_->step(aside, *cache, nullptr).value();
    PageTable fork = first.fork(first.length());
    SequenceChunk go_on[] = {{&fork, ending, LogitRows::all}};
    std::vector<float> logits(ending.size() * vocab());
    model_->step(go_on, *cache, logits.data()).value();
    return logits;
  }

  Tokens greedy(const Tokens& prompt, std::size_t count, KvElement element) {
    const auto cache = new_cache({prompt, Tokens(count, 0)}, element);
    PageTable table(*cache);
    std::vector<float> logits(vocab());
    Tokens found, next = prompt;
    while (found.size() < count) {
      SequenceChunk chunk[] = {{&table, next, LogitRows::last}};
      model_->step(chunk, *cache, logits.data()).value();
      next = {static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) -
                                        logits.begin())};
      found.push_back(next.front());
    }
    return found;
  }

 private:
  std::unique_ptr<KvCache> new_cache(const std::vector<Tokens>& sequences, KvElement element) {
    std::size_t pages = 0;
    for (const Tokens& tokens : sequences) pages += tokens.size() / kPageSlots + 2;
    return KvCache::create(*backend_, model_->kv_shape(element), static_cast<int>(pages)).value();
  }

  static std::vector<std::size_t> lengths(const std::vector<Tokens>& sequences) {
    std::vector<std::size_t> all;
    for (const Tokens& tokens : sequences) all.push_back(tokens.size());
    return all;
  }

  Checkpoint checkpoint_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
};

}  // namespace bise
