// POST /v1/fim/completions: the answer has the form of a chat's.

#include "api/body.h"
#include "api/endpoints.h"
#include "api/generation_fields.h"
#include "api/ids.h"
#include "api/mistral/chat_writer.h"
#include "base/text.h"
#include "tokenizer/chat/chat_layout.h"

namespace bise::api {
namespace {

ApiResult<AnswerPlan> plan_fim(const ServicesPtr& services, const http::Request& request,
                               Asked& asked) {
  if (auto error = read_request(*services, request, Body::fim, asked)) return *error;
  if (!asked.model->has_fim) {
    return ApiError{.status = 400,
                    .message = concat("model: the vocabulary of ", quoted(asked.model->id),
                                      " has no tokens for fill-in-the-middle"),
                    .param = "model",
                    .code = "unsupported_value"};
  }
  auto prompt = lay_out_fim(*asked.model->tokenizer, {.prompt = text(asked.body, "prompt"),
                                                      .suffix = text(asked.body, "suffix")});
  if (!prompt.ok()) return from_error(prompt.error());
  auto generation = read_generation(request, asked, Lane::completion);
  if (!generation.ok()) return generation.error();

  AnswerPlan plan;
  plan.stops = read_stops(asked.body);
  generation->stop_strings = plan.stops;
  generation->prompt = std::move(prompt->ids);
  begin_plan(*services, asked, random_hex(32), *generation, plan);
  plan.whole = mistral::whole_chat;
  if (flag(asked.body, "stream", false)) {
    plan.stream = mistral::make_chat_writer(plan.head, generation->choice_count);
  }
  plan.generations.push_back(std::move(*generation));
  return plan;
}

}  // namespace

void serve_fim_completions(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked;
  asked.family = Family::mistral;
  asked.record = new_record(request, "/v1/fim/completions", Family::mistral);
  auto plan = plan_fim(services, request, asked);
  if (!plan.ok()) return refuse(services, exchange, plan.error(), std::move(asked.record));
  answer(services, exchange, std::move(*plan));
}

}  // namespace bise::api
