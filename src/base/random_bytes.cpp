#include "base/random_bytes.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace bise {

void fill_random(void* bytes, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::getrandom(static_cast<char*>(bytes) + done, count - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
    // Only a signal can come between: the source itself does not fail on Linux.
    CHECK(got > 0 || errno == EINTR);
  }
}

}  // namespace bise
