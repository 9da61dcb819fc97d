// POST /v1/completions.

#include "api/body.h"
#include "api/endpoints.h"
#include "api/generation_fields.h"
#include "api/ids.h"
#include "api/openai/completion_writer.h"
#include "base/text.h"
#include "tokenizer/detokenizer.h"

namespace bise::api {
namespace {

constexpr std::int64_t kTokensMaxDefault = 16;  // OpenAI's
constexpr std::size_t kChoicesOfAllMax = 128;

ApiError wrong(const std::string& path, std::string_view what) {
  return {.status = 400, .message = concat(path, ": ", what), .param = path};
}

struct Prompt {
  std::string text;  // for echo
  std::vector<TokenId> ids;
};

ApiResult<Prompt> from_ids(const Json::Array& items, const std::string& path,
                           const Tokenizer& tokenizer) {
  Prompt prompt;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto id = items[i].is_number() ? items[i].to_int64() : std::nullopt;
    if (!id || *id < 0 || *id >= tokenizer.vocab_size()) {
      return wrong(concat(path, ".", i),
                   concat("no token id; there are 0 to ", tokenizer.vocab_size() - 1));
    }
    prompt.ids.push_back(static_cast<TokenId>(*id));
  }
  prompt.text = decode(tokenizer, prompt.ids);
  return prompt;
}

ApiResult<Prompt> from_text(const std::string& text, const Json* suffix, const ServedModel& model) {
  Prompt prompt = {.text = text, .ids = {}};
  if (suffix != nullptr) {
    auto laid_out = lay_out_fim(*model.tokenizer, {.prompt = text, .suffix = suffix->as_string()});
    if (!laid_out.ok()) return from_error(laid_out.error());
    prompt.ids = std::move(laid_out->ids);
    return prompt;
  }
  if (model.add_bos && model.tokenizer->bos_id()) prompt.ids.push_back(*model.tokenizer->bos_id());
  model.tokenizer->encode(text, prompt.ids);
  return prompt;
}

// A text, texts, token ids, or lists of token ids.
ApiResult<std::vector<Prompt>> read_prompts(const Json& body, const ServedModel& model) {
  const Json& json = *body.find("prompt");
  const Json* suffix = member(body, "suffix");
  std::vector<Prompt> prompts;
  const auto add = [&](ApiResult<Prompt> prompt) -> std::optional<ApiError> {
    if (!prompt.ok()) return prompt.error();
    prompts.push_back(std::move(*prompt));
    return {};
  };
  if (json.is_string()) {
    if (auto error = add(from_text(json.as_string(), suffix, model))) return *error;
    return prompts;
  }
  const Json::Array& items = json.items();
  if (!items.empty() && items.front().is_number()) {
    if (suffix != nullptr) return wrong("suffix", "needs a prompt of text");
    if (auto error = add(from_ids(items, "prompt", *model.tokenizer))) return *error;
    return prompts;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = concat("prompt.", i);
    std::optional<ApiError> error;
    if (items[i].is_string()) {
      error = add(from_text(items[i].as_string(), suffix, model));
    } else if (items[i].is_array() && suffix == nullptr) {
      error = add(from_ids(items[i].items(), path, *model.tokenizer));
    } else {
      error = wrong(path, "expected a text or a list of token ids");
    }
    if (error) return *error;
  }
  return prompts;
}

ApiResult<AnswerPlan> plan_completion(const ServicesPtr& services, const http::Request& request,
                                      Asked& asked) {
  if (auto error = read_request(*services, request, Body::completions, asked)) return *error;
  const Json& body = asked.body;
  const bool echo = flag(body, "echo", false);
  const auto log_probs = integer(body, "logprobs");
  if (echo && log_probs) {
    return wrong("echo", "probabilities of the prompt are not told; leave echo or logprobs out");
  }
  auto prompts = read_prompts(body, *asked.model);
  if (!prompts.ok()) return prompts.error();
  const bool fim = member(body, "suffix") != nullptr;
  auto base = read_generation(request, asked, fim ? Lane::completion : Lane::chat);
  if (!base.ok()) {
    ApiError error = base.error();
    error.status = 400;
    return error;
  }
  const std::size_t choices = prompts->size() * static_cast<std::size_t>(base->choice_count);
  if (choices > kChoicesOfAllMax) {
    return wrong("prompt", concat(choices, " choices in all; at most ", kChoicesOfAllMax));
  }
  if (base->tokens_max == 0) base->tokens_max = std::max(kTokensMaxDefault, base->tokens_min);

  AnswerPlan plan;
  plan.stops = read_stops(body);
  base->stop_strings = plan.stops;
  plan.tells_log_probs = log_probs.has_value();
  if (log_probs) base->top_log_probs = static_cast<int>(*log_probs);
  begin_plan(*services, asked, "cmpl-" + random_letters(29), *base, plan);
  plan.record.choices = static_cast<int>(choices);
  for (Prompt& prompt : *prompts) {
    base->prompt = std::move(prompt.ids);
    plan.generations.push_back(*base);
    if (echo) plan.leads.push_back({{AnswerPiece::Kind::text, std::move(prompt.text)}});
  }
  plan.whole = openai::whole_completion;
  const Json* options = member(body, "stream_options");
  if (flag(body, "stream", false)) {
    plan.stream = openai::make_completion_writer(
        plan.head,
        {.choices = static_cast<int>(choices),
         .includes_usage = options != nullptr && flag(*options, "include_usage", false)});
  }
  return plan;
}

}  // namespace

void serve_completions(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked;
  asked.record = new_record(request, "/v1/completions", Family::openai);
  auto plan = plan_completion(services, request, asked);
  if (!plan.ok()) return refuse(services, exchange, plan.error(), std::move(asked.record));
  answer(services, exchange, std::move(*plan));
}

}  // namespace bise::api
