#include <cmath>

#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/page_routes.h"
#include "api/page/run_plan.h"
#include "api/page/runs.h"
#include "api/page/settings_wire.h"
#include "api/page/wire.h"
#include "base/text.h"
#include "base/utf8.h"

namespace bise::api {
namespace {

constexpr std::size_t kTextBytesMax = 8u << 20;
constexpr std::size_t kLabelsMax = 16;
constexpr std::size_t kLabelBytesMax = 40;

using Response = PageResult<http::Response>;

void publish_message(Page& page, std::int64_t user_id, const Json& message) {
  page.events().publish(user_id, "message", Json::object({{"message", message}}));
}

// An answer as a person wants it.
Response post_message(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& chat_id = request.path_value("id");
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  if (text(*body, "role") != "assistant") return bad_field("role", "must be assistant");
  store::MessageFields fields{.parent_id = text(*body, "parent"),
                              .role = store::Role::assistant,
                              .content = text(*body, "content"),
                              .edited = true};
  if (fields.content.empty()) return bad_field("content", "is empty");
  if (fields.content.size() > kTextBytesMax) return bad_field("content", "is longer than 8 MB");
  store::Store& where = page.store_of_chat(user_id, chat_id);
  const store::Message message = TRY(where.add_message(user_id, chat_id, fields));
  Json shown = page.runs().shown(message);
  publish_message(page, user_id, shown);
  publish_chat(page, user_id, shown_chat(page, where, TRY(where.chat(user_id, chat_id))));
  return json_response(shown, 201);
}

std::string own_text(const Tokenizer& tokenizer, TokenId id) {
  return replace_invalid_utf8(tokenizer.bytes(id));
}

Json probability(float log_probability) {
  return std::exp(static_cast<double>(log_probability));
}

const char* part_word(LiveAnswer::Part part) {
  switch (part) {
    case LiveAnswer::Part::thinking:
      return "thinking";
    case LiveAnswer::Part::control:
      return "control";
    case LiveAnswer::Part::answer:
      break;
  }
  return "answer";
}

Json token_json(const Tokenizer& tokenizer, const LoggedToken& token,
                const LiveAnswer::Added& added) {
  Json out = Json::object({{"id", token.id},
                           {"text", added.thinking + added.text},
                           {"p", Json()},
                           {"part", part_word(added.part)},
                           {"top", Json()},
                           {"forced", false}});
  if (!token.log_probs) return out;
  out.set("p", probability(token.log_probs->chosen.log_probability));
  Json top = Json::array();
  for (const TokenLogProb& each : token.log_probs->top) {
    Json row = Json::array();
    row.push(each.id);
    row.push(own_text(tokenizer, each.id));
    row.push(probability(each.log_probability));
    top.push(std::move(row));
  }
  out.set("top", std::move(top));
  return out;
}

PageResult<ServedModelPtr> model_of(Page& page, const store::Message& message) {
  if (message.role != store::Role::assistant || message.edited || message.model.empty()) {
    return Error{ErrorCode::not_found, "this message was not written by a model"};
  }
  Result<ServedModelPtr> model = page.context().catalog->find(message.model);
  if (!model.ok()) {
    return ApiError{.status = 404,
                    .message = concat("the model that wrote this, ", quoted(message.model),
                                      ", is not served any more"),
                    .code = "not_found"};
  }
  return std::move(model).value();
}

PageResult<ChatPrompt> prompt_of(Page& page, const Principal& principal, store::Store& where,
                                 const store::Message& message, const ServedModel& model) {
  const store::Chat chat = TRY(where.chat(principal.user_id, message.chat_id));
  const std::vector<store::Message> messages =
      TRY(where.messages(principal.user_id, message.chat_id));
  const Json nothing = Json::object();
  const RunInputs inputs{
      .chat = chat,
      .messages = messages,
      .body = nothing,
      .catalog = *page.context().catalog,
      .principal = principal,
      .default_system_prompt = TRY(default_system_prompt(*page.context().store, principal.user_id)),
      .tokens_of = {}};
  return lay_out_path(model, inputs, message.parent_id, std::nullopt);
}

Response get_tokens(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_message(principal.user_id, id);
  const store::Message message = TRY(where.message(principal.user_id, id));
  auto model = model_of(page, message);
  if (!model.ok()) return model.error();
  const ServedModel& served = **model;
  if (!page.runs().save_now(id)) {
    return ApiError{.status = 503, .message = "the store takes nothing at the moment"};
  }
  const std::vector<LoggedToken> tokens =
      TRY(read_token_log(TRY(where.tokens_of(principal.user_id, id))));
  auto prompt = prompt_of(page, principal, where, message, served);
  LiveAnswer answer(served, prompt.ok() && prompt->inside_thought);
  Json list = Json::array();
  for (const LoggedToken& token : tokens) {
    list.push(token_json(*served.tokenizer, token, answer.push(token.id)));
  }
  return json_response(
      Json::object({{"vocab_size", served.tokenizer->vocab_size()}, {"tokens", std::move(list)}}));
}

Json piece_json(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, bool control) {
  Json numbers = Json::array();
  std::string bytes;
  for (const TokenId id : ids) {
    numbers.push(id);
    bytes += tokenizer.bytes(id);
  }
  return Json::object(
      {{"text", replace_invalid_utf8(bytes)}, {"ids", std::move(numbers)}, {"control", control}});
}

Response get_prompt(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_message(principal.user_id, id);
  const store::Message message = TRY(where.message(principal.user_id, id));
  auto model = model_of(page, message);
  if (!model.ok()) return model.error();
  auto prompt = prompt_of(page, principal, where, message, **model);
  if (!prompt.ok()) return prompt.error();
  const Tokenizer& tokenizer = *(*model)->tokenizer;
  Json pieces = Json::array();
  std::vector<TokenId> words;
  const auto end_words = [&] {
    if (!words.empty()) pieces.push(piece_json(tokenizer, words, false));
    words.clear();
  };
  for (const TokenId each : prompt->ids) {
    if (!tokenizer.is_control(each)) {
      words.push_back(each);
      continue;
    }
    end_words();
    pieces.push(piece_json(tokenizer, {each}, true));
  }
  end_words();
  return json_response(
      Json::object({{"tokens", prompt->ids.size()}, {"pieces", std::move(pieces)}}));
}

PageResult<store::Feedback> read_feedback(const Json& body) {
  store::Feedback feedback;
  const auto rating = integer(body, "rating").value_or(0);
  if (rating < -1 || rating > 1) return bad_field("rating", "is none of -1, 0, 1");
  feedback.thumb = static_cast<store::Thumb>(rating);
  if (const Json* labels = member(body, "labels")) {
    if (!labels->is_array() || labels->items().size() > kLabelsMax) {
      return bad_field("labels", "is no list of at most 16");
    }
    for (const Json& label : labels->items()) {
      if (!label.is_string() || label.as_string().size() > kLabelBytesMax) {
        return bad_field("labels", "has something that is no short word");
      }
      feedback.labels.push_back(label.as_string());
    }
  }
  feedback.comment = text(body, "comment");
  if (const Json* corrected = member(body, "corrected"); corrected && corrected->is_string()) {
    feedback.correction = corrected->as_string();
  }
  if (feedback.comment.size() + feedback.correction.value_or("").size() > kTextBytesMax) {
    return bad_field("corrected", "is longer than 8 MB");
  }
  return feedback;
}

Response set_feedback(Page& page, const http::Request& request,
                      const std::optional<store::Feedback>& feedback) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_message(user_id, id);
  TRY_VOID(where.set_feedback(user_id, id, feedback));
  Json shown = page.runs().shown(TRY(where.message(user_id, id)));
  publish_message(page, user_id, shown);
  return json_response(shown);
}

Response put_feedback(Page& page, const http::Request& request) {
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  auto feedback = read_feedback(*body);
  if (!feedback.ok()) return feedback.error();
  return set_feedback(page, request, *feedback);
}

Response delete_feedback(Page& page, const http::Request& request) {
  return set_feedback(page, request, std::nullopt);
}

}  // namespace

void mount_messages(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "POST", "/api/chats/{id}/messages", kWho, post_message);
  add_route(router, page, "GET", "/api/messages/{id}/tokens", kWho, get_tokens);
  add_route(router, page, "GET", "/api/messages/{id}/prompt", kWho, get_prompt);
  add_route(router, page, "PUT", "/api/messages/{id}/feedback", kWho, put_feedback);
  add_route(router, page, "DELETE", "/api/messages/{id}/feedback", kWho, delete_feedback);
}

}  // namespace bise::api
