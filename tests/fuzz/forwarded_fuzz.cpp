// Any three lines as X-Forwarded-For, X-Forwarded-Proto and Forwarded: from a peer that is not
// trusted they change nothing; from one that is, what becomes of its address is an address.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/access/proxies.h"
#include "base/check.h"

namespace {

using bise::api::TrustedProxies;

bise::http::Request request_with(std::string_view lines, const char* peer) {
  bise::http::Request request;
  request.peer_address = peer;
  for (const char* name : {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"}) {
    const std::size_t end = lines.find('\n');
    if (!lines.empty()) request.headers.add(name, std::string(lines.substr(0, end)));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto network = bise::api::parse_proxy_network(text.substr(0, text.find('\n')))) {
    CHECK(network->bits >= 0 && network->bits <= 128);
  }
  const TrustedProxies proxies({bise::api::parse_proxy_network("10.0.0.0/8").value()});
  bise::http::Request stranger = request_with(text, "192.0.2.1");
  proxies.apply(stranger);
  CHECK(stranger.peer_address == "192.0.2.1" && !stranger.over_tls);
  bise::http::Request request = request_with(text, "10.0.0.1");
  proxies.apply(request);
  const auto address = bise::api::parse_address(request.peer_address);
  CHECK(address.has_value());
  CHECK(bise::api::address_text(*address) == request.peer_address);
  return 0;
}
