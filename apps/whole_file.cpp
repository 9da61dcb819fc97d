#include "apps/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace bise {
namespace {

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const std::string temporary = concat(path, ".", ::getpid(), ".new");
  const int file =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool done = file >= 0 && write_all(file, text) && ::fsync(file) == 0;
  int error = errno;
  if (file >= 0 && ::close(file) != 0 && done) {
    error = errno;
    done = false;
  }
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
    done = false;
  }
  if (done) return {};
  if (file >= 0) ::unlink(temporary.c_str());
  return Error{ErrorCode::io, concat(quoted(path, 400), ": ", std::strerror(error))};
}

}  // namespace bise
