#include <algorithm>
#include <limits>

#include "engine/model_runner.h"

namespace bise {
namespace {

struct Sampled {
  TokenId id = -1;
  std::optional<LogProbs> log_probs;
  std::optional<Error> error;
};

Result<TokenId> choose(const RunningRequest& request, const Sequence& sequence,
                       std::span<float> logits, Sampler& sampler) {
  const GenerationRequest& asked = request.request();
  const std::span<const TokenId> tokens = sequence.tokens;
  const TokenHistory history = {.prompt = tokens.first(asked.prompt.size()),
                                .generated = tokens.subspan(asked.prompt.size())};
  const bool too_early = static_cast<std::int64_t>(history.generated.size()) < asked.tokens_min;
  if (!too_early) return sampler.sample(logits, history, sequence.sampling, tokens.size());

  std::vector<float> hidden;
  for (const TokenId id : asked.end_ids) {
    float& logit = logits[static_cast<std::size_t>(id)];
    hidden.push_back(logit);
    logit = -std::numeric_limits<float>::infinity();
  }
  const Result<TokenId> chosen = sampler.sample(logits, history, sequence.sampling, tokens.size());
  // In reverse: an id may be named twice.
  for (std::size_t i = asked.end_ids.size(); i-- > 0;) {
    logits[static_cast<std::size_t>(asked.end_ids[i])] = hidden[i];
  }
  return chosen;
}

Sampled sample(const RunningRequest& request, const Sequence& sequence, std::span<float> logits,
               Sampler& sampler) {
  const Result<TokenId> chosen = choose(request, sequence, logits, sampler);
  if (!chosen.ok()) return {.id = -1, .log_probs = {}, .error = chosen.error()};
  Sampled sampled = {.id = *chosen, .log_probs = {}, .error = {}};
  if (!request.request().top_log_probs) return sampled;
  Result<LogProbs> log_probs =
      sampler.log_probabilities(logits, sampled.id, *request.request().top_log_probs);
  if (!log_probs.ok()) return {.id = -1, .log_probs = {}, .error = log_probs.error()};
  sampled.log_probs = std::move(log_probs).value();
  return sampled;
}

}  // namespace

// The next token of each sequence whose known tokens are computed, several at a time.
void ModelRunner::sample_and_take(std::span<Chunk> chunks) {
  const auto vocab = static_cast<std::size_t>(model_.model->spec().vocab_size);
  std::vector<Sampled> sampled(chunks.size());
  tools_.threads.run(static_cast<int>(chunks.size()), [&](int piece, int thread) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(piece)];
    if (chunk.logits == nullptr || chunk.error) return;
    sampled[static_cast<std::size_t>(piece)] =
        sample(*chunk.request, *chunk.sequence, {chunk.logits, vocab},
               tools_.samplers[static_cast<std::size_t>(thread)]);
  });
  const Clock::time_point now = tools_.now();
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    Chunk& chunk = chunks[i];
    if (chunk.logits == nullptr || chunk.error) continue;
    if (sampled[i].error) {
      end_choice(*chunk.request, *chunk.sequence, FinishReason::error, -1,
                 std::move(sampled[i].error));
      continue;
    }
    take_token(*chunk.request, *chunk.sequence,
               {.choice = chunk.sequence->choice,
                .id = sampled[i].id,
                .log_probs = std::move(sampled[i].log_probs),
                .sampled = now});
  }
}

void ModelRunner::take_token(RunningRequest& request, Sequence& sequence, TokenItem token) {
  const GenerationRequest& asked = request.request();
  const TokenId id = token.id;
  if (std::find(asked.end_ids.begin(), asked.end_ids.end(), id) != asked.end_ids.end()) {
    end_choice(request, sequence, FinishReason::end_token, id, {});
    return;
  }
  sequence.tokens.push_back(id);
  tell(request.active, std::move(token));
  const auto length = static_cast<std::int64_t>(sequence.tokens.size());
  const auto prompt = static_cast<std::int64_t>(asked.prompt.size());
  if (asked.tokens_max > 0 && length - prompt >= asked.tokens_max) {
    end_choice(request, sequence, FinishReason::length, -1, {});
  } else if (length >= context_tokens_) {
    end_choice(request, sequence, FinishReason::context_full, -1, {});
  }
}

}  // namespace bise
