#include "api/access/proxies.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace bise::api {
namespace {

constexpr std::size_t kHopsMax = 100;

// All fields of that name, as one list.
std::string joined(const http::Headers& headers, std::string_view name) {
  std::string list;
  for (const auto& [field, value] : headers.all()) {
    if (!equal_without_case(field, name)) continue;
    if (!list.empty()) list += ',';
    list += value;
  }
  return list;
}

// "192.0.2.7", "192.0.2.7:80", "2001:db8::1", "[2001:db8::1]:80".
std::optional<Address> address_of_node(std::string_view node) {
  std::string_view port;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    port = node.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return std::nullopt;
    node = node.substr(1, end - 1);
  } else if (std::count(node.begin(), node.end(), ':') == 1) {
    port = node.substr(node.find(':'));
    node = node.substr(0, node.find(':'));
  }
  return parse_address(node);
}

std::string take_token(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && http::is_token_char(text[length])) ++length;
  std::string token(text.substr(0, length));
  text.remove_prefix(length);
  return token;
}

// A token or a quoted string; nothing for what is neither. Nodes of IPv4 with a port should stand
// in quotes and often do not, so that a colon passes.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    while (!text.empty() && (http::is_token_char(text.front()) || text.front() == ':')) {
      value += text.front();
      text.remove_prefix(1);
    }
    if (value.empty()) return std::nullopt;
    return value;
  }
  text.remove_prefix(1);
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\') {
      if (text.empty()) return std::nullopt;
      c = text.front();
      text.remove_prefix(1);
    }
    value += c;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ProxyNetwork> parse_proxy_network(std::string_view text) {
  if (text == "unix") return ProxyNetwork{.is_unix = true};
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_address(host);
  if (!address) return std::nullopt;
  ProxyNetwork network = {.address = *address};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const bool is_v4 = host.find(':') == std::string_view::npos;
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (bits < 0 || bits > (is_v4 ? 32 : 128)) return std::nullopt;
  network.bits = is_v4 ? kMappedBits + bits : bits;
  return network;
}

bool TrustedProxies::trusts(std::string_view peer) const {
  const auto address = parse_address(peer);
  return std::any_of(networks_.begin(), networks_.end(), [&](const ProxyNetwork& network) {
    if (network.is_unix || !address) return network.is_unix && peer == "unix";
    for (int bit = 0; bit < network.bits; ++bit) {
      const auto at = static_cast<std::size_t>(bit / 8);
      if ((((*address)[at] ^ network.address[at]) >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
  });
}

// Elements between commas, each of pairs between semicolons.
std::optional<std::vector<TrustedProxies::Hop>> TrustedProxies::hops_of_forwarded(
    std::string_view text) {
  std::vector<Hop> hops;
  Hop hop;
  while (hops.size() < kHopsMax) {
    text = without_blanks(text);
    const std::string name = take_token(text);
    if (!name.empty()) {
      if (!text.starts_with('=')) return std::nullopt;
      text.remove_prefix(1);
      const auto value = take_value(text);
      if (!value) return std::nullopt;
      if (equal_without_case(name, "for")) hop.address = address_of_node(*value);
      if (equal_without_case(name, "proto")) hop.scheme = small_letters(*value);
    }
    text = without_blanks(text);
    if (text.empty() || text.front() == ',') hops.push_back(std::exchange(hop, {}));
    if (text.empty()) return hops;
    if (text.front() != ',' && text.front() != ';') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

// As many schemes as addresses belong to them; of any other number the last one counts.
std::optional<std::vector<TrustedProxies::Hop>> TrustedProxies::hops_of_x(
    std::string_view addresses, std::string_view schemes) {
  const auto parts = [](std::string_view list) {
    std::vector<std::string_view> words;
    while (words.size() <= kHopsMax) {
      const std::size_t comma = list.find(',');
      words.push_back(without_blanks(list.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
    return words;
  };
  const std::vector<std::string_view> nodes = parts(addresses), protos = parts(schemes);
  if (nodes.size() > kHopsMax || protos.size() > kHopsMax) return std::nullopt;
  std::vector<Hop> hops;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string_view proto = protos.size() == nodes.size() ? protos[i] : protos.back();
    hops.push_back({.address = address_of_node(nodes[i]), .scheme = small_letters(proto)});
  }
  return hops;
}

// From the nearest on, as far as each is vouched for by a proxy that is trusted.
TrustedProxies::Seen TrustedProxies::seen_by(std::string_view peer,
                                             const std::vector<Hop>& hops) const {
  Seen seen = {.peer = std::string(peer), .scheme = ""};
  for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(seen.peer); ++hop) {
    if (!hop->scheme.empty()) seen.scheme = hop->scheme;
    if (!hop->address) break;
    seen.peer = address_text(*hop->address);
  }
  return seen;
}

void TrustedProxies::apply(http::Request& request) const {
  if (networks_.empty() || !trusts(request.peer_address)) return;
  std::optional<Seen> all;
  const auto take = [&](const std::optional<std::vector<Hop>>& hops) {
    if (!hops) return false;
    Seen seen = seen_by(request.peer_address, *hops);
    if (all && (all->peer != seen.peer || all->scheme != seen.scheme)) return false;
    all = std::move(seen);
    return true;
  };
  const http::Headers& headers = request.headers;
  const bool has_x = headers.contains("x-forwarded-for") || headers.contains("x-forwarded-proto");
  if (has_x &&
      !take(hops_of_x(joined(headers, "x-forwarded-for"), joined(headers, "x-forwarded-proto")))) {
    return;
  }
  if (headers.contains("forwarded") && !take(hops_of_forwarded(joined(headers, "forwarded")))) {
    return;
  }
  if (!all) return;
  if (all->peer != request.peer_address) request.peer_port = 0;
  request.peer_address = all->peer;
  if (all->scheme == "https" || all->scheme == "http") request.over_tls = all->scheme == "https";
}

}  // namespace bise::api
