#include <sys/socket.h>

#include <cerrno>

#include "http/transport.h"

namespace bise::http {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  IoResult handshake() override { return {.kind = IoResult::Kind::done}; }

  IoResult read(std::span<char> into) override { return read_plain(fd_, into); }

  IoResult write(std::string_view bytes, bool more) override {
    // Without MSG_NOSIGNAL a client that has gone would end the process.
    const ssize_t count =
        ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (count >= 0) return {IoResult::Kind::done, static_cast<std::size_t>(count)};
    return {.kind = errno == EAGAIN || errno == EINTR ? IoResult::Kind::wait_writable
                                                      : IoResult::Kind::failed};
  }

  void end_writing() override { static_cast<void>(::shutdown(fd_, SHUT_WR)); }

 private:
  int fd_;
};

}  // namespace

IoResult read_plain(int fd, std::span<char> into) {
  const ssize_t count = ::recv(fd, into.data(), into.size(), 0);
  if (count > 0) return {IoResult::Kind::done, static_cast<std::size_t>(count)};
  if (count == 0) return {.kind = IoResult::Kind::ended};
  return {.kind = errno == EAGAIN || errno == EINTR ? IoResult::Kind::wait_readable
                                                    : IoResult::Kind::failed};
}

std::unique_ptr<Transport> plain_transport(int fd) {
  return std::make_unique<PlainTransport>(fd);
}

}  // namespace bise::http
