#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/models_wire.h"
#include "api/page/page_routes.h"
#include "api/page/runs.h"

namespace bise::api {
namespace {

using Response = PageResult<http::Response>;

Response get_models(Page& page, const http::Request&) {
  return json_response(models_json(page.context(), page.runs()));
}

Response get_machine(Page& page, const http::Request&) {
  return json_response(machine_json(page.context()));
}

Response patch_model(Page& page, const http::Request& request) {
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  const ServedModelPtr model = TRY(page.context().catalog->find(request.path_value("id")));
  Engine& engine = *page.context().engine;
  if (const Json* pinned = member(*body, "pinned")) {
    if (!pinned->is_bool()) return bad_field("pinned", "is neither true nor false");
    TRY_VOID(engine.set_pinned(model->id, pinned->as_bool()));
  }
  const std::string state = text(*body, "state");
  if (state == "ready") {
    TRY_VOID(engine.load(model->id));
  } else if (state == "unloaded") {
    TRY_VOID(engine.unload(model->id));
  } else if (!state.empty()) {
    return bad_field("state", "is neither ready nor unloaded");
  }
  const Json all = models_json(page.context(), page.runs());
  page.events().publish_to_listeners("models", all);
  for (const Json& each : all.find("models")->items()) {
    if (text(each, "id") == model->id) return json_response(each);
  }
  return Error{ErrorCode::not_found, "there is no such model"};
}

}  // namespace

void mount_models(http::Router& router, Page& page) {
  add_route(router, page, "GET", "/api/models", RouteAccess::chats, get_models);
  add_route(router, page, "PATCH", "/api/models/{id}", RouteAccess::admin, patch_model);
  add_route(router, page, "GET", "/api/machine", RouteAccess::chats, get_machine);
}

}  // namespace bise::api
