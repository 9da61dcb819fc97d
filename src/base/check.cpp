#include "base/check.h"

#include <cstdio>

namespace bise::detail {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "bise: broken invariant %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace bise::detail
