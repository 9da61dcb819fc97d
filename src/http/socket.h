#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bise::http {

// A file descriptor that is closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Peer {
  std::string address;  // "127.0.0.1", "::1", "unix"
  std::uint16_t port = 0;
};

// Sockets that listen on every address of the host (an IP literal, perhaps in brackets, or a name),
// non-blocking; with port 0 all on the free port that the first one got. Errors say what to do.
Result<std::vector<Descriptor>> listen_on_tcp(const std::string& host, std::uint16_t port);

// The same for a path. A socket file that nobody listens on any more is replaced.
Result<Descriptor> listen_on_unix(const std::string& path, std::uint32_t mode);

std::uint16_t port_of(const Descriptor& socket);

enum class Accepting { accepted, none_waiting, no_descriptors, failed };

// The next connection, non-blocking, with delays for small packets off and keep-alive on.
Accepting accept_from(int listener, Descriptor& connection, Peer& peer);

// Raises RLIMIT_NOFILE to its hard limit; the limit now.
std::size_t raise_descriptor_limit();

}  // namespace bise::http
