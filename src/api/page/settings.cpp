#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/page_routes.h"
#include "api/page/settings_wire.h"
#include "api/page/wire.h"

namespace bise::api {
namespace {

constexpr std::size_t kSettingsBytesMax = 16u << 10;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kPromptBytesMax = 1u << 20;

using Response = PageResult<http::Response>;

Response get_settings(Page& page, const http::Request& request) {
  return json_response(TRY(read_settings(*page.context().store, principal_of(request).user_id)));
}

Response patch_settings(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  Json settings = TRY(read_settings(*page.context().store, user_id));
  for (const auto& [name, value] : body->members()) settings.set(name, value);
  std::erase_if(settings.members(), [](const Json::Member& each) { return each.second.is_null(); });
  if (write_json(settings).size() > kSettingsBytesMax) {
    return bad_field("settings", "take more than 16 KB");
  }
  TRY_VOID(write_settings(*page.context().store, user_id, settings));
  page.events().publish(user_id, "settings", Json::object({{"settings", settings}}));
  return json_response(settings);
}

Json prompt_json(const store::SavedPrompt& prompt) {
  return Json::object({{"id", prompt.id}, {"name", prompt.name}, {"text", prompt.text}});
}

Response get_prompts(Page& page, const http::Request& request) {
  const std::vector<store::SavedPrompt> all =
      TRY(page.context().store->saved_prompts(principal_of(request).user_id));
  Json prompts = Json::array();
  for (const store::SavedPrompt& prompt : all) prompts.push(prompt_json(prompt));
  return json_response(Json::object({{"prompts", std::move(prompts)}}));
}

std::optional<PageError> check_prompt(const store::SavedPrompt& prompt) {
  if (prompt.name.empty() || prompt.name.size() > kNameBytesMax) {
    return bad_field("name", "is empty or too long");
  }
  if (prompt.text.size() > kPromptBytesMax) return bad_field("text", "is longer than 1 MB");
  return {};
}

Response post_prompt(Page& page, const http::Request& request) {
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  const store::SavedPrompt prompt{"", text(*body, "name"), text(*body, "text")};
  if (auto error = check_prompt(prompt)) return *error;
  return json_response(prompt_json(TRY(page.context().store->add_saved_prompt(
                           principal_of(request).user_id, prompt.name, prompt.text))),
                       201);
}

Response patch_prompt(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  const std::vector<store::SavedPrompt> all = TRY(page.context().store->saved_prompts(user_id));
  for (store::SavedPrompt prompt : all) {
    if (prompt.id != request.path_value("id")) continue;
    if (member(*body, "name") != nullptr) prompt.name = text(*body, "name");
    if (body->find("text") != nullptr) prompt.text = text(*body, "text");
    if (auto error = check_prompt(prompt)) return *error;
    TRY_VOID(page.context().store->change_saved_prompt(user_id, prompt));
    return json_response(prompt_json(prompt));
  }
  return Error{ErrorCode::not_found, "there is no such prompt"};
}

Response delete_prompt(Page& page, const http::Request& request) {
  TRY_VOID(page.context().store->delete_saved_prompt(principal_of(request).user_id,
                                                     request.path_value("id")));
  return no_content();
}

}  // namespace

void mount_settings(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "GET", "/api/settings", kWho, get_settings);
  add_route(router, page, "PATCH", "/api/settings", kWho, patch_settings);
  add_route(router, page, "GET", "/api/prompts", kWho, get_prompts);
  add_route(router, page, "POST", "/api/prompts", kWho, post_prompt);
  add_route(router, page, "PATCH", "/api/prompts/{id}", kWho, patch_prompt);
  add_route(router, page, "DELETE", "/api/prompts/{id}", kWho, delete_prompt);
}

}  // namespace bise::api
