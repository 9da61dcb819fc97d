// GET /v1/models and /v1/models/{id}, in Mistral's form, which OpenAI's clients read too, or, where
// the client sends anthropic-version, in Anthropic's.

#include "api/endpoints.h"
#include "base/text.h"

namespace bise::api {
namespace {

bool wants_anthropic(const http::Request& request) {
  return request.headers.contains("anthropic-version");
}

Json capabilities(const ServedModel& model) {
  return Json::object({{"completion_chat", model.layout != nullptr},
                       {"function_calling", model.has_tools},
                       {"reasoning", model.has_thinking},
                       {"completion_fim", model.has_fim},
                       {"fine_tuning", false},
                       {"vision", false},
                       {"ocr", false},
                       {"classification", false},
                       {"moderation", false},
                       {"audio", false},
                       {"audio_transcription", false},
                       {"audio_transcription_realtime", false},
                       {"audio_speech", false}});
}

// The double that a person would write for it: 0.2, not 0.20000000298.
Json plain_number(float value) {
  return Json(Json::Number{concat(value)});
}

Json mistral_card(const ServedModel& model) {
  Json aliases = Json::array();
  for (const std::string& alias : model.aliases) aliases.push(alias);
  return Json::object({{"id", model.id},
                       {"object", "model"},
                       {"created", model.created},
                       {"owned_by", "bise"},
                       {"type", "base"},
                       {"name", model.id},
                       {"description", model.description},
                       {"max_context_length", model.context_tokens},
                       {"max_model_len", model.context_tokens},
                       {"aliases", std::move(aliases)},
                       {"deprecation", nullptr},
                       {"deprecation_replacement_model", nullptr},
                       {"default_model_temperature", plain_number(model.sampling.temperature)},
                       {"capabilities", capabilities(model)}});
}

Json anthropic_card(const ServedModel& model) {
  return Json::object({{"type", "model"},
                       {"id", model.id},
                       {"display_name", model.id},
                       {"created_at", utc_text(model.created)},
                       {"max_input_tokens", model.context_tokens},
                       {"max_tokens", model.context_tokens}});
}

Json anthropic_list(const std::vector<ServedModelPtr>& models) {
  Json data = Json::array();
  for (const ServedModelPtr& model : models) data.push(anthropic_card(*model));
  const bool empty = models.empty();
  return Json::object({{"data", std::move(data)},
                       {"has_more", false},
                       {"first_id", empty ? Json() : Json(models.front()->id)},
                       {"last_id", empty ? Json() : Json(models.back()->id)}});
}

}  // namespace

void serve_models(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const std::vector<ServedModelPtr> models = services->context.catalog->list();
  if (wants_anthropic(exchange->request())) {
    return exchange->respond(json_response(anthropic_list(models)));
  }
  Json data = Json::array();
  for (const ServedModelPtr& model : models) data.push(mistral_card(*model));
  exchange->respond(json_response(Json::object({{"object", "list"}, {"data", std::move(data)}})));
}

void serve_model(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  const auto model = services->context.catalog->find(request.path_value("id"));
  if (!model.ok()) {
    ApiError error = from_error(model.error());
    error.param = "model";
    return exchange->respond(error_response(error, &request));
  }
  exchange->respond(
      json_response(wants_anthropic(request) ? anthropic_card(**model) : mistral_card(**model)));
}

}  // namespace bise::api
