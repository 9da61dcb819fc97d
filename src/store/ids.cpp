#include "store/ids.h"

#include <array>
#include <cstdint>

#include "base/random_bytes.h"

namespace bise::store {

std::string random_id(std::string_view prefix) {
  std::array<std::uint8_t, 16> bytes;
  fill_random(bytes.data(), bytes.size());
  std::string id(prefix);
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 15]);
  }
  return id;
}

}  // namespace bise::store
