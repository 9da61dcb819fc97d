#pragma once

#include <cstdlib>

namespace bise::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace bise::detail

// Our own broken invariant, in every build: prints the condition and ends the process. Never for
// bytes from a file, a socket or a model, and never for running out of memory (that is a Result).
#define CHECK(condition) \
  ((condition) ? void() : ::bise::detail::check_failed(#condition, __FILE__, __LINE__))

// The same for inner loops, in debug builds only.
#ifdef NDEBUG
#define DCHECK(condition) ((void)sizeof(condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif
