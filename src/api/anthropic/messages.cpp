// POST /v1/messages and /v1/messages/count_tokens.

#include "api/anthropic/message_writer.h"
#include "api/anthropic/read_messages.h"
#include "api/body.h"
#include "api/chat_plan.h"
#include "api/endpoints.h"
#include "api/ids.h"

namespace bise::api {
namespace {

struct LaidOut {
  ChatRequest chat;
  ChatPrompt prompt;
};

ApiResult<LaidOut> lay_out(const ServicesPtr& services, const http::Request& request, Body body,
                           Asked& asked) {
  if (auto error = read_request(*services, request, body, asked)) return *error;
  auto chat = anthropic::read_messages(asked.body, *asked.model);
  if (!chat.ok()) return chat.error();
  auto prompt = lay_out_chat(*asked.model, *chat);
  if (!prompt.ok()) return prompt.error();
  return LaidOut{std::move(*chat), std::move(*prompt)};
}

ApiResult<AnswerPlan> plan_message(const ServicesPtr& services, const http::Request& request,
                                   Asked& asked) {
  auto laid_out = lay_out(services, request, Body::messages, asked);
  if (!laid_out.ok()) return laid_out.error();
  auto generation = read_generation(request, asked, Lane::chat);
  if (!generation.ok()) {
    // Of the numbers that the table leaves to the reader; this family has no 422.
    ApiError error = generation.error();
    error.status = 400;
    return error;
  }
  const Json* choice = member(asked.body, "tool_choice");
  const bool may_call = choice == nullptr || text(*choice, "type") != "none";
  AnswerPlan plan;
  plan_reading(asked, laid_out->chat, laid_out->prompt, may_call, *generation, plan);
  plan.reader.one_call = choice != nullptr && flag(*choice, "disable_parallel_tool_use", false);
  generation->prompt = std::move(laid_out->prompt.ids);
  begin_plan(*services, asked, "msg_" + random_letters(24), *generation, plan);
  plan.whole = anthropic::whole_message;
  if (flag(asked.body, "stream", false)) plan.stream = anthropic::make_message_writer(plan.head);
  plan.generations.push_back(std::move(*generation));
  return plan;
}

Asked begin(const http::Request& request, std::string_view route) {
  Asked asked;
  asked.family = Family::anthropic;
  asked.record = new_record(request, route, Family::anthropic);
  return asked;
}

}  // namespace

void serve_messages(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked = begin(request, "/v1/messages");
  auto plan = plan_message(services, request, asked);
  if (!plan.ok()) return refuse(services, exchange, plan.error(), std::move(asked.record));
  answer(services, exchange, std::move(*plan));
}

void serve_count_tokens(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked = begin(request, "/v1/messages/count_tokens");
  auto laid_out = lay_out(services, request, Body::count_tokens, asked);
  if (!laid_out.ok()) return exchange->respond(error_response(laid_out.error(), &request));
  const auto count = static_cast<std::int64_t>(laid_out->prompt.ids.size());
  exchange->respond(json_response(Json::object({{"input_tokens", count}})));
}

}  // namespace bise::api
