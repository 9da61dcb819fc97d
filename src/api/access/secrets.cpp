#include "api/access/secrets.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/random_bytes.h"

namespace bise::api {
namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kSecretBytes = 32;

}  // namespace

std::array<std::uint8_t, 32> digest_of(std::string_view secret) {
  std::array<std::uint8_t, 32> digest;
  unsigned length = 0;
  CHECK(EVP_Digest(secret.data(), secret.size(), digest.data(), &length, EVP_sha256(), nullptr) ==
        1);
  CHECK(length == digest.size());
  return digest;
}

std::string random_secret() {
  std::array<unsigned char, kSecretBytes> bytes;
  fill_random(bytes.data(), bytes.size());
  std::string text;
  std::uint32_t bits = 0;
  int waiting = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    waiting += 8;
    while (waiting >= 6) {
      waiting -= 6;
      text += kBase64Url[bits >> waiting & 63];
    }
  }
  if (waiting > 0) text += kBase64Url[bits << (6 - waiting) & 63];
  return text;
}

}  // namespace bise::api
