// POST /v1/chat/completions, OpenAI's and Mistral's.

#include "api/body.h"
#include "api/chat_messages.h"
#include "api/chat_plan.h"
#include "api/endpoints.h"
#include "api/ids.h"
#include "api/mistral/chat_writer.h"
#include "api/openai/chat_writer.h"

namespace bise::api {
namespace {

bool may_call(const Json& body) {
  return text(body, "tool_choice") != "none";
}

void choose_writer(const Asked& asked, AnswerPlan& plan, int choices) {
  const bool streams = flag(asked.body, "stream", false);
  if (asked.family == Family::mistral) {
    plan.whole = mistral::whole_chat;
    if (streams) plan.stream = mistral::make_chat_writer(plan.head, choices);
    return;
  }
  plan.whole = openai::whole_chat;
  const Json* options = member(asked.body, "stream_options");
  const bool includes_usage = options != nullptr && flag(*options, "include_usage", false);
  if (streams) {
    plan.stream =
        openai::make_chat_writer(plan.head, {.choices = choices, .includes_usage = includes_usage});
  }
}

ApiResult<AnswerPlan> plan_chat(const ServicesPtr& services, const http::Request& request,
                                Asked& asked) {
  if (auto error = read_request(*services, request, Body::chat, asked)) return *error;
  auto chat = read_chat(asked.body, *asked.model);
  if (!chat.ok()) return chat.error();
  auto prompt = lay_out_chat(*asked.model, *chat);
  if (!prompt.ok()) return prompt.error();
  auto generation = read_generation(request, asked, Lane::chat);
  if (!generation.ok()) return generation.error();

  AnswerPlan plan;
  plan_reading(asked, *chat, *prompt, may_call(asked.body), *generation, plan);
  plan.reader.one_call = !flag(asked.body, "parallel_tool_calls", true);
  plan.tells_log_probs = flag(asked.body, "logprobs", false);
  const std::int64_t top = integer(asked.body, "top_logprobs").value_or(0);
  if (plan.tells_log_probs) {
    generation->top_log_probs = static_cast<int>(top);
  } else if (top > 0) {
    return ApiError{.status = 422,
                    .message = "top_logprobs: only with logprobs: true",
                    .param = "top_logprobs"};
  }
  if (prompt->prefix_ids) plan.leads = {lead_of(chat->messages.back())};
  generation->prompt = std::move(prompt->ids);

  const bool mistral = asked.family == Family::mistral;
  const int choices = generation->choice_count;
  begin_plan(*services, asked, mistral ? random_hex(32) : "chatcmpl-" + random_letters(29),
             *generation, plan);
  choose_writer(asked, plan, choices);
  plan.generations.push_back(std::move(*generation));
  return plan;
}

}  // namespace

void serve_chat_completions(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked;
  asked.record = new_record(request, "/v1/chat/completions", Family::openai);
  auto plan = plan_chat(services, request, asked);
  if (!plan.ok()) return refuse(services, exchange, plan.error(), std::move(asked.record));
  answer(services, exchange, std::move(*plan));
}

}  // namespace bise::api
