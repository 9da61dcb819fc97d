// POST /tokenize and /detokenize, as vLLM has them (prompt or messages; count, max_model_len,
// tokens) and llama-server (content; tokens).

#include "api/body.h"
#include "api/chat_messages.h"
#include "api/chat_plan.h"
#include "api/endpoints.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tokenizer/detokenizer.h"

namespace bise::api {
namespace {

ApiError wrong(std::string_view field, std::string_view what) {
  return {.status = 400, .message = concat(field, ": ", what), .param = std::string(field)};
}

ApiResult<std::vector<TokenId>> tokens_of(const Json& body, const ServedModel& model) {
  if (const Json* messages = member(body, "messages")) {
    if (messages->items().empty()) return wrong("messages", "empty");
    auto chat = read_chat(body, model);
    if (!chat.ok()) return chat.error();
    auto prompt = lay_out_chat(model, *chat);
    if (!prompt.ok()) return prompt.error();
    return std::move(prompt->ids);
  }
  const Json* prompt = member(body, "prompt");
  const Json* content = member(body, "content");
  if (prompt == nullptr && content == nullptr) {
    return wrong("prompt", "the field is missing; give prompt, content or messages");
  }
  const bool special =
      flag(body, "add_special_tokens", flag(body, "add_special", prompt != nullptr));
  std::vector<TokenId> ids;
  if (special && model.add_bos && model.tokenizer->bos_id())
    ids.push_back(*model.tokenizer->bos_id());
  model.tokenizer->encode((prompt != nullptr ? prompt : content)->as_string(), ids);
  return ids;
}

Asked begin(const http::Request& request, const char* route) {
  Asked asked;
  asked.record = new_record(request, route, Family::openai);
  return asked;
}

}  // namespace

void serve_tokenize(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked = begin(request, "/tokenize");
  if (auto error = read_request(*services, request, Body::tokenize, asked)) {
    return exchange->respond(error_response(*error, &request));
  }
  auto ids = tokens_of(asked.body, *asked.model);
  if (!ids.ok()) return exchange->respond(error_response(ids.error(), &request));
  Json tokens = Json::array();
  Json words = Json::array();
  for (const TokenId id : *ids) {
    tokens.push(id);
    words.push(replace_invalid_utf8(asked.model->tokenizer->bytes(id)));
  }
  Json answer = Json::object({{"count", static_cast<std::int64_t>(ids->size())},
                              {"max_model_len", asked.model->context_tokens},
                              {"tokens", std::move(tokens)}});
  const bool with_words =
      flag(asked.body, "return_token_strs", false) || flag(asked.body, "with_pieces", false);
  if (with_words) answer.set("token_strs", std::move(words));
  exchange->respond(json_response(answer));
}

void serve_detokenize(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  Asked asked = begin(request, "/detokenize");
  if (auto error = read_request(*services, request, Body::detokenize, asked)) {
    return exchange->respond(error_response(*error, &request));
  }
  const Tokenizer& tokenizer = *asked.model->tokenizer;
  std::vector<TokenId> ids;
  for (const Json& item : asked.body.find("tokens")->items()) {
    const std::int64_t id = item.to_int64().value_or(-1);
    if (id < 0 || id >= tokenizer.vocab_size()) {
      const ApiError error = wrong(
          "tokens", concat(id, " is no token id; there are 0 to ", tokenizer.vocab_size() - 1));
      return exchange->respond(error_response(error, &request));
    }
    ids.push_back(static_cast<TokenId>(id));
  }
  const std::string words = decode(tokenizer, ids, ControlTokens::write_out);
  exchange->respond(json_response(Json::object({{"prompt", words}, {"content", words}})));
}

}  // namespace bise::api
