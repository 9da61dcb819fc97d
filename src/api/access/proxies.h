#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access/addresses.h"
#include "http/message.h"

namespace bise::api {

// "10.0.0.0/8", "::1", or "unix": whoever comes through the Unix socket.
struct ProxyNetwork {
  Address address = {};
  int bits = 128;  // how many of them count
  bool is_unix = false;
};
std::optional<ProxyNetwork> parse_proxy_network(std::string_view text);

// The proxies whose word counts for who asks and how: X-Forwarded-For, X-Forwarded-Proto and
// Forwarded (RFC 7239) are theirs, and anybody else's are not looked at.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<ProxyNetwork> networks) : networks_(std::move(networks)) {}

  // "192.0.2.7", "unix".
  bool trusts(std::string_view peer) const;

  // Where the peer is trusted: peer_address becomes that of the last in the chain of proxies who is
  // none of them, over_tls what the proxy before it says. A proxy that writes one kind of field may
  // pass on the other kind as it came from anybody: where both are there and do not agree, or one
  // cannot be read, they count for nothing.
  void apply(http::Request& request) const;

 private:
  struct Hop {
    std::optional<Address> address = {};  // none: it is hidden
    std::string scheme = {};
  };
  struct Seen {
    std::string peer;
    std::string scheme;
  };
  static std::optional<std::vector<Hop>> hops_of_forwarded(std::string_view text);
  static std::optional<std::vector<Hop>> hops_of_x(std::string_view addresses,
                                                   std::string_view schemes);
  Seen seen_by(std::string_view peer, const std::vector<Hop>& hops) const;

  std::vector<ProxyNetwork> networks_;
};

}  // namespace bise::api
