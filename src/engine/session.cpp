#include "engine/session.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/text.h"

namespace bise {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool is_cancelled(const GenerateHooks& hooks) {
  return hooks.cancel != nullptr && hooks.cancel->load(std::memory_order_relaxed);
}

std::size_t common_length(std::span<const TokenId> a, std::span<const TokenId> b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  return std::mismatch(a.begin(), a.begin() + shorter, b.begin()).first - a.begin();
}

double rate(std::int64_t tokens, double seconds) {
  return tokens > 0 && seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

// A prefill step is not interrupted, so its length is how long a cancelled answer still runs; but
// steps of few rows read the weights more often than they need to.
constexpr double kPrefillStepS = 2;
constexpr double kPrefillRowsMin = 64;  // also of the first step, whose speed is not known

}  // namespace

double GenerateStats::prefill_rate() const {
  return rate(prompt_tokens - reused_tokens, prefill_s);
}

double GenerateStats::decode_rate() const {
  // The first token was chosen at the end of the prefill.
  return rate(answer_tokens - 1, decode_s);
}

Session::Session(Model& model, KvCache& cache, std::int64_t context_tokens)
    : model_(model), cache_(cache), table_(cache), context_tokens_(context_tokens) {
  CHECK(page_count_for(context_tokens) <= cache.pool().page_count());
  logits_.resize(model.spec().vocab_size);
}

void Session::clear() {
  table_.clear();
  stored_.clear();
}

Result<Generation> Session::generate(std::span<const TokenId> prompt,
                                     const GenerateOptions& options, const GenerateHooks& hooks) {
  if (prompt.empty()) return Error{ErrorCode::invalid_argument, "the prompt is empty"};
  if (static_cast<std::int64_t>(prompt.size()) >= context_tokens_) {
    return Error{ErrorCode::invalid_argument,
                 concat("the prompt has ", prompt.size(), " tokens, but the context holds ",
                        context_tokens_, ", the answer included")};
  }
  TRY_VOID(check(options.sampling, model_.spec().vocab_size));

  Generation out;
  const Clock::time_point began = Clock::now();
  const bool complete = TRY(prefill(prompt, hooks, out.stats));
  out.stats.prefill_s = seconds_since(began);
  if (!complete) return out;

  prompt_.assign(prompt.begin(), prompt.end());
  TRY_VOID(decode(prompt.size(), options, hooks, out));
  out.stats.answer_tokens = static_cast<std::int64_t>(out.tokens.size());
  out.stats.decode_s = seconds_since(began) - out.stats.prefill_s;
  return out;
}

// False when it was cancelled on the way.
Result<bool> Session::prefill(std::span<const TokenId> prompt, const GenerateHooks& hooks,
                              GenerateStats& stats) {
  // The last token is computed in any case: its logits are needed.
  const std::size_t reused = std::min(common_length(stored_, prompt), prompt.size() - 1);
  table_.truncate(static_cast<int>(reused));
  stored_.resize(reused);
  stats.prompt_tokens = static_cast<std::int64_t>(prompt.size());
  stats.reused_tokens = static_cast<std::int64_t>(reused);

  while (stored_.size() < prompt.size()) {
    if (is_cancelled(hooks)) return false;
    const double rows_max = model_.step_rows_max();
    const auto rows = static_cast<std::size_t>(
        std::clamp(rows_per_s_ * kPrefillStepS, std::min(kPrefillRowsMin, rows_max), rows_max));
    const std::span<const TokenId> rest = prompt.subspan(stored_.size());
    const std::span<const TokenId> chunk = rest.first(std::min(rows, rest.size()));
    const Clock::time_point began = Clock::now();
    TRY_VOID(step(chunk, chunk.size() == rest.size() ? LogitRows::last : LogitRows::none));
    rows_per_s_ = rate(static_cast<std::int64_t>(chunk.size()), seconds_since(began));
    if (hooks.on_prefill) {
      hooks.on_prefill(static_cast<std::int64_t>(stored_.size() - reused),
                       static_cast<std::int64_t>(prompt.size() - reused));
    }
  }
  return true;
}

Result<void> Session::decode(std::size_t prompt_size, const GenerateOptions& options,
                             const GenerateHooks& hooks, Generation& out) {
  while (true) {
    if (is_cancelled(hooks)) {
      out.finish = Finish::cancelled;
      return {};
    }
    const SampledToken token = TRY(choose(prompt_size, options, out.tokens));
    if (std::find(options.end_ids.begin(), options.end_ids.end(), token.id) !=
        options.end_ids.end()) {
      out.finish = Finish::end_token;
      return {};
    }
    out.tokens.push_back(token.id);
    if (hooks.on_token && hooks.on_token(token) == Flow::stop) {
      out.finish = Finish::stopped;
      return {};
    }
    if (options.tokens_max > 0 &&
        static_cast<std::int64_t>(out.tokens.size()) >= options.tokens_max) {
      out.finish = Finish::length;
      return {};
    }
    if (static_cast<std::int64_t>(prompt_size + out.tokens.size()) >= context_tokens_) {
      out.finish = Finish::context_full;
      return {};
    }
    TRY_VOID(step({&out.tokens.back(), 1}, LogitRows::last));
  }
}

Result<void> Session::step(std::span<const TokenId> tokens, LogitRows rows) {
  SequenceChunk chunk = {&table_, tokens, rows};
  Result<void> done = model_.step({&chunk, 1}, cache_, logits_.data());
  if (!done.ok()) {
    // What the failed step left in the cache is unknown.
    clear();
    return done;
  }
  stored_.insert(stored_.end(), tokens.begin(), tokens.end());
  return {};
}

Result<SampledToken> Session::choose(std::size_t prompt_size, const GenerateOptions& options,
                                     std::span<const TokenId> answer) {
  const TokenHistory history = {std::span(prompt_).first(prompt_size), answer};
  SampledToken token = {
      TRY(sampler_.sample(logits_, history, options.sampling, prompt_size + answer.size())), {}};
  if (options.top_log_probs) {
    token.log_probs = TRY(sampler_.log_probabilities(logits_, token.id, *options.top_log_probs));
  }
  return token;
}

}  // namespace bise
