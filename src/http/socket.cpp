#include "http/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace bise::http {
namespace {

constexpr int kBacklog = 4096;  // the system takes less if net.core.somaxconn says so

Error os_error(std::string_view what, int error) {
  return {ErrorCode::io, concat(what, ": ", std::strerror(error))};
}

std::string named(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? concat(host, ":", port)
                                             : concat("[", host, "]:", port);
}

Error bind_error(const std::string& host, std::uint16_t port, int error) {
  const std::string where = named(host, port);
  switch (error) {
    case EADDRINUSE:
      return {ErrorCode::io, concat("another program listens on ", where,
                                    " already; stop it, or choose another port")};
    case EACCES:
      return {ErrorCode::io,
              concat("this user may not listen on ", where, "; choose a port from 1024 up")};
    case EADDRNOTAVAIL:
      return {ErrorCode::invalid_argument, concat("no network interface of this machine has the "
                                                  "address ",
                                                  host,
                                                  "; 127.0.0.1 serves this machine only, 0.0.0.0 "
                                                  "every network")};
    default:
      return os_error(concat("cannot listen on ", where), error);
  }
}

void set_flag(int fd, int level, int option, int value) {
  // What fails here only costs speed or comfort.
  static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

Result<Descriptor> new_socket(int family) {
  Descriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return os_error("cannot make a socket", errno);
  return fd;
}

// `error` is the system's, if it was that.
Result<Descriptor> listen_on(const addrinfo& info, const std::string& host, std::uint16_t port,
                             int& error) {
  Descriptor fd = TRY(new_socket(info.ai_family));
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // "::" means every network of either kind, "::1" one address.
  if (info.ai_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, host != "::");
  if (::bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    error = errno;
    return bind_error(host, port, error);
  }
  return fd;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> addresses_of(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), "0", &hints, &list);
  if (error != 0 || list == nullptr) {
    return Error{ErrorCode::invalid_argument,
                 concat("no address is known for the host ", quoted(host), ": ",
                        ::gai_strerror(error), "; give an address such as 127.0.0.1")};
  }
  return Addresses(list);
}

void set_port(addrinfo& info, std::uint16_t port) {
  if (info.ai_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(info.ai_addr)->sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6*>(info.ai_addr)->sin6_port = htons(port);
  }
}

Peer peer_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {.address = text, .port = ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    return {.address = text, .port = ntohs(v6.sin6_port)};
  }
  return {.address = "unix", .port = 0};
}

// Whether somebody answers on that path; false also where a socket file was left behind.
bool is_listened_on(const sockaddr_un& address) {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return probe && (::connect(probe.get(), generic, sizeof address) == 0 || errno == EAGAIN);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::vector<Descriptor>> listen_on_tcp(const std::string& host, std::uint16_t port) {
  std::string name = host;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const Addresses addresses = TRY(addresses_of(name));
  std::vector<Descriptor> sockets;
  for (addrinfo* info = addresses.get(); info != nullptr; info = info->ai_next) {
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
    set_port(*info, port);
    int error = 0;
    Result<Descriptor> socket = listen_on(*info, name, port, error);
    if (!socket.ok()) {
      // A name may stand for addresses that this machine lacks (::1 without IPv6); one is enough,
      // but a port that another program has on one of them is not ours.
      if (error == EADDRINUSE || (info->ai_next == nullptr && sockets.empty()))
        return socket.error();
      continue;
    }
    sockets.push_back(std::move(*socket));
    if (port == 0) port = port_of(sockets.front());
  }
  if (sockets.empty()) {
    return Error{ErrorCode::invalid_argument,
                 concat("the host ", quoted(host), " has no address of this machine")};
  }
  return sockets;
}

Result<Descriptor> listen_on_unix(const std::string& path, std::uint32_t mode) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 concat("the path of a Unix socket has 1 to ", sizeof address.sun_path - 1,
                        " bytes: ", quoted(path))};
  }
  path.copy(address.sun_path, path.size());
  Descriptor fd = TRY(new_socket(AF_UNIX));
  struct stat found = {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) {
      return Error{ErrorCode::invalid_argument,
                   concat(path, " exists and is no socket; choose another path")};
    }
    if (is_listened_on(address)) {
      return Error{ErrorCode::io, concat("another program listens on ", path,
                                         " already; stop it, or choose another path")};
    }
    static_cast<void>(::unlink(path.c_str()));
  }
  // Made without rights for anybody, then given the right ones: nobody can come in between.
  const mode_t old_mask = ::umask(0777);
  const int bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(old_mask);
  if (bound != 0) return os_error(concat("cannot make the socket ", path), error);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return os_error(concat("cannot listen on ", path), errno);
  }
  return fd;
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return peer_of(address).port;
}

Accepting accept_from(int listener, Descriptor& connection, Peer& peer) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  Descriptor fd(::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    switch (errno) {
      case EAGAIN:
        return Accepting::none_waiting;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Accepting::no_descriptors;
      default:
        return Accepting::failed;  // this connection is gone already; the next may be there
    }
  }
  peer = peer_of(address);
  if (address.ss_family != AF_UNIX) {
    set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    set_flag(fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  }
  connection = std::move(fd);
  return Accepting::accepted;
}

std::size_t raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace bise::http
