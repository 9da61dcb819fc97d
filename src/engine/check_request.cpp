#include "engine/check_request.h"

#include "base/text.h"

namespace bise {
namespace {

Result<void> check_ids(std::span<const TokenId> ids, int vocab_size, std::string_view what) {
  for (const TokenId id : ids) {
    if (id >= 0 && id < vocab_size) continue;
    return Error{
        ErrorCode::invalid_argument,
        concat(what, " has the token ", id, " but the vocabulary has ids 0 to ", vocab_size - 1)};
  }
  return {};
}

Result<void> check_range(std::int64_t value, std::int64_t min, std::int64_t max,
                         std::string_view what) {
  if (value >= min && value <= max) return {};
  return Error{ErrorCode::invalid_argument,
               concat(what, " is ", value, " but must lie between ", min, " and ", max)};
}

}  // namespace

Result<void> check_request(const GenerationRequest& request, const ModelEntry& model) {
  if (request.prompt.empty()) {
    return Error{ErrorCode::invalid_argument, "the prompt is empty"};
  }
  if (static_cast<std::int64_t>(request.prompt.size()) >= model.context_tokens) {
    return Error{ErrorCode::invalid_argument,
                 concat("the prompt has ", request.prompt.size(), " tokens, but the context of ",
                        model.name, " holds ", model.context_tokens, ", the answer included")};
  }
  TRY_VOID(check_ids(request.prompt, model.vocab_size, "the prompt"));
  TRY_VOID(check_ids(request.end_ids, model.vocab_size, "the list of end tokens"));
  TRY_VOID(check(request.sampling, model.vocab_size));
  TRY_VOID(check_range(request.choice_count, 1, kChoicesMax, "n"));
  TRY_VOID(check_range(request.tokens_max, 0, INT64_MAX, "max_tokens"));
  TRY_VOID(check_range(request.tokens_min, 0,
                       request.tokens_max > 0 ? request.tokens_max : INT64_MAX, "min_tokens"));
  TRY_VOID(check_range(static_cast<std::int64_t>(request.stop_strings.size()), 0, kStopStringsMax,
                       "the number of stop strings"));
  for (const std::string& text : request.stop_strings) {
    TRY_VOID(check_range(static_cast<std::int64_t>(text.size()), 0,
                         static_cast<std::int64_t>(kStopStringBytesMax),
                         "a stop string's length in bytes"));
  }
  if (request.top_log_probs) {
    TRY_VOID(check_range(*request.top_log_probs, 0, kTopLogProbsMax, "top_logprobs"));
  }
  return {};
}

}  // namespace bise
