#pragma once

#include <string>

namespace bise {

// How things are set apart on the terminal; all empty where there are to be no colours.
struct Style {
  std::string dim, bold, accent, warning, reset;
};

// With colours unless NO_COLOR is set.
Style terminal_style();

}  // namespace bise
