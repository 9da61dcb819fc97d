#pragma once

#include <cstdint>
#include <string>

namespace bise {

// For people: "512 bytes", "98.4 MB", "2.31 GB" (powers of ten, three digits).
std::string byte_text(std::uint64_t bytes);

// "8,192".
std::string count_text(std::int64_t count);

// Three significant digits without an exponent: "0.0123", "4.56", "133", "1711".
std::string number_text(double value);

// At most six digits, none without meaning: "16", "0.1", "1e+06".
std::string short_text(double value);

}  // namespace bise
