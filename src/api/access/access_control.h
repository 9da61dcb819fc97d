#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/access/key_budgets.h"
#include "api/access/origins.h"
#include "api/access/passwords.h"
#include "api/access/principal.h"
#include "api/access/proxies.h"
#include "api/errors.h"
#include "http/server.h"
#include "store/store.h"

namespace bise::api {

struct AccessOptions {
  std::optional<PublicUrl> public_url;
  std::vector<std::string> allowed_origins;
  std::string environment_key;  // BISE_API_KEY: every scope, as the owner; "": none
  std::int64_t owner_id = 0;    // of the user who owns the server
  bool metrics_open = false;    // /metrics without credentials
  PasswordCost password_cost = {};
  TrustedProxies trusted_proxies = {};
  // GET /signin without a link; none: a page of words.
  std::function<http::Response(const http::Request&)> sign_in_page;
  store::Clock now = store::system_time_ms;
};

// Finds out who asks, and whether they may: the gate of the server. Deny by default; each request
// asks the store, so that what was revoked is refused from the next request on.
class AccessControl {
 public:
  AccessControl(store::Store& store, AccessOptions options);

  // For http::Service::gate: a refusal, or nothing and the Principal in request.identity.
  std::optional<http::Response> gate(http::Request& request, const http::Router::Match& match);

  // The port the server got, in the cookie's name: browsers share cookies between ports. Before the
  // first request.
  void set_port(std::uint16_t port);

  // Makes the session of a link that was followed: GET /signin?link=SECRET. Without a link the page
  // that says how to get one.
  http::Response sign_in(const http::Request& request);
  // POST /api/signin: the session of a name and a password. Answers once that has been tried.
  void sign_in_by_password(const http::ExchangePtr& exchange);
  // POST /signout: the session ends.
  http::Response sign_out(const http::Request& request);

  // A link's secret for a user, valid once and for fifteen minutes.
  Result<std::string> make_link(std::int64_t user_id);
  // "/bise/signin?link=SECRET"
  std::string link_path(std::string_view secret) const;

  std::string base_path() const;  // of the public URL; ""
  const std::string& cookie_name() const { return cookie_name_; }
  const Origins& origins() const { return origins_; }
  Passwords& passwords() { return passwords_; }

 private:
  using Refusal = std::optional<http::Response>;

  Refusal check_origin(http::Request& request);
  Result<std::optional<Principal>> find_principal(const http::Request& request);
  Result<std::optional<Principal>> find_key(std::string_view secret);
  Result<std::optional<Principal>> find_session(const http::Request& request);
  Refusal check_budgets(const http::Request& request, const Principal& principal);
  http::Response to_sign_in(const http::Request& request) const;
  std::string cookie(const http::Request& request, std::string_view value, int seconds) const;
  bool is_from_own_page(const http::Request& request) const;
  http::Response try_password(const http::Request& request, const std::string& name,
                              const std::string& password);
  // The field that sets the cookie of a new session.
  Result<std::string> begin_session(const http::Request& request, std::int64_t user_id);

  store::Store& store_;
  AccessOptions options_;
  Origins origins_;
  std::string cookie_name_;
  std::array<std::uint8_t, 32> environment_digest_;
  RequestRates rates_;

  std::mutex mutex_;
  std::unordered_map<std::int64_t, store::TimeMs> seen_;  // sessions, when last noted in the store
  Passwords passwords_;                                   // last: its thread uses the rest
};

inline constexpr int kSessionSeconds = 400 * 24 * 3600;  // what browsers keep at most

// Of whoever tries passwords too often, or while too many are being tried.
ApiError too_many_attempts(int wait_s);
ApiError passwords_busy();

// The value of a cookie; "": there is none.
std::string cookie_value(const http::Request& request, std::string_view name);

// GET /signin, POST /api/signin and POST /signout.
void mount_access(http::Router& router, AccessControl& access);

}  // namespace bise::api
