#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bise::api {

// SHA-256: how secrets are kept. (A slow hash is for words that people choose; these are 256 random
// bits, and a request must not wait for a hash.)
std::array<std::uint8_t, 32> digest_of(std::string_view secret);

// 256 bits of the system's randomness in base64url, 43 characters.
std::string random_secret();

}  // namespace bise::api
