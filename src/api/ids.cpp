#include "api/ids.h"

#include <algorithm>
#include <vector>

#include "base/random_bytes.h"

namespace bise::api {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string random_hex(std::size_t digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(digits, '0');
  fill_random(out.data(), out.size());
  for (char& c : out) c = kHex[static_cast<unsigned char>(c) % 16];
  return out;
}

std::string random_letters(std::size_t count) {
  std::string out(count, '0');
  fill_random(out.data(), out.size());
  for (char& c : out) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return out;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  fill_random(&seed, sizeof seed);
  return seed >> 16;
}

bool is_short_call_id(std::string_view id) {
  return id.size() == kCallIdLength && std::all_of(id.begin(), id.end(), is_letter_or_digit);
}

std::string short_call_id(std::string_view id) {
  std::string_view own = id;
  for (const std::string_view prefix : {"call_", "toolu_"}) {
    if (id.starts_with(prefix)) own = id.substr(prefix.size());
  }
  if (is_short_call_id(own)) return std::string(own);
  // FNV-1a: spread is all that is asked of it.
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::string out;
  for (std::size_t i = 0; i < kCallIdLength; ++i) {
    out += kLetters[hash % kLetters.size()];
    hash /= kLetters.size();
  }
  return out;
}

}  // namespace bise::api
