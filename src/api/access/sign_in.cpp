#include <algorithm>

#include "api/access/access_control.h"
#include "api/access/secrets.h"
#include "api/errors.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr store::TimeMs kLinkLivesMs = 15 * 60 * 1000;

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in - bise</title>
<h1>Sign in</h1>
<p>)";
constexpr std::string_view kHowTo =
    "<p>A new link: <code>bise link</code> in a terminal of the machine that bise runs on. "
    "Each is good for one sign-in within fifteen minutes.</p>\n</html>\n";

http::Response words_page(int status, std::string_view sentence) {
  http::Response response = {.status = status};
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.body = concat(kPage, sentence, "</p>\n", kHowTo);
  return response;
}

}  // namespace

std::string cookie_value(const http::Request& request, std::string_view name) {
  for (const auto& [field, cookies] : request.headers.all()) {
    if (!equal_without_case(field, "cookie")) continue;
    std::string_view rest = cookies;
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return std::string(pair.substr(equals + 1));
      }
    }
  }
  return "";
}

std::string AccessControl::base_path() const {
  return options_.public_url ? options_.public_url->base_path : "";
}

std::string AccessControl::cookie(const http::Request& request, std::string_view value,
                                  int seconds) const {
  const bool is_secure =
      request.over_tls || (options_.public_url && options_.public_url->scheme == "https");
  return concat(cookie_name_, "=", value, "; Path=", base_path(), "/; Max-Age=", seconds,
                "; HttpOnly; SameSite=Lax", is_secure ? "; Secure" : "");
}

Result<std::string> AccessControl::make_link(std::int64_t user_id) {
  std::string secret = random_secret();
  TRY(store_.add_sign_in_link(user_id, digest_of(secret), options_.now() + kLinkLivesMs));
  return secret;
}

std::string AccessControl::link_path(std::string_view secret) const {
  return concat(base_path(), "/signin?link=", secret);
}

http::Response AccessControl::sign_in(const http::Request& request) {
  const std::string* secret = request.query_value("link");
  if (secret == nullptr) {
    if (options_.sign_in_page) return options_.sign_in_page(request);
    return words_page(200, "This page opens with the link that bise printed when it started.");
  }
  const auto user = store_.use_sign_in_link(digest_of(*secret));
  if (!user.ok()) return words_page(500, "Signing in failed: the store cannot be written to.");
  if (!*user) return words_page(401, "This link has been used before, or is too old.");
  const Result<std::string> session = begin_session(request, (*user)->id);
  if (!session.ok()) return words_page(500, "Signing in failed: the store cannot be written to.");
  http::Response response = {.status = 303};
  response.headers.set("Location", base_path() + "/");
  response.headers.set("Set-Cookie", *session);
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
  return response;
}

http::Response AccessControl::sign_out(const http::Request& request) {
  const std::string value = cookie_value(request, cookie_name_);
  if (!value.empty()) {
    const auto found = store_.find_session(digest_of(value));
    if (found.ok() && *found) {
      const auto ended = store_.end_session((*found)->user.id, (*found)->session.public_id);
      if (!ended.ok()) return error_response(from_error(ended.error()), &request);
    }
  }
  http::Response response = {.status = 204};
  response.headers.set("Set-Cookie", cookie(request, "", 0));
  return response;
}

}  // namespace bise::api
