#include "api/access/access_control.h"

#include <openssl/crypto.h>

#include "api/access/secrets.h"
#include "api/errors.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr store::TimeMs kSeenEveryMs = 60'000;

bool is_safe_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::optional<Scope> scope_of(RouteAccess what) {
  switch (what) {
    case RouteAccess::inference:
      return Scope::inference;
    case RouteAccess::chats:
      return Scope::chats;
    case RouteAccess::metrics:
      return Scope::metrics;
    case RouteAccess::admin:
      return Scope::admin;
    case RouteAccess::open:
    case RouteAccess::page:
      break;
  }
  return std::nullopt;
}

http::Response refusal(const http::Request& request, ApiError error) {
  return error_response(error, &request);
}

// What the request carries as a key: "" if nothing.
std::string_view key_of(const http::Request& request) {
  const std::string_view authorization = request.headers.get("authorization");
  if (authorization.size() > 7 && equal_without_case(authorization.substr(0, 7), "Bearer ")) {
    std::string_view key = authorization.substr(7);
    while (key.starts_with(' ')) key.remove_prefix(1);
    return key;
  }
  return request.headers.get("x-api-key");
}

Lane lane_of(int lane) {
  return static_cast<Lane>(lane >= 0 && lane < kLaneCount ? lane : kLaneCount - 1);
}

}  // namespace

AccessControl::AccessControl(store::Store& store, AccessOptions options)
    : store_(store),
      options_(std::move(options)),
      origins_(options_.public_url, options_.allowed_origins),
      cookie_name_("bise_session"),
      environment_digest_(digest_of(options_.environment_key)),
      passwords_(options_.password_cost, options_.now) {}

void AccessControl::set_port(std::uint16_t port) {
  cookie_name_ = concat("bise_session_", port);
}

std::optional<http::Response> AccessControl::gate(http::Request& request,
                                                  const http::Router::Match& match) {
  options_.trusted_proxies.apply(request);
  const bool is_local = request.peer_address == "unix";
  if (!is_local && !origins_.is_own_host(request.host)) {
    return refusal(request, {.status = 421,
                             .message = concat("this server does not answer for the host ",
                                               quoted(request.host),
                                               "; --public-url says which name it goes by")});
  }
  if (Refusal refused = check_origin(request)) return refused;
  if (match.outcome != http::Router::Outcome::found) return std::nullopt;
  const auto what = static_cast<RouteAccess>(match.route->access);
  if (what == RouteAccess::open) return std::nullopt;
  if (what == RouteAccess::metrics && options_.metrics_open) return std::nullopt;

  Result<std::optional<Principal>> found = find_principal(request);
  if (!found.ok()) return refusal(request, from_error(found.error()));
  if (!*found) return to_sign_in(request);
  const Principal& principal = **found;
  if (principal.session_id != 0 && !is_safe_method(request.method) &&
      !request.headers.contains("origin") &&
      request.headers.get("sec-fetch-site") != "same-origin") {
    return refusal(request, {.status = 403,
                             .message = "a request that changes something with the page's cookie "
                                        "must come from the page; programs use a key"});
  }
  const std::optional<Scope> scope = scope_of(what);
  if (scope && !principal.scopes.has(*scope)) {
    return refusal(request, {.status = 403,
                             .message = concat("this key lacks the scope \"", scope_name(*scope),
                                               "\", which this route needs")});
  }
  if (what == RouteAccess::admin && !principal.is_owner) {
    return refusal(request,
                   {.status = 403, .message = "only the owner of this server may do that"});
  }
  if (what == RouteAccess::inference && !is_safe_method(request.method)) {
    if (Refusal refused = check_budgets(request, principal)) return refused;
  }
  request.identity = principal;
  return std::nullopt;
}

// Before anything else is looked at: a refused origin learns nothing. An allowed one gets the
// fields without which its browser keeps the answer from it.
AccessControl::Refusal AccessControl::check_origin(http::Request& request) {
  const std::string* origin = request.headers.find("origin");
  if (origin == nullptr || origins_.is_own_origin(request, *origin)) return std::nullopt;
  if (!origins_.is_allowed_origin(*origin)) {
    return refusal(request, {.status = 403,
                             .message = concat("requests from pages of ", quoted(*origin),
                                               " are not allowed; --allow-origin names who may")});
  }
  request.answer_headers.set("Access-Control-Allow-Origin", *origin);
  request.answer_headers.set("Vary", "Origin");
  request.answer_headers.set("Access-Control-Expose-Headers",
                             "x-request-id, request-id, mistral-correlation-id, retry-after");
  if (request.method != "OPTIONS" || !request.headers.contains("access-control-request-method")) {
    // The page's cookie is for the page alone.
    if (key_of(request).empty()) {
      return refusal(request, {.status = 401, .message = "pages of other origins need a key"});
    }
    return std::nullopt;
  }
  http::Response preflight = {.status = 204};
  preflight.headers.set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE");
  const std::string_view wanted = request.headers.get("access-control-request-headers");
  if (!wanted.empty()) preflight.headers.set("Access-Control-Allow-Headers", std::string(wanted));
  preflight.headers.set("Access-Control-Max-Age", "600");
  return preflight;
}

// A key goes before a cookie: whoever sends one means it.
Result<std::optional<Principal>> AccessControl::find_principal(const http::Request& request) {
  const std::string_view key = key_of(request);
  return key.empty() ? find_session(request) : find_key(key);
}

Result<std::optional<Principal>> AccessControl::find_key(std::string_view secret) {
  const store::Digest digest = digest_of(secret);
  if (!options_.environment_key.empty() &&
      CRYPTO_memcmp(digest.data(), environment_digest_.data(), digest.size()) == 0) {
    return std::optional<Principal>(
        Principal{.user_id = options_.owner_id, .is_owner = true, .scopes = Scopes::all()});
  }
  const std::optional<store::KeyAndUser> found = TRY(store_.find_key(digest));
  if (!found) return std::optional<Principal>();
  const auto& [key, user] = *found;
  if (key.expires_at && *key.expires_at <= options_.now()) return std::optional<Principal>();
  Principal principal{.user_id = user.id,
                      .is_owner = user.is_owner,
                      .key_id = key.id,
                      .scopes = Scopes(key.scopes),
                      .lane_floor = lane_of(key.lane)};
  principal.requests_per_minute = key.requests_per_minute;
  principal.tokens_per_day = key.tokens_per_day;
  return std::optional<Principal>(principal);
}

Result<std::optional<Principal>> AccessControl::find_session(const http::Request& request) {
  const std::string value = cookie_value(request, cookie_name_);
  if (value.empty()) return std::optional<Principal>();
  const std::optional<store::SessionAndUser> found = TRY(store_.find_session(digest_of(value)));
  if (!found) return std::optional<Principal>();
  const auto& [session, user] = *found;
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    store::TimeMs& seen = seen_.try_emplace(session.id, session.last_seen_at).first->second;
    is_news = options_.now() - seen >= kSeenEveryMs;
    if (is_news) seen = options_.now();
  }
  if (is_news) TRY(store_.touch_session(session.id));
  return std::optional<Principal>(Principal{.user_id = user.id,
                                            .is_owner = user.is_owner,
                                            .session_id = session.id,
                                            .scopes = Scopes::all()});
}

AccessControl::Refusal AccessControl::check_budgets(const http::Request& request,
                                                    const Principal& principal) {
  const store::TimeMs now = options_.now();
  if (principal.tokens_per_day) {
    const Result<std::int64_t> used = store_.tokens_of_day(principal.key_id, day_of(now));
    if (!used.ok()) return refusal(request, from_error(used.error()));
    if (*used >= *principal.tokens_per_day) {
      return refusal(request,
                     {.status = 429,
                      .message = concat("this key has used its ", *principal.tokens_per_day,
                                        " tokens of today (UTC)"),
                      .retry_after_s = seconds_to_next_day(now)});
    }
  }
  if (principal.requests_per_minute) {
    const int wait_s = rates_.take(principal.key_id, *principal.requests_per_minute, now);
    if (wait_s > 0) {
      return refusal(request,
                     {.status = 429,
                      .message = concat("this key may send ", *principal.requests_per_minute,
                                        " requests a minute; there is one again in ", wait_s, " s"),
                      .retry_after_s = wait_s});
    }
  }
  return std::nullopt;
}

http::Response AccessControl::to_sign_in(const http::Request& request) const {
  const bool is_person = is_safe_method(request.method) && key_of(request).empty() &&
                         request.headers.get("accept").find("text/html") != std::string_view::npos;
  if (is_person) {
    http::Response response = {.status = 303};
    response.headers.set("Location", base_path() + "/signin");
    return response;
  }
  http::Response response = refusal(
      request, {.status = 401,
                .message = key_of(request).empty()
                               ? "no key: send one as \"Authorization: Bearer KEY\" or x-api-key; "
                                 "`bise keys` makes and lists them"
                               : "this key is not known here, or has been revoked or has expired"});
  response.headers.set("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace bise::api
