#include "store/ids.h"

#include <sys/random.h>

#include <array>
#include <cstdint>

#include "base/check.h"

namespace bise::store {

std::string random_id(std::string_view prefix) {
  std::array<std::uint8_t, 16> bytes;
  // Up to 256 bytes come whole once the system's pool has been filled, which is before us.
  CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string id(prefix);
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 15]);
  }
  return id;
}

}  // namespace bise::store
