#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace bise {

// What a file that should hold a model holds instead, and what to do then: for messages. Nothing
// when its first bytes are not known.
std::optional<std::string_view> foreign_file(std::span<const std::byte> bytes);

}  // namespace bise
