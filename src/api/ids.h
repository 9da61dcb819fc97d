#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bise::api {

// From the system's random source.
std::string random_hex(std::size_t digits);
std::string random_letters(std::size_t count);  // letters and digits
// A seed for a request that has none: at most 2^48, which JavaScript keeps exactly.
std::uint64_t random_seed();

// Tool-call ids. The layouts' own form is nine letters and digits; families put theirs in front.
inline constexpr std::size_t kCallIdLength = 9;
bool is_short_call_id(std::string_view id);
// The nine of whatever a client sent back: its own, those after "call_" or "toolu_", else nine that
// follow from the text, always the same ones.
std::string short_call_id(std::string_view id);

}  // namespace bise::api
