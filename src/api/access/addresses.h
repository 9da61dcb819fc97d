#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bise::api {

// An address of IPv6; one of IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

// In digits, without port or brackets.
std::optional<Address> parse_address(std::string_view text);
// As the server writes the addresses of its peers.
std::string address_text(const Address& address);
// Whether it is one of IPv4: those begin with the same kMappedBits.
bool is_mapped(const Address& address);
inline constexpr int kMappedBits = 96;

}  // namespace bise::api
