#include <algorithm>

#include "api/access/access_control.h"
#include "api/access/issue_key.h"
#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/page_routes.h"
#include "api/page/people_password.h"
#include "api/page/runs.h"
#include "api/page/wire.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr std::size_t kNameBytesMax = 100;

using Response = PageResult<http::Response>;

PageResult<std::string> read_name(const Json& body) {
  std::string name = text(body, "name");
  const bool is_blank = name.find_first_not_of(" \t\r\n") == std::string::npos;
  if (is_blank || name.size() > kNameBytesMax) return bad_field("name", "is empty or too long");
  return name;
}

Response get_me(Page& page, const http::Request& request) {
  return json_response(user_json(TRY(page.context().store->user(principal_of(request).user_id))));
}

// A password is hashed first, and answered then.
void patch_me(Page& page, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  const Principal& principal = principal_of(request);
  const auto refuse = [&](const PageError& error) {
    exchange->respond(page_error_response(error));
  };
  if (auto error = check_person(principal)) return refuse(*error);
  auto body = read_page_body(request);
  if (!body.ok()) return refuse(body.error());
  const bool has_password = body->find("password") != nullptr;
  std::optional<std::string> name;
  if (!has_password || member(*body, "name") != nullptr) {
    auto given = read_name(*body);
    if (!given.ok()) return refuse(given.error());
    name = std::move(*given);
  }
  if (has_password) return patch_password(page, exchange, *body, std::move(name));
  const Result<store::User> user = page.context().store->rename_user(principal.user_id, *name);
  if (!user.ok()) return refuse(page_error(user.error()));
  http::Response response = json_response(user_json(*user));
  response.headers.set("Cache-Control", "no-store");
  exchange->respond(std::move(response));
}

// "Firefox on Linux"
std::string agent_words(const std::string& agent) {
  const auto first_of = [&](std::initializer_list<std::pair<const char*, const char*>> marks) {
    for (const auto& [mark, word] : marks) {
      if (agent.find(mark) != std::string::npos) return std::string(word);
    }
    return std::string();
  };
  const std::string browser = first_of({{"Firefox/", "Firefox"},
                                        {"Edg/", "Edge"},
                                        {"OPR/", "Opera"},
                                        {"Chrom", "Chromium"},
                                        {"Safari/", "Safari"}});
  const std::string system = first_of({{"Android", "Android"},
                                       {"iPhone", "iPhone"},
                                       {"iPad", "iPad"},
                                       {"Windows", "Windows"},
                                       {"Mac OS X", "macOS"},
                                       {"Linux", "Linux"}});
  if (browser.empty()) return agent.substr(0, agent.find_first_of(" \r\n"));
  return system.empty() ? browser : concat(browser, " on ", system);
}

Response get_sessions(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  const std::vector<store::Session> all = TRY(page.context().store->sessions(principal.user_id));
  Json sessions = Json::array();
  for (const store::Session& session : all) {
    sessions.push(Json::object({{"id", session.public_id},
                                {"created_ms", session.created_at},
                                {"seen_ms", session.last_seen_at},
                                {"agent", agent_words(session.user_agent)},
                                {"current", session.id == principal.session_id}}));
  }
  return json_response(Json::object({{"sessions", std::move(sessions)}}));
}

Response delete_session(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  const std::string& id = request.path_value("id");
  const std::vector<store::Session> all = TRY(page.context().store->sessions(principal.user_id));
  TRY_VOID(page.context().store->end_session(principal.user_id, id));
  for (const store::Session& session : all) {
    if (session.public_id == id) page.events().sign_out(session.id);
  }
  return no_content();
}

Response post_signout(Page& page, const http::Request& request) {
  AccessControl* access = page.context().access;
  if (access == nullptr) return Error{ErrorCode::not_found, "nobody signs in here"};
  const std::int64_t session_id = principal_of(request).session_id;
  http::Response response = access->sign_out(request);
  page.events().sign_out(session_id);
  return response;
}

Json key_json(const store::Key& key) {
  Json scopes = Json::array();
  for (int i = 0; i < kScopeCount; ++i) {
    const auto scope = static_cast<Scope>(i);
    if (Scopes(key.scopes).has(scope)) scopes.push(scope_name(scope));
  }
  const auto or_null = [](const std::optional<std::int64_t>& value) {
    return value ? Json(*value) : Json();
  };
  return Json::object({{"id", key.public_id},
                       {"name", key.name},
                       {"prefix", key.hint},
                       {"scopes", std::move(scopes)},
                       {"created_ms", key.created_at},
                       {"used_ms", or_null(key.last_used_at)},
                       {"expires_ms", or_null(key.expires_at)},
                       {"requests_per_minute", or_null(key.requests_per_minute)},
                       {"tokens_per_day", or_null(key.tokens_per_day)},
                       {"tokens", key.tokens}});
}

Response get_keys(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  const std::vector<store::Key> all = TRY(page.context().store->keys(principal.user_id));
  Json keys = Json::array();
  for (const store::Key& key : all) keys.push(key_json(key));
  return json_response(Json::object({{"keys", std::move(keys)}}));
}

PageResult<Scopes> read_scopes(const Json& body, const Principal& principal) {
  const Json* names = member(body, "scopes");
  if (names == nullptr || !names->is_array() || names->items().empty()) {
    return bad_field("scopes", "is no list of scopes");
  }
  Scopes scopes;
  for (const Json& name : names->items()) {
    const auto scope = name.is_string() ? find_scope(name.as_string()) : std::nullopt;
    if (!scope) return bad_field("scopes", "has one that is not known");
    if (*scope == Scope::admin && !principal.is_owner) {
      return PageError{{.status = 403, .message = "only the owner has the scope \"admin\""}};
    }
    scopes = scopes.with(*scope);
  }
  return scopes;
}

Response post_key(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  auto name = read_name(*body);
  if (!name.ok()) return name.error();
  auto scopes = read_scopes(*body, principal);
  if (!scopes.ok()) return scopes.error();
  const auto expires_at = integer(*body, "expires_ms");
  if (expires_at && *expires_at <= page.context().now()) {
    return bad_field("expires_ms", "is over already");
  }
  const auto requests_per_minute = integer(*body, "requests_per_minute");
  const auto tokens_per_day = integer(*body, "tokens_per_day");
  if (requests_per_minute.value_or(1) < 1) return bad_field("requests_per_minute", "is below 1");
  if (tokens_per_day.value_or(1) < 1) return bad_field("tokens_per_day", "is below 1");
  store::NewKey kind;
  kind.user_id = principal.user_id;
  kind.name = *name;
  kind.scopes = scopes->bits();
  kind.lane = static_cast<int>(principal.lane_floor);
  kind.expires_at = expires_at;
  kind.requests_per_minute = requests_per_minute;
  kind.tokens_per_day = tokens_per_day;
  const IssuedKey issued = TRY(issue_key(*page.context().store, std::move(kind)));
  return json_response(Json::object({{"key", key_json(issued.key)}, {"secret", issued.secret}}),
                       201);
}

Response patch_key(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  auto name = read_name(*body);
  if (!name.ok()) return name.error();
  return json_response(key_json(
      TRY(page.context().store->rename_key(principal.user_id, request.path_value("id"), *name))));
}

Response delete_key(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  TRY_VOID(page.context().store->revoke_key(principal.user_id, request.path_value("id")));
  return no_content();
}

Response get_users(Page& page, const http::Request&) {
  const std::vector<store::User> all = TRY(page.context().store->users());
  Json users = Json::array();
  for (const store::User& user : all) users.push(user_json(user));
  return json_response(Json::object({{"users", std::move(users)}}));
}

PageResult<std::string> link_for(Page& page, std::int64_t user_id) {
  AccessControl* access = page.context().access;
  if (access == nullptr) return Error{ErrorCode::not_found, "nobody signs in here"};
  const std::string secret = TRY(access->make_link(user_id));
  const std::string address = page.context().machine().address;
  // The address has the base path already, as link_path() has.
  const std::string base = access->base_path();
  const std::string origin =
      address.ends_with(base) ? address.substr(0, address.size() - base.size()) : address;
  return origin + access->link_path(secret);
}

Response post_user(Page& page, const http::Request& request) {
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  auto name = read_name(*body);
  if (!name.ok()) return name.error();
  const store::User user = TRY(page.context().store->add_user(*name));
  auto link = link_for(page, user.id);
  if (!link.ok()) return link.error();
  return json_response(Json::object({{"user", user_json(user)}, {"link", *link}}), 201);
}

PageResult<store::User> find_user(Page& page, const std::string& public_id) {
  const std::vector<store::User> all = TRY(page.context().store->users());
  for (const store::User& user : all) {
    if (user.public_id == public_id) return user;
  }
  return Error{ErrorCode::not_found, "there is no such user"};
}

Response post_link(Page& page, const http::Request& request) {
  auto user = find_user(page, request.path_value("id"));
  if (!user.ok()) return user.error();
  auto link = link_for(page, user->id);
  if (!link.ok()) return link.error();
  return json_response(Json::object({{"link", *link}}));
}

Response delete_user(Page& page, const http::Request& request) {
  auto user = find_user(page, request.path_value("id"));
  if (!user.ok()) return user.error();
  const std::vector<store::Session> sessions = TRY(page.context().store->sessions(user->id));
  TRY_VOID(page.context().store->remove_user(user->public_id));
  page.runs().stop_user(user->id);
  TRY(page.temporary().purge_chats_of(user->id));
  for (const store::Session& session : sessions) page.events().sign_out(session.id);
  return no_content();
}

}  // namespace

void mount_people(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "GET", "/api/me", kWho, get_me);
  router.add({.method = "PATCH",
              .pattern = "/api/me",
              .access = access(kWho),
              .handler = [&page](http::ExchangePtr exchange) { patch_me(page, exchange); }});
  add_route(router, page, "GET", "/api/sessions", kWho, get_sessions);
  add_route(router, page, "DELETE", "/api/sessions/{id}", kWho, delete_session);
  add_route(router, page, "POST", "/api/signout", RouteAccess::page, post_signout);
  add_route(router, page, "GET", "/api/keys", kWho, get_keys);
  add_route(router, page, "POST", "/api/keys", kWho, post_key);
  add_route(router, page, "PATCH", "/api/keys/{id}", kWho, patch_key);
  add_route(router, page, "DELETE", "/api/keys/{id}", kWho, delete_key);
  add_route(router, page, "GET", "/api/users", RouteAccess::admin, get_users);
  add_route(router, page, "POST", "/api/users", RouteAccess::admin, post_user);
  add_route(router, page, "POST", "/api/users/{id}/link", RouteAccess::admin, post_link);
  add_route(router, page, "DELETE", "/api/users/{id}", RouteAccess::admin, delete_user);
}

}  // namespace bise::api
