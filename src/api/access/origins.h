#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace bise::api {

// "https://ai.example.org/bise": where people reach a server that stands behind a proxy.
struct PublicUrl {
  std::string scheme;  // "https"
  std::string host;    // "ai.example.org", without port, small letters
  std::string origin;  // "https://ai.example.org", with the port where it is not the scheme's own
  std::string base_path;  // "/bise" or ""
};
// Nothing for what is no http or https address.
std::optional<PublicUrl> parse_public_url(std::string_view url);

// Which hosts and origins a server takes to be its own. A page of a stranger can make a browser
// send requests here, under a name that it controls (DNS rebinding) or from its own origin; both
// are told by these two fields, which scripts cannot set.
class Origins {
 public:
  // Allowed: other origins that may use the API with a key, as browsers write them
  // ("https://app.example.org").
  Origins(std::optional<PublicUrl> public_url, std::vector<std::string> allowed);

  // Addresses in digits, localhost, and the public URL's host, at any port.
  bool is_own_host(std::string_view host) const;
  bool is_own_origin(const http::Request& request, std::string_view origin) const;
  bool is_allowed_origin(std::string_view origin) const;

  const std::optional<PublicUrl>& public_url() const { return public_url_; }

 private:
  std::optional<PublicUrl> public_url_;
  std::vector<std::string> allowed_;
};

}  // namespace bise::api
