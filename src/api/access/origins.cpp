#include "api/access/origins.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"

namespace bise::api {
namespace {

// Of "example.org:8080" and "[::1]:8080" the part before the port, without brackets.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

std::optional<PublicUrl> parse_public_url(std::string_view url) {
  PublicUrl parsed;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  parsed.scheme = small_letters(url.substr(0, colon));
  if (parsed.scheme != "http" && parsed.scheme != "https") return std::nullopt;
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  std::string authority = small_letters(rest.substr(0, slash));
  if (slash != std::string_view::npos) parsed.base_path = std::string(rest.substr(slash));
  while (parsed.base_path.ends_with('/')) parsed.base_path.pop_back();
  const std::string_view port = parsed.scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(port)) authority.resize(authority.size() - port.size());
  parsed.host = without_port(authority);
  if (parsed.host.empty() || authority.find('@') != std::string::npos ||
      parsed.base_path.find_first_of("?# ") != std::string::npos) {
    return std::nullopt;
  }
  parsed.origin = concat(parsed.scheme, "://", authority);
  return parsed;
}

Origins::Origins(std::optional<PublicUrl> public_url, std::vector<std::string> allowed)
    : public_url_(std::move(public_url)), allowed_(std::move(allowed)) {
  for (std::string& origin : allowed_) origin = small_letters(origin);
}

bool Origins::is_own_host(std::string_view host) const {
  const std::string name = small_letters(without_port(host));
  return is_address(name) || name == "localhost" || name.ends_with(".localhost") ||
         (public_url_ && name == public_url_->host);
}

bool Origins::is_own_origin(const http::Request& request, std::string_view origin) const {
  const std::string small = small_letters(origin);
  if (public_url_ && small == public_url_->origin) return true;
  return small == concat(request.over_tls ? "https://" : "http://", small_letters(request.host));
}

bool Origins::is_allowed_origin(std::string_view origin) const {
  return std::find(allowed_.begin(), allowed_.end(), small_letters(origin)) != allowed_.end();
}

}  // namespace bise::api
