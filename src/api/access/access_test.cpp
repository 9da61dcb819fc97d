#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "api/access/access_control.h"
#include "api/access/issue_key.h"
#include "api/page/event_hub.h"
#include "api/page/page.h"
#include "api/page/runs.h"
#include "api/routes.h"
#include "store/open_store.h"

namespace bise::api {
namespace {

constexpr const char* kEnvironmentKey = "a key of the environment";
constexpr store::TimeMs kNow = 1'800'000'000'000;

// Whoever may ask a server, and the server's gate.
class Access : public testing::Test {
 protected:
  store::TimeMs now_ = kNow;
  ModelCatalog catalog_;
  std::unique_ptr<store::Store> store_ = store::memory_store([this] { return now_; });
  store::User owner_ = store_->add_user("owner").value();
  store::User guest_ = store_->add_user("guest").value();
  AccessControl access_{*store_, options()};
  Page page_{page_context()};
  http::Router router_ = all_routes();

  AccessOptions options() {
    AccessOptions options;
    options.public_url = parse_public_url("https://ai.example.org/bise");
    options.allowed_origins = {"https://app.example.org"};
    options.environment_key = kEnvironmentKey;
    options.owner_id = owner_.id;
    options.now = [this] { return now_; };
    return options;
  }

  PageContext page_context() {
    PageContext context;
    context.store = store_.get();
    context.catalog = &catalog_;
    return context;
  }

  // Handlers are not called here.
  http::Router all_routes() {
    http::Router router;
    mount_access(router, access_);
    ApiContext context;
    context.catalog = &catalog_;
    mount_api(router, context);
    mount_page(router, page_);
    return router;
  }

  std::string key_with(Scopes scopes, const store::User& user,
                       std::optional<store::TimeMs> expires_at = {}) {
    store::NewKey kind;
    kind.user_id = user.id;
    kind.name = "test";
    kind.scopes = scopes.bits();
    kind.expires_at = expires_at;
    return issue_key(*store_, kind).value().secret;
  }

  // The cookie of a link that was followed.
  std::string sign_in(const store::User& user) {
    http::Request request;
    request.query = {{"link", access_.make_link(user.id).value()}};
    const http::Response response = access_.sign_in(request);
    EXPECT_EQ(response.status, 303);
    const std::string cookie(response.headers.get("set-cookie"));
    return cookie.substr(0, cookie.find(';'));
  }

  http::Request request_of(const http::Route& route) {
    http::Request request;
    request.method = route.method;
    request.path = route.pattern;
    request.host = "127.0.0.1:8080";
    request.peer_address = "127.0.0.1";
    return request;
  }

  // The status of a refusal, 0: let through.
  int ask(http::Request& request, const http::Route& route) {
    http::Router::Match match;
    match.outcome = http::Router::Outcome::found;
    match.route = &route;
    const auto refused = access_.gate(request, match);
    return refused ? refused->status : 0;
  }

  int ask_with(const http::Route& route, const char* field, const std::string& value) {
    http::Request request = request_of(route);
    request.headers.set(field, value);
    // What a browser adds of its own.
    if (std::string_view(field) == "cookie") request.headers.set("sec-fetch-site", "same-origin");
    return ask(request, route);
  }
};

std::optional<Scope> scope_wanted(RouteAccess what) {
  const std::pair<RouteAccess, Scope> table[] = {{RouteAccess::inference, Scope::inference},
                                                 {RouteAccess::chats, Scope::chats},
                                                 {RouteAccess::metrics, Scope::metrics},
                                                 {RouteAccess::admin, Scope::admin}};
  for (const auto& [route, scope] : table) {
    if (route == what) return scope;
  }
  return std::nullopt;
}

TEST_F(Access, EveryRouteWithEveryCredential) {
  const std::string cookies[] = {sign_in(owner_), sign_in(guest_)};
  const std::string expired = key_with(Scopes::all(), owner_, kNow);
  std::vector<std::string> keys;
  for (int i = 0; i < kScopeCount; ++i) {
    keys.push_back(key_with(Scopes().with(static_cast<Scope>(i)), owner_));
  }
  ASSERT_GT(router_.routes().size(), 50u);
  const std::set<std::string> open = {"GET /signin", "POST /api/signin", "GET /health",
                                      "GET /ready"};
  for (const auto& route : router_.routes()) {
    SCOPED_TRACE(route->method + " " + route->pattern);
    const auto what = static_cast<RouteAccess>(route->access);
    const bool is_open = what == RouteAccess::open;
    EXPECT_EQ(is_open, open.contains(route->method + " " + route->pattern));
    const int refused = is_open ? 0 : 401;
    http::Request nobody = request_of(*route);
    EXPECT_EQ(ask(nobody, *route), refused);
    for (const std::string& bad : {expired, std::string("bise_unknown"), std::string(5000, 'x')}) {
      EXPECT_EQ(ask_with(*route, "authorization", "Bearer " + bad), refused);
      EXPECT_EQ(ask_with(*route, "x-api-key", bad), refused);
    }
    EXPECT_EQ(ask_with(*route, "cookie", "bise_session=unknown"), refused);
    EXPECT_EQ(ask_with(*route, "authorization", std::string("Bearer ") + kEnvironmentKey), 0);
    for (int i = 0; i < kScopeCount; ++i) {
      const bool may = !scope_wanted(what) || *scope_wanted(what) == static_cast<Scope>(i);
      EXPECT_EQ(ask_with(*route, "x-api-key", keys[static_cast<std::size_t>(i)]), may ? 0 : 403);
    }
    EXPECT_EQ(ask_with(*route, "cookie", cookies[0]), 0);
    EXPECT_EQ(ask_with(*route, "cookie", cookies[1]), what == RouteAccess::admin ? 403 : 0);
  }
}

TEST_F(Access, CookieAloneChangesNothing) {
  const http::Route route = {"POST", "/api/chats", access(RouteAccess::chats), nullptr};
  http::Request request = request_of(route);
  request.headers.set("cookie", sign_in(owner_));
  EXPECT_EQ(ask(request, route), 403);
  request.headers.set("origin", "http://127.0.0.1:8080");
  EXPECT_EQ(ask(request, route), 0);
  request.headers.set("origin", "https://ai.example.org");
  EXPECT_EQ(ask(request, route), 0);
}

TEST_F(Access, ForeignHostsAndOrigins) {
  const http::Route route = {"GET", "/health", access(RouteAccess::open), nullptr};
  const auto with_host = [&](const char* host) {
    http::Request request = request_of(route);
    request.host = host;
    return ask(request, route);
  };
  for (const char* own :
       {"localhost:1", "[::1]:8080", "10.0.0.7", "AI.example.org", "a.localhost"}) {
    EXPECT_EQ(with_host(own), 0) << own;
  }
  for (const char* foreign : {"evil.org", "127.0.0.1.evil.org", "", "ai.example.org.evil.org"}) {
    EXPECT_EQ(with_host(foreign), 421) << foreign;
  }
  const auto with_origin = [&](const char* origin, bool with_key) {
    http::Request request = request_of(route);
    request.headers.set("origin", origin);
    if (with_key) request.headers.set("x-api-key", kEnvironmentKey);
    return ask(request, route);
  };
  for (const char* foreign : {"https://evil.org", "null", "http://127.0.0.1:9999", ""}) {
    EXPECT_EQ(with_origin(foreign, true), 403) << foreign;
  }
  EXPECT_EQ(with_origin("https://app.example.org", true), 0);
  // An origin that may use keys may not use the page's cookie.
  EXPECT_EQ(with_origin("https://app.example.org", false), 401);
}

TEST_F(Access, LinksWorkOnceAndNotForLong) {
  http::Request request;
  request.query = {{"link", access_.make_link(owner_.id).value()}};
  EXPECT_EQ(access_.sign_in(request).status, 303);
  EXPECT_EQ(access_.sign_in(request).status, 401);
  request.query = {{"link", access_.make_link(owner_.id).value()}};
  now_ += 15 * 60 * 1000 + 1;
  EXPECT_EQ(access_.sign_in(request).status, 401);
}

TEST_F(Access, SessionsEndWithSigningOut) {
  const http::Route route = {"GET", "/", access(RouteAccess::page), nullptr};
  http::Request request = request_of(route);
  request.headers.set("cookie", sign_in(owner_));
  ASSERT_EQ(ask(request, route), 0);
  EXPECT_EQ(access_.sign_out(request).status, 204);
  EXPECT_EQ(ask(request, route), 401);
  request.headers.set("accept", "text/html");
  EXPECT_EQ(ask(request, route), 303);
}

TEST_F(Access, RevokedKeysAndUsedUpBudgetsAreRefused) {
  const http::Route route = {"POST", "/v1/chat/completions", access(RouteAccess::inference),
                             nullptr};
  store::NewKey kind;
  kind.user_id = guest_.id;
  kind.name = "test";
  kind.scopes = Scopes::all().bits();
  kind.requests_per_minute = 2;
  const auto [secret, key] = issue_key(*store_, kind).value();
  EXPECT_EQ(ask_with(route, "x-api-key", secret), 0);
  EXPECT_EQ(ask_with(route, "x-api-key", secret), 0);
  EXPECT_EQ(ask_with(route, "x-api-key", secret), 429);
  now_ += 31'000;
  EXPECT_EQ(ask_with(route, "x-api-key", secret), 0);
  ASSERT_TRUE(store_->revoke_key(guest_.id, key.public_id).ok());
  EXPECT_EQ(ask_with(route, "x-api-key", secret), 401);
}

TEST(PublicUrl, IsTakenApart) {
  const auto url = parse_public_url("HTTPS://Example.org:443/bise/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, "https://example.org");
  EXPECT_EQ(url->base_path, "/bise");
  for (const char* bad : {"", "example.org", "ftp://a", "https://", "https://a@b/", "https:///x"}) {
    EXPECT_FALSE(parse_public_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace bise::api
