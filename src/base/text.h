#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bise {

namespace detail {
inline void append_part(std::string& out, std::string_view part) {
  out.append(part);
}
inline void append_part(std::string& out, char part) {
  out.push_back(part);
}
template <class T>
requires std::integral<T> || std::floating_point<T>
void append_part(std::string& out, T part) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, part).ptr;
  out.append(digits, end);
}
}  // namespace detail

// The parts one after the other; numbers in their shortest form.
// concat("blk.", 3, ".attn_q: expected ", 4096, " columns")
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

// ASCII letters alone; every other byte stays.
constexpr char small_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string small_letters(std::string_view text);
// ASCII letters compare without regard to case.
bool equal_without_case(std::string_view a, std::string_view b);

// What stands between spaces and tabs at both ends.
std::string_view without_blanks(std::string_view text);

// "2026-11-25T05:17:40Z", of seconds since 1970.
std::string utc_text(std::int64_t seconds);

// For messages that quote bytes of a file: control characters and invalid UTF-8 become \xNN, and
// what is longer than `bytes_max` ends in "...".
std::string quoted(std::string_view text, std::size_t bytes_max = 80);

}  // namespace bise
