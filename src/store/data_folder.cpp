#include "store/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace bise::store {
namespace {

Error refused(const std::string& path, const char* what) {
  return {ErrorCode::io, concat(path, ": cannot be ", what, " (", std::strerror(errno),
                                "): make it writable for this user or choose another data folder")};
}

Result<void> make_folders(const std::string& folder) {
  for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    const std::string part = folder.substr(0, at);
    if (!part.empty() && mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return refused(part, "made");
    }
    if (at == std::string::npos) return {};
  }
}

// The number of the process that wrote it, or 0.
long read_owner(int file) {
  char digits[24];
  const ssize_t size = pread(file, digits, sizeof digits, 0);
  long owner = 0;
  if (size > 0) std::from_chars(digits, digits + size, owner);
  return owner;
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& folder) {
  TRY_VOID(make_folders(folder));
  const std::string path = folder + "/lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return refused(path, "opened");
  FolderLock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refused(path, "locked");
    return Error{ErrorCode::overloaded,
                 concat(folder, ": another bise (process ", read_owner(file),
                        ") serves from this folder: end it first, or choose another data folder")};
  }
  // For whoever comes second; the lock itself ends with the process, however it ends.
  const std::string owner = concat(static_cast<std::int64_t>(getpid()), "\n");
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size())) {
    return refused(path, "written");
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace bise::store
