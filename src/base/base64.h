#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bise {

inline constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What each byte stands for in base64 (RFC 4648 section 4); -1: nothing.
inline constexpr std::array<std::int8_t, 256> kBase64Digits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kBase64Alphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kBase64Alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}();

// Replaces `bytes`. False if it is not base64 with its padding.
bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace bise
