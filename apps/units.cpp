#include "apps/units.h"

#include <cmath>
#include <cstdio>
#include <iterator>

#include "base/text.h"

namespace bise {

std::string number_text(double value) {
  const double size = std::abs(value);
  int decimals = 0;
  // A little below the power of ten, because 9.996 is written 10.0.
  for (double limit = 99.95; decimals < 6 && size < limit && size != 0; limit /= 10) ++decimals;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string short_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string byte_text(std::uint64_t bytes) {
  if (bytes < 1000) return concat(bytes, bytes == 1 ? " byte" : " bytes");
  const char* const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return concat(number_text(value), " ", units[unit]);
}

std::string count_text(std::int64_t count) {
  const std::string digits = concat(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool at_thousand = (digits.size() - i) % 3 == 0;
    if (at_thousand && i > 0 && digits[i - 1] != '-') text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace bise
