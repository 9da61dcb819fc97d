#include "apps/serve/local_request.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kAnswerBytesMax = 16u << 20;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

class Socket {
 public:
  explicit Socket(int file) : file_(file) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (file_ >= 0) ::close(file_);
  }
  int file() const { return file_; }

 private:
  int file_;
};

}  // namespace

Result<std::string> get_from_server(const ServerNote& note, const std::string& path,
                                    const std::string& key) {
  if (note.tls) {
    return Error{ErrorCode::not_supported,
                 concat("the server speaks TLS; ask it with curl: ", note.address, path)};
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = concat(note.port);
  if (::getaddrinfo(note.host.c_str(), port.c_str(), &hints, &found) != 0) {
    return Error{ErrorCode::io, concat("there is no address for ", quoted(note.host))};
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  const Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience = {10, 0};
  ::setsockopt(socket.file(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.file(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::string request =
      concat("GET ", path,
             " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ", "Bearer ", key,
             "\r\n\r\n");
  if (::connect(socket.file(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::send(socket.file(), request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
    return Error{ErrorCode::io, concat("the server (process ", note.pid, ") does not answer at ",
                                       note.host, ":", note.port, ": ", std::strerror(errno))};
  }
  std::string answer;
  char part[65536];
  for (ssize_t got; (got = ::recv(socket.file(), part, sizeof part, 0)) > 0;) {
    answer.append(part, static_cast<std::size_t>(got));
    if (answer.size() > kAnswerBytesMax) break;
  }
  const std::size_t body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 200 ") || body == std::string::npos) {
    return Error{ErrorCode::io,
                 concat("the server answers: ", quoted(answer.substr(0, answer.find("\r\n"))))};
  }
  return answer.substr(body + 4);
}

}  // namespace bise
