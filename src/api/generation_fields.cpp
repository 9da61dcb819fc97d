#include "api/generation_fields.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "api/access/principal.h"
#include "api/body.h"
#include "api/ids.h"
#include "base/text.h"

namespace bise::api {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ApiResult<Lane> read_lane(const http::Request& request, Lane natural, Lane floor) {
  const std::string_view asked = request.headers.get("x-bise-lane");
  Lane lane = natural;
  if (!asked.empty()) {
    const std::optional<Lane> found = find_lane(asked);
    if (!found) {
      return ApiError{.status = 400,
                      .message = concat("x-bise-lane: '", quoted(asked, 40),
                                        "' is none of completion, chat, agent, batch"),
                      .param = "x-bise-lane"};
    }
    lane = *found;
  }
  return std::max(lane, floor);
}

void set_float(const Json& body, std::string_view name, float& out) {
  if (const auto value = number(body, name)) out = static_cast<float>(*value);
}

ApiError bad_bias(std::string_view what) {
  return {.status = 422, .message = concat("logit_bias: ", what), .param = "logit_bias"};
}

std::optional<ApiError> read_bias(const Json& body, const ServedModel& model,
                                  SamplingOptions& sampling) {
  const Json* bias = member(body, "logit_bias");
  if (bias == nullptr) return {};
  for (const Json::Member& entry : bias->members()) {
    int id = -1;
    const char* end = entry.first.data() + entry.first.size();
    const auto read = std::from_chars(entry.first.data(), end, id);
    if (read.ec != std::errc() || read.ptr != end || id < 0 ||
        id >= model.tokenizer->vocab_size()) {
      return bad_bias(concat("'", quoted(entry.first, 40), "' is no token id; there are 0 to ",
                             model.tokenizer->vocab_size() - 1));
    }
    const auto value = entry.second.to_double();
    if (!value || !(std::abs(*value) <= 100)) {
      return bad_bias(concat("the value of ", id, " is no number from -100 to 100"));
    }
    sampling.logit_bias.emplace_back(id, static_cast<float>(*value));
  }
  return {};
}

std::optional<ApiError> read_sampling(const Json& body, const ServedModel& model,
                                      SamplingOptions& sampling) {
  sampling = model.sampling;
  set_float(body, "temperature", sampling.temperature);
  set_float(body, "top_p", sampling.top_p);
  set_float(body, "min_p", sampling.min_p);
  set_float(body, "typical_p", sampling.typical_p);
  set_float(body, "repetition_penalty", sampling.repetition_penalty);
  set_float(body, "frequency_penalty", sampling.frequency_penalty);
  set_float(body, "presence_penalty", sampling.presence_penalty);
  if (const auto top_k = integer(body, "top_k")) {
    sampling.top_k = static_cast<int>(std::max<std::int64_t>(*top_k, 0));
  }
  std::optional<std::int64_t> seed = integer(body, "seed");
  if (!seed) seed = integer(body, "random_seed");
  sampling.seed = seed ? static_cast<std::uint64_t>(*seed) : random_seed();
  return read_bias(body, model, sampling);
}

bool has_mistral_key(const Json& body) {
  for (const char* key : {"random_seed", "prompt_mode", "safe_prompt", "guardrails"}) {
    if (body.find(key) != nullptr) return true;
  }
  const Json* messages = body.find("messages");
  if (messages == nullptr || !messages->is_array() || messages->items().empty()) return false;
  return messages->items().back().find("prefix") != nullptr;
}

}  // namespace

const char* family_name(Family family) {
  switch (family) {
    case Family::openai:
      return "openai";
    case Family::mistral:
      return "mistral";
    case Family::anthropic:
      return "anthropic";
  }
  return "";
}

Family family_of(const http::Request& request, const Json& body) {
  const std::string_view agent = request.headers.get("user-agent");
  if (agent.starts_with("mistral-client-")) return Family::mistral;
  if (agent.starts_with("OpenAI/")) return Family::openai;
  for (const http::NamedValue& field : request.headers.all()) {
    if (equal_without_case(std::string_view(field.first).substr(0, 12), "x-stainless-")) {
      return Family::openai;
    }
  }
  return has_mistral_key(body) ? Family::mistral : Family::openai;
}

RequestRecord new_record(const http::Request& request, std::string_view route, Family family) {
  const Principal& principal = principal_of(request);
  RequestRecord record;
  record.request_id = request.id;
  record.began_ms = now_ms();
  record.user_id = principal.user_id;
  record.key_id = principal.key_id;
  record.route = route;
  record.family = family;
  return record;
}

std::optional<ApiError> read_request(const ApiServices& services, const http::Request& request,
                                     Body body, Asked& asked) {
  if (services.context.not_ready && !services.context.not_ready().empty()) {
    return ApiError{.status = 503,
                    .message = concat("the server is ", services.context.not_ready()),
                    .retry_after_s = 1};
  }
  auto json = read_body(request.body);
  if (!json.ok()) return json.error();
  asked.body = std::move(*json);
  if (body == Body::chat) asked.record.family = asked.family = family_of(request, asked.body);
  if (auto error = services.table.check_shape(body, asked.body, services.context.strict)) {
    return error;
  }
  asked.record.streams = flag(asked.body, "stream", false);
  auto model = services.context.catalog->find(text(asked.body, "model"));
  if (!model.ok()) {
    ApiError error = from_error(model.error());
    error.param = "model";
    return error;
  }
  asked.model = std::move(model).value();
  asked.record.model = asked.model->id;
  const std::vector<std::string> idle = services.table.without_effect(body, asked.body);
  for (const std::string& name : idle) {
    asked.record.without_effect += concat(asked.record.without_effect.empty() ? "" : ",", name);
  }
  // So that no reader finds what another route would have honoured.
  std::erase_if(asked.body.members(), [&](const Json::Member& member) {
    return std::find(idle.begin(), idle.end(), member.first) != idle.end();
  });
  return services.table.check_refused(body, asked.body, *asked.model);
}

std::vector<std::string> read_stops(const Json& body) {
  std::vector<std::string> stops;
  for (const char* name : {"stop", "stop_sequences"}) {
    const Json* stop = member(body, name);
    if (stop == nullptr) continue;
    if (stop->is_string()) stops.push_back(stop->as_string());
    if (!stop->is_array()) continue;
    for (const Json& item : stop->items()) stops.push_back(item.as_string());
  }
  // An empty one would end every answer before it begins; clients send them for "none".
  std::erase(stops, "");
  return stops;
}

ApiResult<GenerationRequest> read_generation(const http::Request& request, const Asked& asked,
                                             Lane natural) {
  const Principal& principal = principal_of(request);
  const Json& body = asked.body;
  GenerationRequest generation;
  generation.model = asked.model->id;
  if (auto error = read_sampling(body, *asked.model, generation.sampling)) return *error;
  generation.choice_count = static_cast<int>(integer(body, "n").value_or(1));
  std::optional<std::int64_t> tokens_max = integer(body, "max_completion_tokens");
  if (!tokens_max) tokens_max = integer(body, "max_tokens");
  generation.tokens_max = tokens_max.value_or(0);
  generation.tokens_min = integer(body, "min_tokens").value_or(0);
  if (tokens_max && generation.tokens_min > *tokens_max) {
    return ApiError{.status = 422,
                    .message = concat("min_tokens: ", generation.tokens_min,
                                      " is more than max_tokens, ", *tokens_max),
                    .param = "min_tokens"};
  }
  if (!flag(body, "ignore_eos", false)) generation.end_ids = asked.model->end_ids;
  generation.reuse_prefix = flag(body, "cache_prompt", true);
  auto lane = read_lane(request, natural, principal.lane_floor);
  if (!lane.ok()) return lane.error();
  generation.lane = *lane;
  // Users share nothing and keys of one user are charged apart; the page counts as a key.
  const auto user = static_cast<std::uint64_t>(principal.user_id);
  generation.prefix_scope = user;
  generation.key = user << 32 ^ static_cast<std::uint64_t>(principal.key_id);
  return generation;
}

void begin_plan(const ApiServices& services, Asked& asked, std::string id,
                const GenerationRequest& generation, AnswerPlan& plan) {
  const std::string named = text(asked.body, "model");
  plan.head = {.id = std::move(id),
               .created = now_ms() / 1000,
               .model = named.empty() ? asked.model->id : named,
               .seed = generation.sampling.seed,
               .served = asked.model,
               .fingerprint = concat("bise-", services.context.version)};
  plan.record = std::move(asked.record);
  plan.record.answer_id = plan.head.id;
  plan.record.lane = generation.lane;
  plan.record.choices = generation.choice_count;
  plan.record.seed = generation.sampling.seed;
}

}  // namespace bise::api
