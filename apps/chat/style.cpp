#include "apps/chat/style.h"

#include <cstdlib>

namespace bise {

Style terminal_style() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return {};
  return {"\033[2m", "\033[1m", "\033[36m", "\033[33m", "\033[0m"};
}

}  // namespace bise
