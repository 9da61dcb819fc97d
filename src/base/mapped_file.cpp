#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/text.h"

namespace bise {
namespace {

// What the SIGBUS handler may look at: it can run at any moment, so the list is of fixed size and
// written with atomics only. Maps beyond it are served, their path is just not named.
struct MapRecord {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<const char*> path{nullptr};
};
constexpr int kRecordCount = 256;
MapRecord g_records[kRecordCount];
std::mutex g_records_mutex;

void write_all(const char* text) {
  const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
  (void)written;
}

void on_bus_error(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (const MapRecord& record : g_records) {
    if (address < record.begin || address >= record.end) continue;
    write_all("bise: ");
    if (const char* path = record.path) write_all(path);
    write_all(
        ": the file became shorter or unreadable while it was in use; "
        "put it back whole and start again\n");
    ::_exit(2);
  }
  // Not ours: the default action, which leaves a core dump.
  std::signal(SIGBUS, SIG_DFL);
  ::raise(SIGBUS);
}

void install_bus_handler() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGBUS, &action, nullptr);
    return true;
  }();
  (void)installed;
}

void remember(const std::byte* data, std::size_t size, const std::string& path) {
  const std::lock_guard lock(g_records_mutex);
  for (MapRecord& record : g_records) {
    if (record.end != 0) continue;
    record.path = ::strdup(path.c_str());
    record.begin = reinterpret_cast<std::uintptr_t>(data);
    record.end = reinterpret_cast<std::uintptr_t>(data) + size;
    return;
  }
}

void forget(const std::byte* data) {
  const std::lock_guard lock(g_records_mutex);
  for (MapRecord& record : g_records) {
    if (record.end == 0 || record.begin != reinterpret_cast<std::uintptr_t>(data)) continue;
    record.begin = 0;
    record.end = 0;
    ::free(const_cast<char*>(record.path.exchange(nullptr)));
    return;
  }
}

Error system_error(const std::string& path, const char* what) {
  const int number = errno;
  const ErrorCode code = number == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return Error{code, concat(quoted(path, 400), ": ", what, ": ", std::strerror(number))};
}

Error no_room(const std::string& path, std::size_t size) {
  return Error{ErrorCode::out_of_memory,
               concat(quoted(path, 400), ": its ", (size >> 20) + (size % (1 << 20) != 0),
                      " MiB do not fit into the address space that this process may use "
                      "(Cannot allocate memory); raise the limit (ulimit -v unlimited) or take a "
                      "smaller model")};
}

// A descriptor that closes itself.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  // Without O_NONBLOCK, opening a pipe waits for its writer.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return system_error(path, "cannot open");
  struct stat status = {};
  if (::fstat(file.number, &status) != 0) return system_error(path, "cannot read its size");
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::not_supported,
                 concat(quoted(path, 400), ": not a regular file; name a file or a folder")};
  }
  MappedFile mapped;
  mapped.path_ = path;
  mapped.size_ = static_cast<std::size_t>(status.st_size);
  if (mapped.size_ == 0) return mapped;
  void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_SHARED, file.number, 0);
  if (data == MAP_FAILED) {
    const std::size_t size = std::exchange(mapped.size_, 0);
    return errno == ENOMEM ? no_room(path, size) : system_error(path, "cannot map into memory");
  }
  mapped.data_ = static_cast<const std::byte*>(data);
  install_bus_handler();
  remember(mapped.data_, mapped.size_, path);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      path_(std::move(other.path_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  forget(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const auto too_large = [&](const auto& size) {
    return Error{ErrorCode::corrupt_file, concat(quoted(path, 400), ": ", size, " more than the ",
                                                 bytes_max, " that such a file may have")};
  };
  // As above; whoever writes to a pipe already is waited for.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return system_error(path, "cannot open");
  struct stat status = {};
  if (::fstat(file.number, &status) != 0) return system_error(path, "cannot read its size");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > bytes_max) return too_large(concat(size, " bytes,"));
  if (::fcntl(file.number, F_SETFL, O_RDONLY) != 0) return system_error(path, "cannot read");
  std::string text;
  char chunk[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.number, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, "cannot read");
    if (got == 0) return text;
    text.append(chunk, static_cast<std::size_t>(got));
    if (text.size() > bytes_max) return too_large("bytes without end,");
  }
}

}  // namespace bise
