#include "api/page/page.h"

#include "api/access/access_control.h"
#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/models_wire.h"
#include "api/page/page_routes.h"
#include "api/page/runs.h"
#include "api/page/settings_wire.h"
#include "api/page/wire.h"
#include "store/open_store.h"

namespace bise::api {

Page::Page(PageContext context)
    : context_(std::move(context)),
      temporary_(store::memory_store(context_.now)),
      events_(std::make_unique<EventHub>(context_.now)),
      runs_(std::make_unique<Runs>(context_, *events_)) {
  // What an earlier server left is stopped; nothing goes on by itself.
  if (const Result<int> stopped = context_.store->stop_running_messages(); !stopped.ok()) {
    context_.on_problem(stopped.error().message);
  }
}

Page::~Page() {
  stop();
}

void Page::drain() {
  runs_->cancel_all();
  events_->close();
}

void Page::stop() {
  if (context_.access != nullptr) context_.access->passwords().finish();
  runs_->stop();
}

store::Store& Page::store_of_chat(std::int64_t user_id, const std::string& chat_id) {
  return temporary_->chat(user_id, chat_id).ok() ? *temporary_ : *context_.store;
}

store::Store& Page::store_of_message(std::int64_t user_id, const std::string& message_id) {
  return temporary_->message(user_id, message_id).ok() ? *temporary_ : *context_.store;
}

Result<std::string> Page::boot(std::int64_t user_id) {
  // Read first: what changes meanwhile comes as an event once more.
  const std::uint64_t event = events_->last_id();
  Json features = Json::array();
  for (const char* name :
       {"chats", "runs", "branches", "tokens", "search", "settings", "feedback", "keys", "sessions",
        "models", "machine", "prompt", "prompts", "export", "import", "temporary"}) {
    features.push(name);
  }
  const store::User user = TRY(context_.store->user(user_id));
  if (context_.access != nullptr) features.push("password");
  if (context_.access != nullptr && user.is_owner) features.push("users");
  auto chats = list_chats(*this, user_id, {});
  if (!chats.ok()) return Error{ErrorCode::io, chats.error().error.message};
  Json models = models_json(context_, *runs_);
  Json out = Json::object({{"user", user_json(user)},
                           {"settings", TRY(read_settings(*context_.store, user_id))},
                           {"version", context_.version},
                           {"features", std::move(features)},
                           {"models", std::move(*models.find("models"))},
                           {"budget_bytes", std::move(*models.find("budget_bytes"))},
                           {"machine", machine_json(context_)},
                           {"chats", std::move(*chats->find("chats"))},
                           {"next", std::move(*chats->find("next"))},
                           {"event", event}});
  return write_json(out, {.spaces = false});
}

void add_route(http::Router& router, Page& page, const char* method, const char* pattern,
               RouteAccess who, PageHandler handler) {
  const auto answer = [&page, handler](const http::Request& request) {
    auto answered = handler(page, request);
    if (!answered.ok()) {
      if (answered.error().error.status >= 500) {
        page.context().on_problem(answered.error().error.message);
      }
      return page_error_response(answered.error());
    }
    answered->headers.set("Cache-Control", "no-store");
    return std::move(*answered);
  };
  router.add({.method = method,
              .pattern = pattern,
              .access = access(who),
              .handler = http::answer_with(answer)});
}

PageResult<Json> read_page_body(const http::Request& request) {
  if (request.body.empty()) return Json::object();
  auto body = read_body(request.body);
  if (!body.ok()) return body.error();
  if (!body->is_object()) {
    return ApiError{.status = 422, .message = "the body must be an object, not a list or a value"};
  }
  return std::move(*body);
}

http::Response no_content() {
  return {.status = 204};
}

std::optional<PageError> check_person(const Principal& principal) {
  if (principal.session_id != 0 || principal.scopes == Scopes::all()) return {};
  return PageError{{.status = 403,
                    .message = "this is for a person who is signed in, or a key with every scope"}};
}

void mount_page(http::Router& router, Page& page) {
  add_route(router, page, "GET", "/api/boot", RouteAccess::chats,
            [](Page& self, const http::Request& request) -> PageResult<http::Response> {
              http::Response response;
              response.headers.set("Content-Type", "application/json");
              response.body = TRY(self.boot(principal_of(request).user_id));
              return response;
            });
  mount_chats(router, page);
  mount_messages(router, page);
  mount_runs(router, page);
  mount_transfer(router, page);
  mount_settings(router, page);
  mount_people(router, page);
  mount_models(router, page);
}

}  // namespace bise::api
