#include "api/access/addresses.h"

#include <arpa/inet.h>

#include <algorithm>

namespace bise::api {
namespace {

constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr std::size_t kAddressBytesMax = 45;  // INET6_ADDRSTRLEN without its end

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > kAddressBytesMax) return std::nullopt;
  const std::string word(text);
  if (word.find('\0') != std::string::npos) return std::nullopt;
  Address address = kMapped;
  if (::inet_pton(AF_INET, word.c_str(), address.data() + kMappedBits / 8) == 1) return address;
  if (::inet_pton(AF_INET6, word.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string address_text(const Address& address) {
  const bool is_v4 = is_mapped(address);
  char text[INET6_ADDRSTRLEN] = {};
  const std::uint8_t* bytes = address.data() + (is_v4 ? kMappedBits / 8 : 0);
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
  return text;
}

bool is_mapped(const Address& address) {
  return std::equal(kMapped.begin(), kMapped.begin() + kMappedBits / 8, address.begin());
}

}  // namespace bise::api
