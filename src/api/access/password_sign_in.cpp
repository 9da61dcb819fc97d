#include "api/access/access_control.h"
#include "api/access/secrets.h"
#include "api/body.h"
#include "api/errors.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr std::size_t kAgentBytesMax = 300;
constexpr std::size_t kSignInBytesMax = 16u << 10;
constexpr int kBusyRetryS = 3;

std::optional<std::string> text_of(const Json& body, std::string_view name) {
  const Json* value = body.is_object() ? body.find(name) : nullptr;
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

}  // namespace

ApiError too_many_attempts(int wait_s) {
  return {.status = 429,
          .message = concat("too many attempts; there is one again in ", wait_s, " s"),
          .code = "too_many_attempts",
          .retry_after_s = wait_s};
}

ApiError passwords_busy() {
  return too_many_attempts(kBusyRetryS);
}

bool AccessControl::is_from_own_page(const http::Request& request) const {
  const std::string* origin = request.headers.find("origin");
  if (origin != nullptr) return origins_.is_own_origin(request, *origin);
  return request.headers.get("sec-fetch-site") == "same-origin";
}

Result<std::string> AccessControl::begin_session(const http::Request& request,
                                                 std::int64_t user_id) {
  const std::string value = random_secret();
  const std::string agent(request.headers.get("user-agent").substr(0, kAgentBytesMax));
  TRY(store_.add_session({.user_id = user_id, .digest = digest_of(value), .user_agent = agent}));
  return cookie(request, value, kSessionSeconds);
}

void AccessControl::sign_in_by_password(const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  const auto refuse = [&](const ApiError& error) {
    exchange->respond(error_response(error, &request));
  };
  if (!is_from_own_page(request)) {
    return refuse({.status = 403,
                   .message = "signing in with a password is for the page of this server; programs "
                              "use a key"});
  }
  auto body = read_body(request.body);
  if (!body.ok()) return refuse(body.error());
  auto name = text_of(*body, "name");
  // The store holds no two names that differ in this alone, and phones begin with a capital.
  if (name) name = small_letters(*name);
  auto password = text_of(*body, "password");
  if (!name || !password) {
    return refuse({.status = 422, .message = "the body must have name and password, both text"});
  }
  const int wait_s = passwords_.take_attempt(request.peer_address, *name);
  if (wait_s > 0) return refuse(too_many_attempts(wait_s));
  const bool is_posted =
      passwords_.post([this, exchange, name = std::move(*name), password = std::move(*password)] {
        exchange->respond(try_password(exchange->request(), name, password));
      });
  if (!is_posted) refuse(passwords_busy());
}

// One answer, after the same work, whether there is no such user, one without a password, or one
// with another.
http::Response AccessControl::try_password(const http::Request& request, const std::string& name,
                                           const std::string& password) {
  const auto fail = [&](const Error& error) { return error_response(from_error(error), &request); };
  const Result<std::vector<store::User>> users = store_.users();
  if (!users.ok()) return fail(users.error());
  const store::User* user = nullptr;
  for (const store::User& one : *users) {
    if (small_letters(one.name) == name) user = &one;
  }
  const bool is_right =
      passwords_.matches(password, user == nullptr ? std::nullopt : user->password_hash);
  if (!is_right) {
    return error_response(
        {.status = 401, .message = "name or password is wrong", .code = "wrong_password"},
        &request);
  }
  passwords_.forgive_attempt(request.peer_address, name);
  const Result<std::string> session = begin_session(request, user->id);
  if (!session.ok()) return fail(session.error());
  http::Response response = {.status = 204};
  response.headers.set("Set-Cookie", *session);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

void mount_access(http::Router& router, AccessControl& access) {
  router.add({"GET", "/signin", api::access(RouteAccess::open),
              http::answer_with([&access](const http::Request& r) { return access.sign_in(r); })});
  router.add({.method = "POST",
              .pattern = "/api/signin",
              .access = api::access(RouteAccess::open),
              .handler = [&access](http::ExchangePtr e) { access.sign_in_by_password(e); },
              .body_bytes_max = kSignInBytesMax});
  router.add({"POST", "/signout", api::access(RouteAccess::page),
              http::answer_with([&access](const http::Request& r) { return access.sign_out(r); })});
}

}  // namespace bise::api
