#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bise {

// Files under /proc and /sys have no size and cannot be mapped. Empty if it cannot be read.
std::string read_system_file(const std::string& path);
// The number after `key` in lines of "key number".
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key);
// The first number in the text.
std::optional<std::uint64_t> first_number(std::string_view text);

}  // namespace bise
